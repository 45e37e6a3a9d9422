"""Very many active actions and pages: what is listed stays right, the rest is counted."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from notifications.panel import MOST_ACTIVE
from pipeline.bulk_actions.models import BulkAction
from tests.chromium import Do, chromium
from tests.chromium import do as do
from tests.daphne import Daphne

from .conftest import OpenPage, rows_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def actions(make_actions: Any) -> list[BulkAction]:
    """Five more in queue than are listed, oldest first."""
    made: list[BulkAction] = make_actions(MOST_ACTIVE + 5)
    return made


def more_in(html: str) -> str:
    found = re.search(r'<p [^>]*id="progress-more"([^>]*)>\s*<strong>(.*?)</strong>', html)
    return "" if found is None or "hidden" in found[1] else found[2]


def test_a_page_is_sent_what_is_listed_and_how_many_more_there_are(
    open_page: OpenPage, recruiter: Any, actions: list[BulkAction]
) -> None:
    panel = open_page(recruiter).hear()

    assert rows_in(panel) == [action.pk for action in reversed(actions[5:])]
    assert f">{len(actions)}</span>" in panel
    assert more_in(panel) == "5"


def test_the_next_one_is_listed_when_one_ends(
    open_page: OpenPage, recruiter: Any, actions: list[BulkAction]
) -> None:
    page = open_page(recruiter)
    page.hear()

    actions[-1].cancel(by=recruiter)

    assert more_in(page.hear_until('data-status="canceled"')) == "4"
    assert rows_in(page.hear_until(f'id="bulk-action-{actions[4].pk}"')) == [actions[4].pk]


def test_one_that_is_not_listed_is_counted_when_it_ends(
    open_page: OpenPage, recruiter: Any, actions: list[BulkAction]
) -> None:
    page = open_page(recruiter)
    page.hear()

    actions[0].cancel(by=recruiter)

    heard = page.hear_until('id="progress-more"')
    assert more_in(heard) == "4"
    assert f">{len(actions) - 1}</span>" in heard


def test_one_that_begins_is_listed_instead_of_one_that_waits(
    open_page: OpenPage, recruiter: Any, actions: list[BulkAction]
) -> None:
    page = open_page(recruiter)
    page.hear()

    actions[0].start()

    heard = page.hear_until(f'id="bulk-action-{actions[0].pk}"')
    listed = re.findall(r'data-listed="([^"]+)"', heard)[-1].split()
    assert str(actions[0].pk) in listed
    assert str(actions[5].pk) not in listed
    assert more_in(heard) == "5"


def test_the_open_page_lists_as_many_as_a_new_one(
    browser: Browser, web: Daphne, recruiter: Any, actions: list[BulkAction], do: Do
) -> None:
    page = visit(browser, web, recruiter)
    listed = page.locator("#progress-list li:has(button)")
    expect(listed).to_have_count(MOST_ACTIVE)
    expect(page.locator("#progress-more")).to_contain_text("5 more are active and not listed here")

    do(actions[0].start)
    expect(page.locator(f"#bulk-action-{actions[0].pk}")).to_be_visible()
    expect(page.locator(f"#bulk-action-{actions[5].pk}")).to_have_count(0)
    expect(listed).to_have_count(MOST_ACTIVE)

    for action in actions[-5:]:
        do(action.cancel, by=recruiter)
    expect(page.locator("#progress-more")).to_be_hidden()
    expect(listed).to_have_count(MOST_ACTIVE)
    expect(page.locator(f"#bulk-action-{actions[-1].pk}")).to_contain_text("Canceled by")


def visit(browser: Browser, web: Daphne, user: Any) -> Page:
    """A page with its panel open and live."""
    client = Client()
    client.force_login(user)
    context = browser.new_context()
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{web.url}/bulk-actions/")
    page.locator("#progress-toggle").click()
    expect(page.locator("#live-on")).to_be_visible()
    return page


# --- pages ---


@pytest.fixture(scope="module")
def small(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daphne]:
    """A web process that few pages may listen to."""
    limits = {"SOCKETS_PER_USER": "2", "SOCKETS_PER_PROCESS": "3"}
    log = tmp_path_factory.mktemp("small") / "daphne.log"
    daphne = Daphne(log, environment=limits)
    daphne.start()
    yield daphne
    daphne.stop()


def test_a_users_pages_have_a_most_and_there_is_room_when_one_is_closed(
    small: Daphne, open_page_of: Any, recruiter: Any, colleague: Any
) -> None:
    mine = [open_page_of(small, recruiter) for _ in range(2)]
    for page in mine:
        page.hear()

    assert open_page_of(small, recruiter).closed_with(timeout=10) == 4429
    theirs = open_page_of(small, colleague)
    assert "progress-list" in theirs.hear()

    mine[0].socket.close()
    wait_for_room(small, open_page_of, recruiter)


def test_a_process_has_a_most(
    small: Daphne, open_page_of: Any, recruiter: Any, colleague: Any, agent: Any
) -> None:
    for user in (recruiter, recruiter, colleague):
        open_page_of(small, user).hear()

    assert open_page_of(small, agent).closed_with(timeout=10) == 4429


def wait_for_room(daphne: Daphne, open_page_of: Any, user: Any) -> None:
    """The server hears of a close a moment later than the client."""
    for _ in range(50):
        page = open_page_of(daphne, user)
        try:
            if "progress-list" in page.hear(10):
                return
        except Exception:  # closed as one too many
            assert page.closed_with() == 4429
    pytest.fail("There is no room again.")


def test_a_page_too_many_says_what_to_do_and_goes_on_when_there_is_room(
    browser: Browser, small: Daphne, open_page_of: Any, recruiter: Any
) -> None:
    others = [open_page_of(small, recruiter) for _ in range(2)]
    for other in others:
        other.hear()
    client = Client()
    client.force_login(recruiter)
    context = browser.new_context()
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": small.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{small.url}/bulk-actions/")
    page.locator("#progress-toggle").click()

    expect(page.locator("#live-too-many")).to_be_visible()
    expect(page.locator("#live-too-many")).to_contain_text("Close the ones you don’t need")
    others[0].socket.close()
    expect(page.locator("#live-on")).to_be_visible(timeout=30_000)
    expect(page.locator("#live-too-many")).to_be_hidden()
