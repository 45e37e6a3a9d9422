"""Bulk actions in the admin: to look at and to cancel, by the same verb as everywhere."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User

LIST = reverse("admin:bulk_actions_bulkaction_changelist")


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root@example.com", first_name="Root")


@pytest.fixture
def actions(opening: Opening, start_move: Any, make_candidates: Any) -> list[BulkAction]:
    """Three in the queue and one that is completed."""
    make_candidates(2)
    names = ("Hired", "Shortlisted", "On Hold", "Rejected")
    started = [start_move(opening.folders.get(name=name)) for name in names]
    lane.work_on(started[-1].pk, 0)
    return started


def cancel(client: Client, actions: list[BulkAction]) -> str:
    chosen = {"action": "cancel_selected", "_selected_action": [action.pk for action in actions]}
    return client.post(LIST, chosen, follow=True).content.decode()


def test_canceling_several_tells_of_each_that_had_ended(superuser, client_of, actions):
    page = cancel(client_of(superuser), actions)

    assert f"3 canceled, 1 could not be canceled: #{actions[-1].pk} already Completed." in page
    assert BulkAction.objects.filter(status="canceled", canceled_by=superuser).count() == 3


def test_a_cancel_from_the_admin_stops_the_work(superuser, client_of, actions):
    cancel(client_of(superuser), actions[:1])

    lane.work_on(actions[0].pk, 0)

    actions[0].refresh_from_db()
    assert (actions[0].status, actions[0].processed) == ("canceled", 0)


def test_nothing_can_be_added_changed_or_deleted(superuser, client_of, actions):
    client, action = client_of(superuser), actions[0]

    one = reverse("admin:bulk_actions_bulkaction_change", args=[action.pk])
    changed = client.post(one, {"title": "Changed", "status": "completed"})
    client.post(LIST, {"action": "delete_selected", "_selected_action": [action.pk], "post": "yes"})

    action.refresh_from_db()
    assert (action.title, action.status) == ("Move to Hired", "in_queue")
    assert changed.status_code == 403
    assert client.get(one).status_code == 200
    assert client.get(reverse("admin:bulk_actions_bulkaction_add")).status_code == 403


def test_staff_without_the_permission_to_look_cant_cancel(client_of, actions):
    staff = User.objects.create(email="staff@example.com", is_staff=True)

    client_of(staff).post(LIST, {"action": "cancel_selected", "_selected_action": [actions[0].pk]})

    assert not BulkAction.objects.filter(status="canceled").exists()


def test_the_list_is_filtered_and_searched(superuser, client_of, actions):
    client = client_of(superuser)

    for query in (
        "status__exact=in_queue",
        "operation=move_to_folder",
        "q=Hired",
        f"q={actions[0].pk}",
        "q=ana@example.com",
    ):
        page = client.get(f"{LIST}?{query}")
        assert page.status_code == 200
        assert "Move to Hired" in page.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(
    superuser, client_of, actions, django_assert_max_num_queries
):
    client = client_of(superuser)

    with django_assert_max_num_queries(10):
        client.get(LIST)
