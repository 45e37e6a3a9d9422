"""What the panel lists, for whom, and at what price."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.panel import MOST_ACTIVE, MOST_ENDED, Panel
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.bulk_actions.pages.cancel import MOST_ROWS
from pipeline.workspaces.models import User

from .conftest import rows_in


def completed() -> dict[str, Any]:
    return {"status": Status.COMPLETED, "changed": 1, "ended_at": timezone.now()}


def test_it_shows_all_active_ones_and_the_latest_others(make_actions, recruiter) -> None:
    old_but_active = make_actions(1)
    make_actions(2, **completed())
    latest = make_actions(MOST_ENDED, **completed())

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


# --- very many ---


@pytest.fixture
def three_thousand(make_actions: Any) -> list[BulkAction]:
    running = make_actions(2, status=Status.IN_PROGRESS)
    (one,) = make_actions(1)
    fields = {field.attname for field in BulkAction._meta.fields} - {"id", "key"}
    same = {name: getattr(one, name) for name in fields}
    queued = BulkAction.objects.bulk_create(
        BulkAction(**same | {"key": uuid4(), "created_at": one.created_at}) for _ in range(2997)
    )
    return [*running, one, *queued]


def test_a_page_stays_small_and_says_how_many_more_there_are(
    three_thousand, recruiter, client_of
) -> None:
    page = client_of(recruiter).get("/candidates/").content.decode()

    assert len(page) < 200_000
    assert len(rows_in(page)) == MOST_ACTIVE
    assert ">3,000</span>" in page
    more = re.search(r'<p [^>]*id="progress-more"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert more
    assert "hidden" not in more[0]
    assert "<strong>2,960</strong> more are active" in more[1]
    assert 'href="/bulk-actions/?status=in_progress&amp;status=in_queue"' in more[1]


def test_what_changes_candidates_now_is_listed_first(three_thousand, recruiter) -> None:
    running = three_thousand[:2]

    shown = Panel(recruiter, recruiter.membership).actions

    assert set(running) <= set(shown)
    assert shown[0] == three_thousand[-1]


def test_nothing_is_said_of_more_where_there_are_none(make_actions, recruiter, client_of) -> None:
    make_actions(MOST_ACTIVE)

    page = client_of(recruiter).get("/notifications/panel/").content.decode()

    assert len(rows_in(page)) == MOST_ACTIVE
    assert re.search(r'<p [^>]*id="progress-more" data-listed="" hidden>', page)


def test_cancel_all_still_means_all(make_actions, recruiter, client_of) -> None:
    actions = make_actions(MOST_ACTIVE + 20)
    client = client_of(recruiter)
    htmx = {"HX-Request": "true"}
    dialog = client.get("/bulk-actions/cancel-all/", headers=htmx).content.decode()
    listed = re.findall(r'name="action" value="(\d+)"', dialog)
    assert len(listed) == len(actions)

    answer = client.post("/bulk-actions/cancel-all/", {"action": listed}, headers=htmx)

    assert not BulkAction.objects.active().exists()
    told = answer.content.decode()
    assert "60 canceled." in told
    assert len(rows_in(told)) == MOST_ROWS
    assert "and 20 more" in told
