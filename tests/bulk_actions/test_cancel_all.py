"""Stopping all that are active at once: what was asked about, and nothing else."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.workspaces.models import User
from tests.pages import one_line

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
URL = "/bulk-actions/cancel-all/"


@pytest.fixture
def actions(make_candidates, opening, start_move) -> list[BulkAction]:
    make_candidates(4)
    return [
        start_move(opening.folders.get(name=name)) for name in ("Hired", "Shortlisted", "On Hold")
    ]


@pytest.fixture
def elsewhere(make_candidates, other_opening, start_move) -> BulkAction:
    make_candidates(2, other_opening)
    action: BulkAction = start_move(other_opening.folders.get(name="Hired"))
    return action


def read(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", unescape(response.content.decode())))


def listed(response: Any) -> list[str]:
    return re.findall(r'name="action" value="(\d+)"', response.content.decode())


def statuses() -> set[str]:
    return set(BulkAction.objects.values_list("status", flat=True))


def test_it_asks_in_numbers_before_it_stops_anything(client_of: ClientOf, recruiter, actions):
    lane.work_on(actions[0].pk, 0)
    BulkAction.objects.filter(pk=actions[1].pk).update(changed=1, status=Status.IN_PROGRESS)

    response = client_of(recruiter).get(URL, headers=HTMX)

    assert "Stop 2 bulk actions?" in read(response)
    assert "1 candidate is already done and stays that way." in read(response)
    assert "7 candidates will not be touched." in read(response)
    assert "data-close-dialog autofocus>Keep running" in one_line(response)
    assert "Stop all 2" in read(response)
    assert listed(response) == [str(actions[2].pk), str(actions[1].pk)]
    assert BulkAction.objects.active().count() == 2


def test_many_are_named_in_part_and_counted(client_of: ClientOf, recruiter, actions, monkeypatch):
    monkeypatch.setattr("pipeline.bulk_actions.pages.cancel.NAMED", 2)

    response = client_of(recruiter).get(URL, headers=HTMX)

    assert "and 1 more" in read(response)
    assert len(listed(response)) == 3


def test_when_none_is_active_it_says_so(client_of: ClientOf, recruiter):
    response = client_of(recruiter).get(URL, headers=HTMX)

    assert "No bulk actions are active" in read(response)
    assert "Stop all" not in read(response)


@pytest.mark.parametrize("who", ["owner", "recruiter", "agent", "support"])
def test_whoever_sees_them_may_stop_them(
    client_of: ClientOf, actions, who, request: pytest.FixtureRequest
):
    client = client_of(request.getfixturevalue(who))

    response = client.post(URL, {"action": listed(client.get(URL))}, headers=HTMX)

    assert "3 canceled." in read(response)
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#dialog", "innerHTML")
    assert response.content.decode().count('data-status="canceled"') == 3
    assert statuses() == {Status.CANCELED}


def test_one_that_ended_while_the_question_was_open_is_told(
    client_of: ClientOf, recruiter, actions
):
    client = client_of(recruiter)
    asked = listed(client.get(URL))
    lane.work_on(actions[0].pk, 0)

    response = client.post(URL, {"action": asked}, headers=HTMX)

    assert "2 canceled, 1 had already ended." in read(response)
    assert "Completed at" in read(response)
    assert BulkAction.objects.filter(status=Status.CANCELED).count() == 2


def test_one_that_was_started_while_the_question_was_open_runs_on(
    client_of: ClientOf, recruiter, actions, start_move, opening
):
    client = client_of(recruiter)
    asked = listed(client.get(URL))
    newer = start_move(opening.folders.get(name="Rejected"))

    client.post(URL, {"action": asked}, headers=HTMX)

    assert list(BulkAction.objects.active()) == [newer]


def test_without_a_list_all_that_are_active_are_stopped(
    client_of: ClientOf, recruiter, actions, elsewhere
):
    lane.work_on(actions[0].pk, 0)

    assert "3 canceled." in read(client_of(recruiter).post(URL, headers=HTMX))


def test_a_limited_member_stops_its_own_and_no_others(
    client_of: ClientOf, limited, actions, elsewhere
):
    client = client_of(limited)
    asked = listed(client.get(URL))

    client.post(URL, headers=HTMX)

    assert asked == [str(action.pk) for action in reversed(actions)]
    assert list(BulkAction.objects.active()) == [elsewhere]


def test_what_is_not_visible_is_refused_and_nothing_is_stopped(
    client_of: ClientOf, limited, stranger, actions, elsewhere
):
    asked = {"action": [actions[0].pk, elsewhere.pk]}

    refused = client_of(limited).post(URL, asked)
    foreign = client_of(stranger).post(URL, asked, headers=HTMX)

    assert refused.status_code == 422
    assert "Nothing was stopped" in read(refused)
    assert "Nothing was stopped" in read(foreign)
    assert "Move to Hired" not in read(foreign)
    assert statuses() == {Status.IN_QUEUE}


def test_a_stranger_without_a_list_stops_nothing(client_of: ClientOf, stranger, actions):
    client_of(stranger).post(URL)

    assert statuses() == {Status.IN_QUEUE}


def test_without_script_the_question_is_a_page_and_the_answer_a_message(
    client_of: ClientOf, recruiter, actions
):
    client = client_of(recruiter)
    question = client.get(URL)
    assert "<html" in question.content.decode()

    response = client.post(URL, {"action": listed(question)})

    assert (response.status_code, response["Location"]) == (303, "/bulk-actions/")
    assert [str(one) for one in get_messages(response.wsgi_request)] == ["3 canceled."]


def test_the_way_there_is_shown_only_while_something_is_active(
    client_of: ClientOf, recruiter, actions
):
    client = client_of(recruiter)
    assert 'id="history-cancel-all"' in client.get("/bulk-actions/").content.decode()

    client.post(URL)

    assert 'id="history-cancel-all"' not in client.get("/bulk-actions/").content.decode()


def test_its_address_is_the_one_in_the_design():
    assert reverse("bulk_actions:cancel-all") == URL
