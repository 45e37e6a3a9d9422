"""The list of past tasks: what is shown of each, and to whom."""

import re

import pytest

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign
from pipeline.tasks.models.types import TaskType
from tests.pages import one_line

from .conftest import BY_JOURNEY, COMPLETED
from .lists import LIST, shown
from .lists import get as get


def test_it_shows_what_ended_last_first_and_nothing_that_is_open(get, make_past, make_task, agent):
    old, new = make_past(), make_past(**COMPLETED)
    make_task()
    make_task(TaskType.VOICEMAIL).accept(agent)

    assert shown(get()) == [new.pk, old.pk]


def test_it_says_what_will_be_there_when_empty(get):
    assert "No past tasks yet" in get().content.decode()


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


def test_a_journey_is_linked(get, make_past):
    make_past(**BY_JOURNEY)

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
    assert "no longer exists, or you can’t see it" in response.content.decode()


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
    assert 'id="found">1 task<' in one_line(response)


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
