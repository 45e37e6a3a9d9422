"""The filters of past tasks: alone and together they find all that match, and nothing else."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import combinations
from typing import Any

import pytest
from django.http import QueryDict

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign, CampaignChannel
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import CancelSource
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.paging import LOOK
from pipeline.tasks.past import paging
from pipeline.tasks.past.filters import PastFilter
from pipeline.workspaces.models import User, Workspace
from tests.pages import one_line

from .conftest import BY_JOURNEY, COMPLETED, NOON, MakePast
from .lists import LIST, shown
from .lists import get as get


@pytest.fixture
def crowd(
    make_past: MakePast,
    make_candidates: Any,
    other_opening: Any,
    candidate: Candidate,
    campaign: Campaign,
    agent: User,
    recruiter: User,
    workspace: Workspace,
) -> list[Task]:
    """Some of each value of each filter, in two openings, mixed."""
    elsewhere = make_candidates(1, other_opening, full_name="Ola Nordmann").get()
    other = Campaign.objects.launch(workspace, name="Spring", channel=CampaignChannel.PHONE)
    renamed = BY_JOURNEY | {"canceled_by_journey_id": 13, "canceled_by_name": "Silent ones"}
    by_timeout = {"cancel_source": CancelSource.TIMEOUT, "canceled_by_name": "Belay"}
    made = []
    for who in (candidate, elsewhere):
        for type in (TaskType.OUTBOUND_CALL, TaskType.VOICEMAIL):
            for many in (None, campaign, other):
                kinds: list[dict[str, Any]] = [COMPLETED, BY_JOURNEY, renamed, by_timeout, {}]
                for columns in kinds:
                    worked = recruiter if many == other else agent
                    had = worked if columns is COMPLETED else None
                    made.append(make_past(who, had, type=type, campaign=many, **columns))
    days = [NOON + timedelta(days=n % 3) for n in range(len(made))]
    for task, day in zip(made, days, strict=True):
        task.ended_at = day
    Task.objects.bulk_update(made, ["ended_at"])  # many at the same moment
    return made


def options(campaign: Campaign, agent: User, opening: Any, candidate: Candidate) -> dict[str, Any]:
    """A value for each filter, and what it asks of a task."""
    return {
        "state": ("canceled", lambda task: task.state == "canceled"),
        "type": ("voicemail", lambda task: task.type == TaskType.VOICEMAIL),
        "campaign": (campaign.pk, lambda task: task.campaign_id == campaign.pk),
        "agent": (agent.pk, lambda task: task.agent_id == agent.pk),
        "source": ("journey", lambda task: task.cancel_source == CancelSource.JOURNEY),
        "journey": ("12", lambda task: task.canceled_by_journey_id == 12),
        "opening": (opening.pk, lambda task: task.opening_id == opening.pk),
        "since": ("2026-11-21", lambda task: task.ended_at >= NOON + timedelta(days=1)),
        "until": ("2026-11-21", lambda task: task.ended_at <= NOON + timedelta(days=1)),
        "candidate": (candidate.pk, lambda task: task.candidate_id == candidate.pk),
        "q": ("inger", lambda task: task.candidate.full_name == "Inger Svärd"),
    }


@pytest.mark.parametrize(
    ("number", "look"),
    [
        (1, LOOK),
        (1, 7),
        pytest.param(2, 7, marks=pytest.mark.slow),
        pytest.param(2, LOOK, marks=pytest.mark.soak),
        pytest.param(3, LOOK, marks=pytest.mark.soak),
        pytest.param(3, 7, marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("who", ["support", "limited", "limited_to_two"])
def test_each_filter_alone_and_together_finds_all_that_match_and_nothing_else(
    number: int,
    look: int,
    who: str,
    request: pytest.FixtureRequest,
    monkeypatch: Any,
    crowd: list[Task],
    campaign: Campaign,
    agent: User,
    opening: Any,
    other_opening: Any,
    candidate: Candidate,
    limited: User,
):
    monkeypatch.setattr(paging, "LOOK", look)  # few are looked at: most is found the other way
    monkeypatch.setattr(paging, "FURTHER", 3 * look)
    monkeypatch.setattr(paging, "PAGE", 4)
    user = request.getfixturevalue(who.split("_", maxsplit=1)[0])
    if who == "limited_to_two":
        other_opening.members.add(user.membership)
    seen = [task for task in crowd if who != "limited" or task.opening_id == opening.pk]
    every = options(campaign, agent, opening, candidate)

    for names in combinations(every, number):
        asked = QueryDict(mutable=True)
        asked.update({name: every[name][0] for name in names})
        wanted = [task for task in seen if all(every[name][1](task) for name in names)]
        if "agent" in names and {"source", "journey"} & set(names):
            assert wanted == []
        wanted.sort(key=lambda task: (task.ended_at, task.pk), reverse=True)

        assert all_pages(asked, user) == [task.pk for task in wanted], names
        first = paging.Page(PastFilter(asked, user), paging.Cursor())
        assert first.total.number <= len(wanted), names
        assert not first.total.is_all or first.total.number == len(wanted), names


def all_pages(asked: QueryDict, user: User) -> list[int]:
    found: list[int] = []
    query = asked.urlencode()
    while query or not found:
        data = QueryDict(query)
        page = paging.Page(PastFilter(data, user), paging.Cursor.from_data(data))
        found += [task.pk for task in page.tasks]
        query = page.next
        if not query:
            break
    return found


def test_choosing_a_source_means_the_canceled_ones(get, make_past):
    make_past(**COMPLETED)
    canceled = make_past()

    response = get(state="completed", source="agent")

    assert shown(response) == [canceled.pk]
    assert 'id="state-canceled" aria-current="true"' in response.content.decode()


def test_the_completed_tab_leaves_what_only_canceled_ones_have(get, make_past):
    make_past(**BY_JOURNEY)

    page = unescape(one_line(get(source="journey", journey="12", type="outbound_call")))

    assert f'id="state-completed" href="{LIST}?state=completed&type=outbound_call"' in page


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("12", [12]),
        ("journey 12", [12]),
        ("12 Converted customers", [12]),
        ("converted customers", [12]),
        ("CONVERTED", [12]),
        ("s", [12, 13]),
        ("99", []),
        ("no such journey", []),
    ],
)
def test_a_journey_is_found_by_its_id_or_a_part_of_its_name(get, make_past, text, ids):
    silent = {"canceled_by_journey_id": 13, "canceled_by_name": "Silent ones"}
    made = {12: make_past(**BY_JOURNEY), 13: make_past(**BY_JOURNEY | silent)}
    make_past()

    assert sorted(shown(get(journey=text))) == [made[pk].pk for pk in ids]


def test_a_journey_goes_by_its_latest_name_and_is_offered_once(get, make_past):
    make_past(**BY_JOURNEY)
    make_past(**BY_JOURNEY | {"canceled_by_name": "Customers who bought"})

    page = get().content.decode()

    assert re.findall(r'<option value="(12 .*?)">', page) == ["12 Customers who bought"]


def test_a_limited_member_is_offered_the_journeys_of_its_openings(
    client_of, limited, support, make_past, make_candidates, other_opening
):
    elsewhere = make_candidates(1, other_opening).get()
    secret = {"canceled_by_journey_id": 13, "canceled_by_name": "Leeds only"}
    make_past(**BY_JOURNEY)
    make_past(elsewhere, **BY_JOURNEY | secret)

    few = client_of(limited).get(LIST).content.decode()

    assert "12 Converted customers" in few
    assert "Leeds only" not in few
    assert shown(client_of(limited).get(LIST, {"journey": "leeds"})) == []
    assert shown(client_of(limited).get(LIST, {"journey": "13"})) == []
    assert "13 Leeds only" in client_of(support).get(LIST).content.decode()


def test_days_are_those_of_the_workspace(get, make_past, workspace):
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="Asia/Tokyo")
    evening = make_past(ended_at=datetime(2026, 11, 20, 14, 59, tzinfo=UTC))  # 23:59 there
    night = make_past(ended_at=datetime(2026, 11, 20, 15, 0, tzinfo=UTC))  # the next day

    assert shown(get(since="2026-11-20", until="2026-11-20")) == [evening.pk]
    assert shown(get(since="2026-11-21")) == [night.pk]


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"since": "2026-11-21", "until": "2026-11-20"}, "“Ended to” is before “Ended from”."),
        ({"since": "tomorrow"}, "“Ended from” is not a date. Use the format 2026-11-21."),
        ({"type": "fax"}, "The task type no longer exists, or you can’t see it. Choose another."),
        ({"opening": 10**30}, "The opening no longer exists, or you can’t see it. Choose another."),
        (
            {"campaign": "x'; DROP"},
            "The campaign no longer exists, or you can’t see it. Choose another.",
        ),
        (
            {"candidate": "0"},
            "The candidate no longer exists, or you can’t see it. Choose another.",
        ),
    ],
)
def test_a_filter_that_is_none_says_so_and_shows_nothing(get, make_past, filters, told):
    make_past()

    response = get(**filters)

    assert shown(response) == []
    assert told in response.content.decode()
