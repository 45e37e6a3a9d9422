"""Nobody's clicks fill the queue for all: how many actions may be active, and what is said then."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.models import BulkAction
from pipeline.foundation.quotas import QuotaReached
from pipeline.workspaces.models import Role, User, Workspace
from tests.at_once import at_once
from tests.conftest import join
from tests.notifications.conftest import make_actions as make_actions

START = reverse("bulk_actions:history")


@pytest.fixture(autouse=True)
def few(settings: Any) -> None:
    settings.ACTIVE_ACTIONS_PER_USER = 2
    settings.ACTIVE_ACTIONS_PER_WORKSPACE = 3


@pytest.fixture
def order(opening: Any, make_candidates: Any) -> dict[str, Any]:
    """What the dialog posts for a move of three candidates."""
    picked = [candidate.pk for candidate in make_candidates(3)]
    folder = opening.folders.get(name="Hired")
    return {"operation": "move_to_folder", "to_folder": folder.pk, "candidate": picked}


def start(client: Client, order: dict[str, Any]) -> Any:
    return client.post(START, order | {"key": uuid4()})


def test_one_more_than_a_member_may_have_is_refused_with_what_to_do(
    client_of: Any, recruiter: User, order: dict[str, Any]
) -> None:
    client = client_of(recruiter)
    assert [start(client, order).status_code for _ in range(2)] == [303, 303]

    third = start(client, order)

    assert third.status_code == 422
    told = third.content.decode()
    assert "You have 2 bulk actions in queue or in progress, the maximum for one member." in told
    assert "Nothing was started. Wait until some have ended, or cancel those" in told
    assert BulkAction.objects.count() == 2


def test_there_is_room_again_after_a_cancel(
    client_of: Any, recruiter: User, order: dict[str, Any]
) -> None:
    client = client_of(recruiter)
    start(client, order), start(client, order)

    BulkAction.objects.latest("pk").cancel(by=recruiter)

    assert start(client, order).status_code == 303


def test_the_workspace_has_a_most_of_its_own_and_others_have_theirs(
    client_of: Any, make_actions: Any, recruiter: User, owner: User, stranger: User, order: Any
) -> None:
    make_actions(2)
    make_actions(5, workspace=stranger.membership.workspace, started_by=stranger)
    assert start(client_of(owner), order).status_code == 303

    fourth = start(client_of(owner), order)

    assert "Your workspace has 3 bulk actions in queue or in progress" in fourth.content.decode()
    assert fourth.status_code == 422


def test_the_same_press_is_answered_with_what_it_made_before(
    client_of: Any, recruiter: User, order: dict[str, Any]
) -> None:
    client = client_of(recruiter)
    start(client, order)
    twice = order | {"key": uuid4()}

    answers = [client.post(START, twice) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {303}
    assert BulkAction.objects.count() == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whose", ["member", "workspace"])
def test_of_many_orders_at_the_same_moment_exactly_as_many_as_may_be_are_taken(
    whose: str,
    workspace: Workspace,
    recruiter: User,
    start_move: Any,
    make_candidates: Any,
    opening: Any,
    settings: Any,
) -> None:
    """Each in a thread and a database session of its own; in each round there is room for one."""
    settings.ACTIVE_ACTIONS_PER_USER = 3 if whose == "member" else 100
    settings.ACTIVE_ACTIONS_PER_WORKSPACE = 3 if whose == "workspace" else 100
    people = [recruiter] * 6
    if whose == "workspace":
        people = [join(workspace, Role.RECRUITER, f"Person{number} Busy") for number in range(6)]
    folder = opening.folders.get(name="Hired")
    make_candidates(3)
    start_move(folder), start_move(folder)

    for _ in range(5):
        answers = at_once([partial(start_move, folder, by=person) for person in people])
        assert sum(isinstance(answer, QuotaReached) for answer in answers) == 5
        assert BulkAction.objects.active().count() == 3
        BulkAction.objects.active().latest("pk").cancel(by=recruiter)
