"""The queue as a list: each filter, pages across ties, and nothing that is not theirs."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.candidates.models import Candidate, Opening
from pipeline.outreach.models import Campaign
from pipeline.tasks.desk import queue as queue_module
from pipeline.tasks.desk.cursor import Cursor
from pipeline.tasks.desk.queue import Queue
from pipeline.tasks.models import QUEUE_ORDER, Task
from pipeline.tasks.models.actors import Origin
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace
from tests.tasks.conftest import MakeTask

from .conftest import in_days


def listed(user: User, query: str = "") -> list[int]:
    return [task.pk for task in Queue(QueryDict(query), user).tasks]


@pytest.fixture
def many(
    make_task: MakeTask,
    candidate: Candidate,
    make_candidates: Any,
    other_opening: Opening,
    campaign: Campaign,
    agent: User,
) -> list[Task]:
    """Of some types, priorities, due times, openings and ages; and some that wait no more."""
    elsewhere = make_candidates(1, other_opening).get()
    moment = in_days(1)
    types = (TaskType.OUTBOUND_CALL, TaskType.VOICEMAIL, TaskType.INBOUND_SMS)
    kinds = product(types, (1, 2, 4), (None, moment, in_days(2)), (candidate, candidate, elsewhere))
    # And a page full that a limited member must not see, at the top.
    top = [(TaskType.OUTBOUND_CALL, 4, in_days(0.5), elsewhere)] * 6
    tasks = [
        Task(
            workspace=campaign.workspace,
            candidate=person,
            opening=person.opening,
            campaign=campaign if type == TaskType.OUTBOUND_CALL else None,
            type=type,
            priority=priority,
            due_at=due,
            origin=Origin.JOURNEY,
            queued_at=timezone.now() - timedelta(hours=number),
        )
        for number, (type, priority, due, person) in enumerate([*kinds, *top])
    ]
    make_task().accept(agent)
    make_task().cancel(agent, "Gone")
    return Task.objects.bulk_create(tasks)


FILTERS = [
    {},
    {"type": "voicemail"},
    {"channel": "phone"},
    {"channel": "sms", "type": "voicemail"},
    {"channel": "phone", "type": "voicemail"},
    {"priority": "4"},
    {"priority": "2", "channel": "phone"},
    {"opening": "here"},
    {"opening": "here", "type": "voicemail"},
    {"opening": "here", "channel": "phone", "priority": "1"},
    {"campaign": "it"},
    {"campaign": "it", "opening": "here", "priority": "4"},
    {"campaign": "it", "type": "voicemail"},
    {"age": "1h"},
    {"age": "1d", "channel": "phone"},
    {"age": "3d", "opening": "here", "priority": "4"},
    {"age": "7d"},
]


@pytest.mark.parametrize("who", ["agent", "limited"])
def test_each_filter_shows_what_it_says_in_the_order_of_the_queue_page_by_page(
    who: str,
    many: list[Task],
    opening: Any,
    campaign: Campaign,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(queue_module, "PAGE", 4)
    user = request.getfixturevalue(who)
    ids = {"here": str(opening.pk), "it": str(campaign.pk)}
    for chosen in FILTERS:
        data = {name: ids.get(value, value) for name, value in chosen.items()}
        expected = chosen_of(Task.objects.waiting(), data)
        if who == "limited":
            expected = expected.filter(opening=opening)

        found: list[int] = []
        query = "&".join(f"{name}={value}" for name, value in data.items())
        while len(found) <= len(many):  # or a page would lead to itself
            queue = Queue(QueryDict(query), user)
            found += [task.pk for task in queue.tasks]
            if not (query := queue.next):
                break

        assert found == list(expected.values_list("pk", flat=True)), chosen
        assert len(set(found)) == len(found), chosen


def chosen_of(tasks: Any, data: dict[str, str]) -> Any:
    """What the filter asks of a task, said once more."""
    expected = tasks.order_by(*QUEUE_ORDER)
    if "opening" in data:
        expected = expected.filter(opening=data["opening"])
    if "type" in data:
        expected = expected.filter(type=data["type"])
    if "channel" in data:
        phone = ["outbound_call", "voicemail"]
        expected = expected.filter(
            type__in=phone if data["channel"] == "phone" else ["inbound_sms"]
        )
    if "priority" in data:
        expected = expected.filter(priority=data["priority"])
    if "campaign" in data:
        expected = expected.filter(campaign=data["campaign"])
    if "age" in data:
        hours = {"1h": 1, "1d": 24, "3d": 72, "7d": 168}[data["age"]]
        expected = expected.filter(queued_at__lt=timezone.now() - timedelta(hours=hours))
    return expected


def test_a_page_goes_on_where_it_ended_though_the_task_there_is_gone(
    many: list[Task], agent: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(queue_module, "PAGE", 5)
    first = Queue(QueryDict(), agent)
    following = listed(agent, first.next)
    first.tasks[-1].accept(agent)

    assert listed(agent, first.next) == following


@pytest.mark.parametrize(
    "due_at",
    [None, datetime(2026, 11, 22, 10, 30, 15, 123457, tzinfo=timezone.get_default_timezone())],
)
def test_a_place_is_kept_to_the_microsecond(due_at: datetime | None):
    place = Cursor(3, due_at, 12345)

    assert Cursor.from_text(str(place)) == place


@pytest.mark.parametrize("text", ["", "x", "9-9-", "1-99999999999999999-1", "1--" + "9" * 19])
def test_what_is_no_place_is_the_top(text: str, many: list[Task], agent: User):
    assert listed(agent, f"after={text}") == listed(agent)


@pytest.mark.parametrize(
    "query", ["type=x", "channel=x", "priority=9", "opening=0", "campaign=x", "age=2y"]
)
def test_a_filter_that_names_nothing_shows_nothing_and_a_way_back(
    query: str, many: list[Task], agent: User, client_of: Any
):
    page = client_of(agent).get(f"/tasks/?{query}").content.decode()

    assert listed(agent, query) == []
    assert "This list is not available" in page
    assert "Show the whole queue" in page


def test_anothers_opening_and_campaign_are_no_filters(
    many: list[Task], limited: User, other_opening: Any, stranger: User
):
    theirs = Campaign.objects.launch(
        stranger.membership.workspace, name="Theirs", channel="phone", state="ready"
    )

    assert listed(limited, f"opening={other_opening.pk}") == []
    assert not Queue(QueryDict(f"campaign={theirs.pk}"), limited).is_valid
    assert listed(stranger) == []


def test_a_limited_member_without_openings_sees_an_empty_queue(many: list[Task], limited: User):
    limited.membership.openings.clear()

    assert listed(limited) == []


def test_a_page_costs_the_same_number_of_queries_however_many_wait(
    many: list[Task], agent: User, client_of: Any, workspace: Workspace
):
    client = client_of(agent)
    client.get("/tasks/")

    with CaptureQueriesContext(connection) as few:
        client.get("/tasks/?priority=4")
    with CaptureQueriesContext(connection) as more:
        client.get("/tasks/")

    assert len(few) == len(more)


def test_htmx_gets_the_lists_alone_and_the_address_follows_unless_it_asked_by_itself(
    many: list[Task], agent: User, client_of: Any
):
    client = client_of(agent)
    chosen = client.get("/tasks/?type=voicemail&campaign=", headers={"HX-Request": "true"})
    again = client.get(
        "/tasks/?type=voicemail", headers={"HX-Request": "true", "HX-Trigger": "queue"}
    )

    assert chosen["HX-Push-Url"] == "/tasks/?type=voicemail"
    assert "HX-Push-Url" not in again
    assert chosen.content.decode().count("<html") == 0
    assert chosen.content.decode().count('hx-swap-oob="true"') == 2
