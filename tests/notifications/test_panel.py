"""What the panel lists, for whom, and at what price."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.panel import RECENT, Panel
from pipeline.bulk_actions.models import Status
from pipeline.workspaces.models import User

from .conftest import rows_in


def completed() -> dict[str, Any]:
    return {"status": Status.COMPLETED, "changed": 1, "ended_at": timezone.now()}


def test_it_shows_all_active_ones_and_the_latest_others(make_actions, recruiter) -> None:
    old_but_active = make_actions(1)
    make_actions(2, **completed())
    latest = make_actions(RECENT, **completed())

    shown = Panel(recruiter, recruiter.membership).actions

    assert shown == [*reversed(latest), *old_but_active]


def test_it_costs_one_query_on_a_page(make_actions, recruiter, client_of) -> None:
    make_actions(5)
    panel = Panel(recruiter, recruiter.membership)

    with CaptureQueriesContext(connection) as queries:
        assert panel.count == len(panel.actions) == 5
        assert {action.started_by for action in panel.actions} == {recruiter}

    assert len(queries) == 1


def test_every_page_has_it_with_the_count(make_actions, recruiter, client_of) -> None:
    actions = make_actions(2)

    page = client_of(recruiter).get("/bulk-actions/").content.decode()

    assert 'id="progress-toggle"' in page
    assert 'id="progress-count"><span class="badge bg-primary text-primary-fg">2</span>' in page
    assert rows_in(page) == [action.pk for action in reversed(actions)]
    assert 'ws-connect="/ws/live/"' in page


def test_the_fragment_is_the_list_and_the_count(make_actions, recruiter, client_of) -> None:
    (action,) = make_actions(1)

    fragment = client_of(recruiter).get("/notifications/panel/").content.decode()

    assert "<html" not in fragment
    assert 'id="progress-count"' in fragment
    assert rows_in(fragment) == [action.pk]


def test_strangers_and_limited_members_see_theirs_only(
    make_actions, limited, stranger, other_opening, client_of
) -> None:
    (mine,) = make_actions(1)
    make_actions(1, opening_ids=[other_opening.pk])

    assert rows_in(client_of(limited).get("/notifications/panel/").content.decode()) == [mine.pk]
    assert rows_in(client_of(stranger).get("/notifications/panel/").content.decode()) == []


@pytest.mark.parametrize("path", ["/notifications/panel/", "/notifications/bell/"])
def test_without_a_login_htmx_is_sent_to_the_login_page(client, db, path) -> None:
    assert client.get(path, HTTP_HX_REQUEST="true")["HX-Redirect"] == "/login/"


@pytest.mark.parametrize("path", ["/notifications/panel/", "/notifications/bell/"])
def test_who_is_in_no_workspace_is_shown_nothing(client_of, db, path) -> None:
    assert client_of(User.objects.create(email="nobody@example.com")).get(path).status_code == 403


def test_the_bell_says_that_it_is_empty(client_of, recruiter) -> None:
    assert "No notices yet" in client_of(recruiter).get("/notifications/bell/").content.decode()
