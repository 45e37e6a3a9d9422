"""Nothing that was answered stays in a cache: pages, parts, downloads, refused forms, redirects."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.workspaces.models import User

PLACES = [
    *("candidates:list", "past:list", "tasks:desk", "settings:members", "bulk_actions:history"),
    *("past:csv", "settings:audit_csv", "candidates:import", "settings:member_add"),
]


@pytest.fixture
def browser(client_of: Any, owner: User) -> Client:
    client: Client = client_of(owner)
    return client


@pytest.mark.parametrize("place", PLACES)
def test_pages_and_downloads_are_stored_nowhere(browser: Client, place: str) -> None:
    answer = browser.get(reverse(place))

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("address", ["/candidates/4711/", "/nowhere/", "/login/", "/"])
def test_what_is_no_page_of_candidates_is_not_either(browser: Client, address: str) -> None:
    assert "no-store" in browser.get(address)["Cache-Control"]


def test_a_form_that_comes_back_with_what_was_typed_is_not_either(browser: Client) -> None:
    answer = browser.post(reverse("settings:member_add"), {"first_name": "Mo", "email": "x"})

    assert answer.status_code == 422
    assert "no-store" in answer["Cache-Control"]


def test_without_a_login_nothing_is_either(client: Client, db: None) -> None:
    for address in ("/login/", "/candidates/", "/shared/x:y/", "/password/MQ/x-y/"):
        assert "no-store" in client.get(address)["Cache-Control"], address
