"""The history of bulk actions and its filters."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.pages import start
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User, Workspace


@pytest.fixture
def browser(recruiter: User, client_of: Any) -> Client:
    client: Client = client_of(recruiter)
    return client


@pytest.fixture
def canceled(
    opening: Opening, recruiter: User, start_move: Any, make_candidates: Any
) -> BulkAction:
    make_candidates(1)
    action: BulkAction = start_move(opening.folders.get(name="Hired"))
    action.cancel(by=recruiter)
    return action


@pytest.fixture
def queued(canceled: BulkAction, opening: Opening, colleague: User, start_move: Any) -> BulkAction:
    action: BulkAction = start_move(opening.folders.get(name="Shortlisted"), by=colleague)
    return action


def listed(client: Client, query: str = "") -> list[int]:
    page = client.get(f"{reverse('bulk_actions:history')}?{query}").content.decode()
    return [int(pk) for pk in re.findall(r'id="review-(\d+)"', page)]


def test_all_actions_are_listed_newest_first(browser, canceled, queued):
    assert listed(browser) == [queued.pk, canceled.pk]


def test_the_history_is_narrowed_by_several_statuses(browser, canceled, queued):
    assert listed(browser, "status=canceled") == [canceled.pk]
    assert listed(browser, "status=canceled&status=in_queue") == [queued.pk, canceled.pk]
    assert listed(browser, "status=halted") == []


def test_the_history_is_narrowed_by_operation_and_by_who_started(
    browser, canceled, queued, colleague
):
    assert listed(browser, "operation=change_labels") == []
    assert listed(browser, "operation=move_to_folder") == [queued.pk, canceled.pk]
    assert listed(browser, f"who={colleague.pk}") == [queued.pk]


def test_dates_are_days_in_the_workspaces_time_zone(browser, canceled):
    Workspace.objects.update(time_zone="Asia/Tokyo")
    BulkAction.objects.update(created_at=datetime(2026, 11, 20, 20, tzinfo=UTC))  # 21st in Tokyo

    assert listed(browser, "since=2026-11-21&until=2026-11-21") == [canceled.pk]
    assert listed(browser, "until=2026-11-20") == []
    assert listed(browser, "since=2026-11-22") == []


def test_pages_follow_each_other_without_gap_or_repeat(browser, canceled, queued, monkeypatch):
    monkeypatch.setattr(start, "PAGE", 1)

    first = listed(browser)
    second = listed(browser, f"before={first[-1]}")

    assert first + second == [queued.pk, canceled.pk]


def test_nonsense_in_the_address_breaks_nothing(browser, canceled):
    for query in ("before=x", "before=²", "status=none", "since=yesterday", "who=0", "operation=x"):
        response = browser.get(f"{reverse('bulk_actions:history')}?{query}")
        assert response.status_code == 200


def test_an_empty_history_says_what_to_do(browser):
    page = browser.get(reverse("bulk_actions:history")).content.decode()

    assert "No bulk actions yet" in page
    assert reverse("candidates:list") in page


def test_the_number_of_queries_does_not_grow_with_the_rows(
    browser, canceled, queued, opening, start_move, django_assert_max_num_queries
):
    for name in ("On Hold", "Rejected", "Completed"):
        start_move(opening.folders.get(name=name))

    with django_assert_max_num_queries(10):
        assert len(listed(browser)) == 5
