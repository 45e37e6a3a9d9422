"""10,000 events as a careless sender posts them: repeats, several at once, and 5 % malformed.

Over real sockets, to two processes. 500 events, or 10,000 with `make soak`.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Task
from pipeline.tasks.models.event_types import EventType
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.states import State
from pipeline.workspaces.models import User, Workspace
from tests.daphne import Daphne

from .conftest import ADDRESS

pytestmark = pytest.mark.django_db(transaction=True)
CANDIDATES = 200
CLIENTS = 8
SEED = 4
EACH = 10  # of so many posts one is malformed, in each way in turn
MAY_CHANGE = ("tasks_task", "tasks_inboundevent", "tasks_apitoken")


@dataclass
class Post:
    """What is sent; the one field that is wrong with it, if any; and what came back."""

    body: bytes
    event_id: str = ""
    wrong: str = ""
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


@pytest.mark.slow
@pytest.mark.parametrize("number", [220, pytest.param(10_000, marks=pytest.mark.soak)])
def test_each_distinct_valid_event_makes_one_task_and_nothing_else_changes(
    number: int,
    servers: list[int],
    make_candidates: Any,
    workspace: Workspace,
    campaign: Campaign,
    stranger: User,
    owner: User,
) -> None:
    TaskRules.objects.create(workspace=workspace, most_waiting=1000)
    token, secret = ApiToken.objects.issue(workspace, "Phone system", owner)
    chance = random.Random(SEED)
    posts = made_up(chance, number, list(make_candidates(CANDIDATES)), campaign)
    before = checksums()

    began = time.monotonic()
    send(posts, servers, secret)
    seconds = time.monotonic() - began

    valid = [post for post in posts if not post.wrong]
    first = {post.event_id: post for post in valid}
    for post in posts:
        check(post)
    assert_one_task_for_each(first, valid, token)
    assert checksums() == before
    told = Counter(status for post in posts for status, _ in post.answers)
    print(f"\n{number} posts, {len(first)} distinct valid ones, {seconds:.0f} s: {dict(told)}")


def check(post: Post) -> None:
    """Each post was answered once; a malformed one with what is wrong."""
    ((status, answer),) = post.answers
    if post.wrong:
        assert 400 <= status < 500, (post, answer)
        assert list(answer["errors"]) == [post.wrong], post
    else:
        assert status in (200, 201), (post, answer)


def assert_one_task_for_each(first: dict[str, Post], valid: list[Post], token: ApiToken) -> None:
    told: dict[str, set[int]] = {}
    new = Counter[str]()
    for post in valid:
        status, answer = post.answers[0]
        told.setdefault(post.event_id, set()).add(answer["task"])
        new[post.event_id] += status == 201
    events = InboundEvent.objects.filter(token=token)
    kept = dict(events.values_list("event_id", "task"))

    assert set(new.values()) == {1}, "of each event one answer says that it is new"
    assert {event_id: {task} for event_id, task in kept.items()} == told
    assert len(set(kept.values())) == len(first) == Task.objects.count() == events.count()
    assert set(Task.objects.values_list("pk", flat=True)) == set(kept.values())
    assert set(Task.objects.values_list("state", flat=True)) == {State.IN_QUEUE}
    candidates = Task.objects.values_list("pk", "candidate")
    assert dict(candidates) == dict(events.values_list("task", "candidate"))


# --- what is sent ---


def made_up(
    chance: random.Random, number: int, people: list[Candidate], campaign: Campaign
) -> list[Post]:
    """10 % malformed; of the others each fifth is a repeat of one before, some at the same time."""
    posts: list[Post] = []
    valid: list[Post] = []
    for index in range(number):
        if index % EACH == 7:
            posts.append(malformed(chance, index, chance.choice(people)))
        elif valid and chance.random() < 0.2:
            recent = valid[-20:] if chance.random() < 0.5 else valid
            again = chance.choice(recent)
            posts.append(Post(again.body, again.event_id))
        else:
            event = well_formed(chance, index, chance.choice(people), campaign)
            valid.append(Post(json.dumps(event).encode(), event["id"]))
            posts.append(valid[-1])
    return posts


def well_formed(
    chance: random.Random, index: int, person: Candidate, campaign: Campaign
) -> dict[str, Any]:
    type = chance.choice([type for type in EventType if type != EventType.CALLBACK_CANCELED])
    event: dict[str, Any] = {"id": f"event-{index}", "type": type.value}
    event |= chance.choice(
        [{"candidate": person.pk}, {"phone": person.phone}, {"email": person.email}]
    )
    if chance.random() < 0.3:
        event["priority"] = chance.choice(["low", "normal", "high", "urgent"])
    if chance.random() < 0.3:
        event["text"] = chance.choice(["Hello", "Ünïcödé 🙂", "' OR 1=1 --", "<b>x</b>", "{{ x }}"])
    if type in (EventType.INBOUND_CALL, EventType.VOICEMAIL) and chance.random() < 0.3:
        event["campaign"] = campaign.short_id
    if type == EventType.CUSTOM:
        event |= {"name": "Check the papers", "properties": {"number": chance.random()}}
    return event


def malformed(chance: random.Random, index: int, person: Candidate) -> Post:
    fine = {"id": f"bad-{index}", "type": "inbound_call", "candidate": person.pk}
    foreign = Candidate.objects.exclude(workspace=person.workspace)[0]
    kinds: list[dict[str, Any]] = [
        {"id": None},
        {"id": 17},
        {"id": "x" * 101},
        {"type": "called"},
        {"type": None},
        {"candidate": None},
        {"candidate": str(person.pk)},
        {"candidate": 2**70},
        {"candidate": foreign.pk},
        {"phone": 5},
        {"phone": "nobody"},
        {"email": "nobody"},
        {"opening": "No such opening"},
        {"opening": foreign.opening_id},
        {"occurred_at": "yesterday"},
        {"text": "\0"},
        {"text": ["x"]},
        {"recording_url": "javascript:alert(1)"},
        {"callback_at": "2026-12-01T10:00:00Z"},
        {"campaign": "C999"},
        {"priority": 3},
        {"nonsense": 1},
    ]
    wrong = kinds[index // EACH % len(kinds)]
    if chance.random() < 0.15:
        return Post(json.dumps(fine).encode()[:-5], wrong="body")
    return Post(json.dumps(fine | wrong).encode(), wrong=next(iter(wrong)))


# --- how it is sent ---


def send(posts: list[Post], ports: list[int], secret: str) -> None:
    """Several clients take the next post each, in turn at the processes."""
    waiting: SimpleQueue[Post | None] = SimpleQueue()
    for post in [*posts, *[None] * CLIENTS]:
        waiting.put(post)
    threads = [
        Thread(target=client, args=[waiting, ports[number % len(ports)], secret])
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def client(waiting: "SimpleQueue[Post | None]", port: int, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    while post := waiting.get():
        line.request("POST", ADDRESS, post.body, headers)
        answer = line.getresponse()
        post.answers.append((answer.status, json.loads(answer.read())))
    line.close()


def checksums() -> dict[str, tuple[int, str]]:
    """Of each table that events must not change, how many rows it has, and what is in them."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in MAY_CHANGE:
                continue
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text))"
                f' FROM "{table}" AS t'
            )
            found[table] = cursor.fetchone()
    return found


@pytest.fixture
def servers(transactional_db: None, tmp_path: Path) -> Iterator[list[int]]:
    """The ports of two daphne processes on the test database."""
    both = [Daphne(tmp_path / f"daphne-{number}.log") for number in range(2)]
    for one in both:
        one.launch()
    for one in both:
        one.wait_until_it_answers()
    yield [one.port for one in both]
    for one in both:
        one.kill()
