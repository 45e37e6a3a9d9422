"""What a page shows of candidates, tasks and actions is right soon after a change, or says so."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Candidate, Opening
from pipeline.workspaces.models import User, Workspace
from tests.chromium import Do
from tests.chromium import do as do
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task

from .conftest import PHONE, Visit, look

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 3000  # ms; a second where the machine has nothing else to do


@pytest.fixture
def people(make_candidates: Any) -> Any:
    return make_candidates(5)


def order(opening: Opening, start_move: Any, folder: str = "Hired") -> BulkAction:
    """The move of everybody, carried out at once."""
    action: BulkAction = start_move(opening.folders.get(name=folder))
    lane.work_on(action.pk, 0)
    return action


def live(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#progress-panel")).to_have_attribute("data-live", "on")


def test_the_list_says_that_it_changed_and_a_refresh_keeps_selection_scroll_and_focus(
    visit: Visit, recruiter: User, make_candidates: Any, opening: Opening, start_move: Any, do: Do
) -> None:
    make_candidates(40)
    page = visit(recruiter)
    live(page, "/candidates/")
    row = page.locator("tbody tr").nth(30)
    row.locator("input").check()
    row.locator("a").focus()
    row.locator("a").hover()
    at, name = page.evaluate("scrollY"), row.locator("a").inner_text()
    assert at > 0

    do(order, opening, start_move)

    changed = page.locator("#changed")
    expect(changed).to_be_visible(timeout=SOON)
    assert page.evaluate("scrollY") == at
    expect(row).to_contain_text("Inbox")  # nothing moves unasked
    look(page, "list-changed")
    page.keyboard.press("Tab")
    row.locator("a").focus()
    changed.get_by_role("button").evaluate("button => button.click()")
    expect(row).to_contain_text("Hired")
    expect(row.locator("input")).to_be_checked()
    expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
    assert page.evaluate("scrollY") == at
    expect(changed).to_be_hidden()


@pytest.mark.usefixtures("workers")
def test_the_list_is_right_by_itself_after_an_action_that_it_started(
    visit: Visit, recruiter: User, people: Any
) -> None:
    Workspace.objects.update(start_delay_seconds=0)
    page = visit(recruiter)
    live(page, "/candidates/")
    page.locator("#select-page").check()
    page.get_by_role("button", name="Hire", exact=True).click()
    page.locator("#start-submit").click()

    expect(page.locator("li[data-status=completed]")).to_be_visible()
    expect(page.locator("#candidates")).not_to_contain_text("Inbox", timeout=SOON)
    expect(page.locator("#changed")).to_be_hidden()


def test_a_profile_follows_what_becomes_of_its_candidate(
    visit: Visit, recruiter: User, people: Any, opening: Opening, start_move: Any, do: Do
) -> None:
    page = visit(recruiter)
    live(page, Candidate.objects.latest("pk").get_absolute_url())

    do(order, opening, start_move)

    expect(page.locator("#profile dl")).to_contain_text("Hired", timeout=SOON)
    expect(page.locator("#timeline")).to_contain_text("Hired")


def test_the_review_of_an_undone_action_offers_no_second_undo(
    visit: Visit, recruiter: User, people: Any, opening: Opening, start_move: Any, do: Do
) -> None:
    action = do(order, opening, start_move)
    mine, theirs = visit(recruiter), visit(recruiter, PHONE)
    for page in (mine, theirs):
        live(page, action.get_absolute_url())
    expect(theirs.locator("#outcomes")).to_contain_text("Hired")

    mine.get_by_role("link", name="Undo").click()
    mine.locator("#start-submit").click()
    expect(mine.locator("li[data-status=in_queue]")).to_be_visible()
    do(lane.work_on, BulkAction.objects.latest("pk").pk, 0)

    for page in (mine, theirs):
        expect(page.locator("#outcomes tbody tr td[data-label='Now in']").first).to_contain_text(
            "Inbox", timeout=SOON
        )
        expect(page.locator("#summary")).to_contain_text("Undone by")
        expect(page.locator("#follow-done")).to_have_count(0)


def test_a_withdrawn_task_leaves_the_side_column_and_the_numbers(
    visit: Visit, agent: User, make_task: Any, campaign: Any, do: Do
) -> None:
    one, other = make_task(campaign=campaign), make_task(campaign=campaign)
    side, numbers = visit(agent), visit(agent)
    live(side, one.get_absolute_url())
    live(numbers, campaign.get_absolute_url())
    expect(side.locator("#task-side [data-task]")).to_have_count(1)
    expect(numbers.locator("#campaign-numbers dd").first).to_have_text("2")

    do(other.cancel, agent, "Not needed")

    expect(side.locator("#task-side [data-task]")).to_have_count(0, timeout=SOON)
    expect(numbers.locator("#campaign-numbers dd").first).to_have_text("1", timeout=SOON)
    expect(numbers.locator("#campaign-numbers dd").last).to_have_text("1")


def test_past_tasks_and_history_show_what_ended(
    visit: Visit,
    recruiter: User,
    agent: User,
    make_task: Any,
    opening: Opening,
    start_move: Any,
    do: Do,
) -> None:
    task = make_task()
    past, history = visit(recruiter), visit(recruiter)
    live(past, "/tasks/past/")
    live(history, "/bulk-actions/")

    do(task.cancel, agent, "Not needed")
    do(order, opening, start_move)

    expect(past.locator("#past tbody tr")).to_have_count(1, timeout=SOON)
    expect(history.locator("#history tbody tr")).to_contain_text("Completed", timeout=SOON)


def test_back_shows_what_is_and_not_what_was(
    visit: Visit, recruiter: User, people: Any, opening: Opening
) -> None:
    page = visit(recruiter)
    page.goto("/candidates/?q=person")
    expect(page.locator("#candidates")).to_contain_text("Inbox")
    page.goto("/journeys/")
    Candidate.objects.update(folder=opening.folders.get(name="Hired"))

    page.go_back()

    expect(page.locator("#candidates")).to_contain_text("Hired")
    expect(page.locator("#candidates")).not_to_contain_text("Inbox")


def test_what_the_browser_kept_alive_is_asked_for_anew(
    visit: Visit, recruiter: User, people: Any, opening: Opening
) -> None:
    """The browser's own test mode keeps no page alive, so the event is sent by hand."""
    page = visit(recruiter)
    live(page, "/candidates/")
    Candidate.objects.update(folder=opening.folders.get(name="Hired"))

    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")

    expect(page.locator("#candidates")).not_to_contain_text("Inbox", timeout=SOON)
