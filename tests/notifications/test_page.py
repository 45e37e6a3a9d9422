"""The open page: never older, nothing twice, focus kept, and right after any lost connection."""

import signal
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

import tests.servers as servers
from notifications import live
from notifications.publishing import workspace_channel
from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Folder, Opening
from pipeline.workspaces.models import User
from tests.chromium import Do, chromium
from tests.chromium import do as do
from tests.daphne import Daphne
from tests.faults.conftest import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def hired(opening: Opening) -> Folder:
    return opening.folders.get(name="Hired")


@pytest.fixture
def action(make_candidates: Any, hired: Folder, start_move: Any) -> BulkAction:
    make_candidates(4)
    action: BulkAction = start_move(hired)
    action.start()
    return action


@pytest.fixture
def session(recruiter: User) -> Client:
    client = Client()
    client.force_login(recruiter)
    return client


@pytest.fixture
def page(browser: Browser, web: Daphne, action: BulkAction, session: Client) -> Iterator[Page]:
    """A page of the recruiter with the panel open and live; the action is in progress."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    context.add_cookies(
        [{"name": "sessionid", "value": session.cookies["sessionid"].value, "url": web.url}]
    )
    page = context.new_page()
    page.goto(f"{web.url}/bulk-actions/")
    page.locator("#progress-toggle").click()
    expect(page.locator("#live-on")).to_be_visible()
    live.paused_until = 0.0  # the fixtures' own pushes failed: see `do`
    yield page
    context.close()


def row_of(page: Page, action: BulkAction) -> Locator:
    return page.locator(f"#bulk-action-{action.pk}")


def as_of(action: BulkAction, **fields: Any) -> BulkAction:
    """The action as it was, or will be, shown: nothing is written."""
    shown = BulkAction.objects.for_rows().get(pk=action.pk)
    for name, value in fields.items():
        setattr(shown, name, value)
    return shown


def push_tick(action: BulkAction, then: str = "") -> None:
    """Push the progress part, and with it a count that says `then`, to be waited for."""
    message = live.message_about(action, is_whole=False)
    message["html"] += f'<span id="progress-count">{then}</span>'
    live.send([(workspace_channel(action.workspace_id), message)])


def complete(action: BulkAction) -> None:
    """As the engine does, in versions after the made-up ones."""
    BulkAction.objects.filter(pk=action.pk).update(version=20)
    lane.work_on(action.pk, 0)


def test_what_is_older_than_what_is_shown_is_dropped(page: Page, action, do: Do) -> None:
    row = row_of(page, action)
    do(lambda: push_tick(as_of(action, version=9, changed=3)))
    expect(row).to_contain_text("3 of 4")

    do(lambda: push_tick(as_of(action, version=8, changed=2)))
    do(lambda: push_tick(as_of(action, version=9, changed=3), then="heard"))
    expect(page.locator("#progress-toggle")).to_contain_text("heard")

    expect(row).to_contain_text("3 of 4")
    expect(row).to_have_attribute("data-version", "9")


def test_an_older_snapshot_takes_nothing_back(page: Page, action, do: Do) -> None:
    row = row_of(page, action)
    do(lambda: push_tick(as_of(action, version=9, changed=3)))
    expect(row).to_contain_text("3 of 4")

    with page.expect_response("**/notifications/panel/"):  # the database still has version 2
        page.evaluate("htmx.trigger('#live', 'poll')")

    page.wait_for_timeout(300)
    expect(row).to_contain_text("3 of 4")


def test_a_row_that_comes_twice_is_shown_once_and_newest_first(
    page: Page, action, do: Do, start_move, hired
) -> None:
    newer = do(start_move, hired)
    do(newer.announce)
    do(action.announce)
    do(newer.announce)

    expect(row_of(page, newer)).to_be_visible()
    rows = page.locator("#progress-list > li")
    expect(rows).to_have_count(2)
    assert [row.get_attribute("id") for row in rows.all()] == [
        f"bulk-action-{newer.pk}",
        f"bulk-action-{action.pk}",
    ]


def test_a_focused_cancel_button_keeps_the_focus_until_it_goes(page: Page, action, do: Do) -> None:
    cancel, review = (page.locator(f"#bulk-action-{action.pk}-{n}") for n in ("cancel", "review"))
    cancel.focus()

    do(lambda: push_tick(as_of(action, version=9, changed=3)))
    expect(row_of(page, action)).to_contain_text("3 of 4")
    expect(cancel).to_be_focused()

    do(complete, action)
    expect(row_of(page, action)).to_have_attribute("data-status", "completed")
    expect(review).to_be_focused()


def test_the_dialog_counts_along_and_then_tells_that_it_ended(page: Page, action, do: Do) -> None:
    page.locator(f"#bulk-action-{action.pk}-cancel").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_role("button", name="Keep running")).to_be_focused()
    expect(dialog).to_contain_text("No candidate has been moved yet.")
    page.keyboard.press("Tab")

    do(lambda: push_tick(as_of(action, version=9, changed=3)))
    expect(dialog).to_contain_text("3 candidates are already moved and stay moved.")
    expect(dialog.get_by_role("button", name="Stop this action")).to_be_focused()

    do(complete, action)
    expect(dialog).to_contain_text("Already completed at")
    expect(dialog.get_by_role("link", name="Review")).to_be_visible()
    expect(dialog.get_by_role("button", name="Stop this action")).to_have_count(0)


def test_the_end_is_announced(page: Page, action, do: Do) -> None:
    do(lane.work_on, action.pk, 0)

    expect(page.locator("#live-status")).to_contain_text("Move to Hired: Completed at")


def test_escape_closes_the_panel_and_it_stays_as_it_was_left(page: Page, web: Daphne) -> None:
    page.reload()
    expect(page.locator("#progress-panel")).to_be_visible()
    page.locator("#progress-panel a").first.focus()

    page.keyboard.press("Escape")

    expect(page.locator("#progress-panel")).to_be_hidden()
    expect(page.locator("#progress-toggle")).to_be_focused()
    expect(page.locator("#progress-toggle")).to_have_attribute("aria-expanded", "false")
    page.reload()
    expect(page.locator("#progress-panel")).to_be_hidden()


def test_a_restarted_server_leaves_the_page_right_without_a_reload(
    page: Page, action, do: Do, web: Daphne, recruiter
) -> None:
    web.stop()
    do(action.cancel, by=recruiter)
    web.start()

    expect(row_of(page, action)).to_contain_text("Canceled by Ana Ruiz")
    expect(page.locator("#progress-toggle")).not_to_contain_text("active")
    expect(page.locator("#live-on")).to_be_visible()


def test_a_server_that_hangs_is_noticed_and_what_was_missed_is_caught_up(
    page: Page, action, do: Do, web: Daphne, recruiter
) -> None:
    assert web.process
    web.process.send_signal(signal.SIGSTOP)
    try:
        expect(page.locator("#live-paused")).to_be_visible()
        expect(page.locator("#live-paused")).to_contain_text("Live updates paused, last ")
        do(action.cancel, by=recruiter)
    finally:
        web.process.send_signal(signal.SIGCONT)

    expect(row_of(page, action)).to_contain_text("Canceled by Ana Ruiz")
    expect(page.locator("#live-paused")).to_be_hidden()


def test_a_page_stays_right_while_redis_is_away_and_after(
    page: Page, action, do: Do, recruiter, start_move, hired
) -> None:
    assert servers.redis, "needs the embedded Redis"
    servers.redis.end(signal.SIGKILL)
    do(action.cancel, by=recruiter)
    expect(row_of(page, action)).to_contain_text("Canceled by Ana Ruiz")
    servers.redis.start()
    servers.redis.wait_until_ready()

    live.paused_until = 0.0
    later = do(start_move, hired)

    expect(row_of(page, later)).to_be_visible()
    expect(page.locator("#live-paused")).to_be_hidden()


def test_without_a_socket_it_asks_every_10_s(
    browser: Browser, web: Daphne, action, session: Client, do: Do, recruiter
) -> None:
    context = browser.new_context()
    context.add_cookies(
        [{"name": "sessionid", "value": session.cookies["sessionid"].value, "url": web.url}]
    )
    page = context.new_page()
    page.route_web_socket("**/ws/live/", lambda socket: socket.close(code=1001))
    page.goto(f"{web.url}/bulk-actions/")
    page.locator("#progress-toggle").click()
    expect(page.locator("#live-paused")).to_be_visible()

    do(action.cancel, by=recruiter)

    expect(row_of(page, action)).to_contain_text("Canceled by Ana Ruiz")
    expect(page.locator("#progress-toggle")).not_to_contain_text("active")
    context.close()


def test_it_comes_back_after_a_delay_that_grows_and_is_random(
    browser: Browser, web: Daphne, action, session: Client
) -> None:
    """Or a thousand pages that lost their server would come back to it all at once."""
    context = browser.new_context()
    context.add_cookies(
        [{"name": "sessionid", "value": session.cookies["sessionid"].value, "url": web.url}]
    )
    page = context.new_page()
    page.clock.install()
    page.add_init_script(
        "window.losses = 0; addEventListener('htmx:wsClose', () => window.losses++, true)"
    )
    tries: list[int] = []
    now = 0

    def refuse(socket: WebSocketRoute) -> None:
        tries.append(now)
        socket.close(code=1012)

    page.route_web_socket("**/ws/live/", refuse)
    page.route("**/notifications/panel/", lambda route: route.abort())
    page.goto(f"{web.url}/bulk-actions/")
    while len(tries) < 6 and now < 60_000:
        # The page's clock stands still until it has heard of its loss.
        wait_for(lambda: page.evaluate("window.losses") >= len(tries))
        now += 100
        page.clock.run_for(100)

    gaps = [after - before for before, after in pairwise(tries)]
    assert len(gaps) == 5
    assert gaps[-1] > 3200  # at least half of 1000 * 1.6 ** 4
    shares = [gap / (1000 * 1.6**number) for number, gap in enumerate(gaps)]
    assert max(shares) - min(shares) > 0.1
    context.close()


def test_a_logout_elsewhere_leads_to_the_login_page(page: Page, session: Client, do: Do) -> None:
    do(session.post, "/logout/")

    page.wait_for_url("**/login/**")


def test_the_bell_rings_and_is_answered_by_keyboard(page: Page, action, do: Do, colleague) -> None:
    bell, sheet = page.locator("#bell-toggle"), page.locator("#bell-panel")
    expect(bell).to_have_text("Notices")

    do(action.cancel, by=colleague)
    expect(bell).to_contain_text("1 unread")

    bell.press("Enter")
    expect(page.locator("#progress-panel")).to_be_hidden()
    expect(sheet.get_by_role("link", name="New Ben Okafor canceled your")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Mark all as read, which is gone then
    expect(bell).to_have_text("Notices")
    expect(sheet.get_by_role("button", name="Mark all as read")).to_be_hidden()
    expect(sheet).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(bell).to_be_focused()
    expect(page.locator("#live-status")).to_contain_text("New notice, 1 unread.")
