"""What no page of ours sends is refused with a page that says what was wrong."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.refusals import LONGEST_IN_ADDRESS, LONGEST_IN_FORM
from pipeline.workspaces.models import User

HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of: Any, owner: User) -> Client:
    client: Client = client_of(owner)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "%00=x", "after=%00"])
def test_a_nul_in_an_address_is_told(browser: Client, query: str) -> None:
    answer = browser.get(f"/candidates/?{query}")

    assert answer.status_code == 400
    assert "The address has a NUL character" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_nul_in_a_part_of_the_path_too(browser: Client) -> None:
    assert browser.get("/settings/templates/new/sms%00/").status_code == 400


def test_a_nul_in_a_form_is_told_and_nothing_is_saved(browser: Client, owner: User) -> None:
    answer = browser.post("/settings/labels/", {"name": "Night\0"})

    assert answer.status_code == 400
    assert "The form has a NUL character" in answer.content.decode()
    assert not owner.membership.workspace.labels.exists()


def test_a_script_is_told_in_plain_text(browser: Client) -> None:
    answer = browser.get("/candidates/?q=%00", headers=HTMX)

    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/plain")


def test_what_is_too_long_is_told_with_how_long_it_may_be(browser: Client) -> None:
    just, over = "x" * LONGEST_IN_ADDRESS, "x" * (LONGEST_IN_ADDRESS + 1)

    assert browser.get(f"/candidates/?q={just}").status_code == 200
    answer = browser.get(f"/candidates/?q={over}")
    assert answer.status_code == 400
    told = "The field “q” of the address has 2,001 characters; the limit is 2,000. Shorten it"
    assert told in answer.content.decode()
    long_name = browser.post("/settings/labels/", {"name": "x" * (LONGEST_IN_FORM + 1)})
    assert long_name.status_code == 400


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("application/x-www-form-urlencoded; charset=utf-7", b"q=x"),
        ("application/x-www-form-urlencoded", b"&".join(b"x=y" for _ in range(60_000))),
    ],
)
def test_a_form_that_is_none_is_refused_in_the_same_way(
    browser: Client, kind: str, body: bytes
) -> None:
    answer = browser.generic("POST", "/settings/labels/", body, kind)

    assert answer.status_code == 400
    assert "could not read this request" in answer.content.decode()


def test_without_a_login_it_is_the_same(client: Client, db: None) -> None:
    answer = client.post(reverse("login"), {"username": "a\0", "password": "x"})

    assert answer.status_code == 400
