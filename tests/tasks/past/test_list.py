"""The list of past tasks: what is shown, to whom, by what filter, page by page."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import combinations
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from pipeline.candidates.models import Candidate
from pipeline.candidates.paging import PAGE
from pipeline.outreach.campaigns import CampaignChannel
from pipeline.outreach.models import Campaign
from pipeline.tasks.actors import CancelSource
from pipeline.tasks.models import Task
from pipeline.tasks.paging import LOOK
from pipeline.tasks.past import paging
from pipeline.tasks.past.filters import PastFilter
from pipeline.tasks.types import TaskType
from pipeline.workspaces.models import User, Workspace

from .conftest import BY_JOURNEY, COMPLETED, NOON, MakePast

LIST = "/tasks/past/"


def shown(response: Any) -> list[int]:
    """The ids of the tasks on the page."""
    return [int(pk) for pk in re.findall(r'href="/tasks/past/(\d+)/"', response.content.decode())]


@pytest.fixture
def get(client_of, support):
    """`get(type="…")`: the list with these filters, as support sees it."""
    return lambda address=LIST, **filters: client_of(support).get(address, filters)


def test_it_shows_what_ended_last_first_and_nothing_that_is_open(get, make_past, make_task, agent):
    old, new = make_past(), make_past(**COMPLETED)
    make_task()
    make_task(TaskType.VOICEMAIL).accept(agent)

    assert shown(get()) == [new.pk, old.pk]


def test_it_says_what_will_be_there_when_empty(get):
    assert "No past task yet" in get().content.decode()


def test_it_tells_of_a_completed_task_how_it_went(get, make_past, agent, campaign):
    make_past(agent=agent, campaign=campaign, **COMPLETED)

    page = re.sub(r"<span.*?>|</span>", "", get(state="completed").content.decode())

    for text in ("Outbound Call", "Inger Svärd", "Customer Support, Manila", "Win back"):
        assert text in page
    for text in ("Chloe Tan", "20 Nov 2026, 11:00", "20 Nov 2026, 12:00", "Reached"):
        assert text in page
    assert "Canceled By" not in page


def test_it_tells_of_a_canceled_task_who_and_why(get, make_past):
    make_past(cancel_reason="Converted", **BY_JOURNEY)

    page = get(state="canceled").content.decode()

    for text in ("Converted", "Journey 12 “Converted customers” v3", "Cancel Task: Outbound Call"):
        assert text in page
    assert "/journeys/12/" not in page  # until there is such a page


def test_a_journey_is_linked_once_it_has_a_page(get, make_past, monkeypatch):
    make_past(**BY_JOURNEY)
    monkeypatch.setattr("pipeline.tasks.past.journeys.have_pages", lambda urlconf: True)

    assert '<a href="/journeys/12/">Journey 12' in get().content.decode()


def test_the_columns_are_those_of_the_tab(get, make_past):
    make_past()
    make_past(**COMPLETED)

    def columns(state):
        page = get(state=state).content.decode()
        return re.findall(r'<th scope="col">(.*?)</th>', page)[3:]

    assert columns("completed") == ["Created", "Accepted", "Completed", "Disposition"]
    assert columns("canceled") == [
        *("Created", "Accepted", "Canceled", "Reason", "Source", "Canceled By")
    ]
    assert columns("") == [
        *("Created", "Accepted", "Ended", "Disposition or reason", "Source", "Canceled By")
    ]


# --- filters ---


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
        (2, 7),
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

    page = unescape(get(source="journey", journey="12", type="outbound_call").content.decode())

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
        ({"since": "tomorrow"}, "“Ended from” is no date. Write it like 2026-11-21."),
        ({"type": "fax"}, "The task type is gone, or you can’t see it."),
        ({"opening": 10**30}, "The opening is gone, or you can’t see it."),
        ({"campaign": "x'; DROP"}, "The campaign is gone, or you can’t see it."),
        ({"candidate": "0"}, "The candidate is gone, or you can’t see it."),
    ],
)
def test_a_filter_that_is_none_says_so_and_shows_nothing(get, make_past, filters, told):
    make_past()

    response = get(**filters)

    assert shown(response) == []
    assert told in response.content.decode()


# --- who sees what ---


@pytest.mark.parametrize("name", ["opening", "campaign", "agent", "candidate"])
def test_a_filter_by_something_of_a_stranger_shows_nothing(get, make_past, stranger, name):
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    campaign = Campaign.objects.launch(theirs.workspace, name="Theirs", channel="phone")
    make_past(theirs, stranger, campaign=campaign)
    make_past()
    foreign = {
        "opening": theirs.opening_id,
        "campaign": campaign.pk,
        "agent": stranger.pk,
        "candidate": theirs.pk,
    }

    response = get(**{name: foreign[name]})

    assert shown(response) == []
    assert "is gone, or you can’t see it" in response.content.decode()


def test_nothing_of_another_workspace_is_shown_or_offered(get, make_past, stranger):
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    Campaign.objects.launch(theirs.workspace, name="Their campaign", channel="phone")
    foreign = BY_JOURNEY | {"canceled_by_journey_id": 14, "canceled_by_name": "Their journey"}
    make_past(theirs, stranger, **foreign)

    page = get().content.decode()

    for text in ("Their journey", "Their campaign", "Zoe Stone", "Night Porter", theirs.full_name):
        assert text not in page
    assert shown(get(journey="14")) == []
    assert shown(get(source="journey")) == []


def test_an_agent_who_came_from_another_workspace_brings_no_tasks(get, make_past, stranger, agent):
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    make_past(theirs, agent)
    mine = make_past(agent=agent)

    response = get(agent=agent.pk)

    assert shown(response) == [mine.pk]
    assert 'id="found">1 task<' in response.content.decode()


def test_a_limited_member_without_openings_sees_nothing(client_of, limited, make_past, opening):
    make_past(**BY_JOURNEY)
    opening.members.clear()

    for filters in ({}, {"type": "outbound_call"}, {"journey": "12"}, {"q": "inger"}):
        assert shown(client_of(limited).get(LIST, filters)) == []


def test_the_name_of_somebody_unseen_finds_nothing(
    client_of, limited, make_past, make_candidates, other_opening
):
    make_past(make_candidates(1, other_opening, full_name="Ola Nordmann").get())

    assert shown(client_of(limited).get(LIST, {"q": "Ola"})) == []


# --- pages ---


@pytest.fixture
def same_moment(make_past, candidate) -> list[int]:
    """What one cancel of many left: more than two pages that ended at the same microsecond."""
    one = make_past(**BY_JOURNEY)
    values = dict(Task.objects.filter(pk=one.pk).values().get())
    Task.objects.bulk_create(Task(**values | {"id": None}) for _ in range(2 * PAGE + 10))
    return list(Task.objects.order_by("-pk").values_list("pk", flat=True))


@pytest.mark.parametrize("filters", [{}, {"source": "journey"}, {"journey": "12", "q": "inger"}])
def test_the_pages_hold_each_task_once_though_all_ended_together(get, same_moment, filters):
    pages = []
    response = get(**filters)
    while True:
        pages.append(shown(response))
        more = re.search(r'id="next-page" href="(.*?)"', response.content.decode())
        if not more:
            break
        response = get(unescape(more[1]))

    assert [pk for page in pages for pk in page] == same_moment
    assert [len(page) for page in pages] == [PAGE, PAGE, 11]


def test_going_back_shows_the_page_before_and_ends_on_a_full_first_one(get, same_moment):
    def follow(response, link):
        [found] = re.findall(rf'id="{link}-page" href="(.*?)"', response.content.decode())
        return get(unescape(found))

    first = get()
    third = follow(follow(first, "next"), "next")

    second = follow(third, "previous")
    back = follow(second, "previous")

    assert shown(second) == same_moment[PAGE : 2 * PAGE]
    assert shown(back) == same_moment[:PAGE]
    assert "previous-page" not in back.content.decode()


@pytest.mark.parametrize("place", ["x", "1-", "-1", "1" * 30 + "-1", "1-" + "1" * 30, "1-1-1"])
def test_a_place_that_is_none_is_the_first_page(get, make_past, place):
    task = make_past()

    assert shown(get(after=place)) == [task.pk]


def test_a_count_ends_somewhere(get, same_moment, monkeypatch):
    monkeypatch.setattr(paging, "COUNT", 60)

    assert 'id="found">60+ tasks<' in get().content.decode()


@pytest.mark.parametrize(
    "filters", [{}, {"state": "canceled"}, {"type": "outbound_call", "q": "inger"}]
)
@pytest.mark.parametrize("who", ["support", "limited"])
def test_more_tasks_take_no_more_queries(
    client_of, request, who, make_past, filters, make_candidates
):
    client = client_of(request.getfixturevalue(who))
    make_past(**BY_JOURNEY)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST, filters)
    for person in make_candidates(20, full_name="Inger Two"):
        make_past(person, **BY_JOURNEY)

    with CaptureQueriesContext(connection) as many:
        response = client.get(LIST, filters)

    assert len(shown(response)) == 21
    assert len(many) == len(few)


def test_htmx_gets_the_region_and_a_clean_address(client_of, support, make_past):
    make_past()
    query = {"type": "outbound_call", "campaign": "", "q": "", "since": ""}

    response = client_of(support).get(LIST, query, headers={"HX-Request": "true"})

    assert response.content.decode().strip().startswith('<div id="past"')
    assert response["HX-Push-Url"] == f"{LIST}?type=outbound_call"
    assert "HX-Request" in response["Vary"]


def test_ids_have_no_thousands_separators(get, make_past):
    make_past(id=1_234_567)

    page = get().content.decode()

    assert "/tasks/past/1234567/" in page
    assert "1,234,567" not in page


def test_what_people_wrote_is_escaped(get, make_past):
    make_past(cancel_reason="<script>alert(1)</script>", canceled_by_name="<b>x</b>")

    page = get().content.decode()

    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
