"""One event, one task: however often it is sent, and however many send it at once."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from pipeline.candidates.models import Candidate
from pipeline.tasks.models import Task
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.tasks.models.rules import TaskRules
from pipeline.workspaces.models import User, Workspace

from .conftest import Post


def test_a_repeat_gets_the_first_answer_and_makes_nothing(call: Post):
    first, second, third = call(), call(), call()

    assert [answer.status_code for answer in (first, second, third)] == [201, 200, 200]
    assert first.json() == second.json() == third.json()
    assert (Task.objects.count(), InboundEvent.objects.count()) == (1, 1)


def test_a_repeat_is_the_same_however_it_is_written(post: Post, ana: Candidate):
    first = post(
        b'{"id":"1","type":"custom","name":"\\u00e4","candidate":%d,"properties":{"a":1.5,"b":[]}}'
        % ana.pk
    )
    second = post(
        '{"properties": {"b": [ ], "a": 15e-1}, "name": "ä",\n "type": "custom", "id": "1", '
        f'"candidate": {ana.pk}}}'.encode()
    )

    assert (first.status_code, second.status_code) == (201, 200)


def test_a_repeat_is_taken_whatever_has_changed_since(
    call: Post, ana: Candidate, agent: User, workspace: Workspace
):
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    first = call(candidate=..., phone="07700 900123")
    Workspace.objects.filter(pk=workspace.pk).update(phone_region="")
    Candidate.objects.filter(pk=ana.pk).update(phone="")

    assert (call(candidate=..., phone="07700 900123").status_code, first.status_code) == (200, 201)
    Task.objects.all().delete()
    again = call(candidate=..., phone="07700 900123")

    assert (again.status_code, again.json()) == (200, first.json())
    assert not Task.objects.exists()


def test_a_canceled_callback_is_canceled_once(call: Post):
    call(id="1", type="callback_requested")
    first = call(id="2", type="callback_canceled")
    call(id="3", type="callback_requested")

    second = call(id="2", type="callback_canceled")

    assert (second.status_code, second.json()) == (200, first.json())
    assert Task.objects.waiting().count() == 1


@pytest.mark.parametrize(
    "change", [{"text": "Another"}, {"type": "voicemail"}, {"priority": "low"}, {"candidate": ...}]
)
def test_another_event_under_a_used_id_is_not_swallowed(change: dict[str, Any], call: Post):
    call(phone="+447700900123")

    answer = call(phone="+447700900123", **change)

    assert (answer.status_code, list(answer.json()["errors"])) == (409, ["id"])
    assert (Task.objects.count(), InboundEvent.objects.count()) == (1, 1)


def test_what_was_refused_may_come_again_under_its_id(call: Post):
    refusals = [call(priority="asap"), call(candidate=4_000_000_000), call(campaign="C9")]

    answer = call()

    assert [refusal.status_code for refusal in refusals] == [400, 422, 422]
    assert answer.status_code == 201


def test_the_ids_of_two_senders_are_two_ids(
    call: Post, post: Post, ana: Candidate, workspace: Workspace, owner: User
):
    _, secret = ApiToken.objects.issue(workspace, "Website", owner)

    call()
    answer = post({"id": "call-1", "type": "inbound_call", "candidate": ana.pk}, secret=secret)

    assert answer.status_code == 201
    assert set(Task.objects.values_list("created_by_name", flat=True)) == {
        "Phone system",
        "Website",
    }


# --- at once, with real threads on real PostgreSQL ---


def at_once(work: list[Callable[[], Any]]) -> list[Any]:
    answers: list[Any] = []
    start = Barrier(len(work))

    def run(one: Callable[[], Any]) -> None:
        start.wait()
        answers.append(one())
        connection.close()

    threads = [Thread(target=run, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("most_waiting", [1, 1000])
def test_twenty_at_once_make_one_task(call: Post, workspace: Workspace, most_waiting: int):
    TaskRules.objects.create(workspace=workspace, most_waiting=most_waiting)

    for number in range(3):
        Task.objects.all().delete()
        answers = at_once([partial(call, id=f"call-{number}")] * 20)

        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert {answer.json()["task"] for answer in answers} == {Task.objects.get().pk}
    assert InboundEvent.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_different_events_under_one_id_one_wins_at_once_and_the_others_are_told(
    call: Post, ana: Candidate, make_candidates: Any
):
    others = make_candidates(9)

    answers = at_once([partial(call, candidate=each.pk) for each in [ana, *others]])

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert (Task.objects.count(), InboundEvent.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_twenty_events_about_one_candidate_make_no_more_than_may_wait(
    call: Post, workspace: Workspace
):
    TaskRules.objects.create(workspace=workspace, most_waiting=5)

    answers = at_once([partial(call, id=str(number)) for number in range(20)])

    assert [answer.status_code for answer in answers] == [201] * 20
    assert sum(answer.json()["task"] is not None for answer in answers) == 5
    assert (Task.objects.count(), InboundEvent.objects.count()) == (5, 20)  # all are kept
