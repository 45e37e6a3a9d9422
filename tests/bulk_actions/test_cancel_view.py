"""Stopping an action from a browser: the question, one winner, and one truth for everybody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.bulk_actions.progress import Progress
from pipeline.workspaces.models import User

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def running_action(make_candidates, opening, start_move) -> BulkAction:
    make_candidates(5)
    action: BulkAction = start_move(opening.folders.get(name="Hired"))
    action.start()
    return action


def url_of(action: BulkAction) -> str:
    return reverse("bulk_actions:cancel", args=[action.pk])


def sentence_of(action: BulkAction) -> str:
    return Progress(BulkAction.objects.for_rows().get(pk=action.pk)).ended_sentence


def read(response: Any) -> str:
    return unescape(response.content.decode())


def test_it_asks_before_it_stops_anything(client_of: ClientOf, recruiter, running_action) -> None:
    response = client_of(recruiter).get(url_of(running_action), headers=HTMX)

    assert "Stop “Move to Hired”?" in read(response)
    assert "Keep running" in read(response)
    assert "Stop this action" in read(response)
    running_action.refresh_from_db()
    assert running_action.status == Status.IN_PROGRESS


def test_without_htmx_the_question_is_a_page_and_the_answer_a_redirect(
    client_of: ClientOf, recruiter, running_action
) -> None:
    client = client_of(recruiter)
    assert "<html" in read(client.get(url_of(running_action)))

    response = client.post(url_of(running_action))

    assert response.status_code == 303
    assert response["Location"] == running_action.get_absolute_url()
    assert [str(m) for m in client.get(response["Location"]).context["messages"]] == [
        sentence_of(running_action)
    ]


@pytest.mark.parametrize(
    "who", ["owner", "admin_member", "recruiter", "colleague", "agent", "support", "limited"]
)
def test_whoever_sees_it_may_stop_it(
    client_of: ClientOf, running_action, who, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)

    response = client_of(user).post(url_of(running_action), headers=HTMX)

    running_action.refresh_from_db()
    assert (running_action.status, running_action.canceled_by) == (Status.CANCELED, user)
    assert 'data-status="canceled"' in read(response)
    assert response["HX-Trigger"] == '{"closeDialog": {}}'


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_foreign_action_is_not_there(
    client_of: ClientOf, stranger, running_action, method
) -> None:
    response = getattr(client_of(stranger), method)(url_of(running_action), headers=HTMX)

    assert response.status_code == 404
    running_action.refresh_from_db()
    assert running_action.status == Status.IN_PROGRESS


def test_a_limited_member_can_not_stop_what_concerns_other_openings(
    client_of: ClientOf, limited, make_candidates, other_opening, start_move
) -> None:
    make_candidates(2, other_opening)
    action = start_move(other_opening.folders.get(name="Hired"))

    assert client_of(limited).post(url_of(action), headers=HTMX).status_code == 404


def test_a_post_without_the_csrf_token_stops_nothing(recruiter, running_action) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(recruiter)

    assert client.post(url_of(running_action), headers=HTMX).status_code == 403


def test_who_comes_too_late_reads_who_was_first(
    client_of: ClientOf, recruiter, colleague, running_action
) -> None:
    running_action.cancel(by=colleague)

    response = client_of(recruiter).post(url_of(running_action), headers=HTMX)

    sentence = sentence_of(running_action)
    assert sentence.startswith("Canceled by Ben Okafor at ")
    assert f"Already c{sentence[1:]}" in read(response)
    assert f"/bulk-actions/{running_action.pk}/" in read(response)
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#dialog", "innerHTML")
    assert f'id="bulk-action-{running_action.pk}" data-status="canceled"' in read(response)


def test_the_question_about_one_that_has_ended_tells_so(
    client_of: ClientOf, recruiter, running_action
) -> None:
    lane.work_on(running_action.pk, 0)

    dialog = read(client_of(recruiter).get(url_of(running_action), headers=HTMX))

    assert "“Move to Hired” has ended" in dialog
    assert "Already completed at " in dialog
    assert "Stop this action" not in dialog


@pytest.mark.django_db(transaction=True)
def test_twenty_cancels_at_once_have_one_winner_and_all_read_the_same(
    client_of: ClientOf, recruiter, colleague, running_action
) -> None:
    clients = [client_of(user) for user in (recruiter, colleague) * 10]

    def post(client: Client) -> str:
        try:
            return read(client.post(url_of(running_action), headers=HTMX))
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, clients))

    sentence = sentence_of(running_action)
    assert all(sentence in answer for answer in answers)
    assert sum("Already" not in answer for answer in answers) == 1
