"""A click counts, also when a live update replaces its button, then or before the answer."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User
from tests.chromium import Do
from tests.chromium import do as do
from tests.tasks.conftest import MakeTask
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task

from .conftest import Visit, live_desk

pytestmark = pytest.mark.django_db(transaction=True)


def press(page: Page, button: Locator) -> None:
    box = button.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()


def test_on_the_desk(visit: Visit, agent: User, make_task: MakeTask, do: Do) -> None:
    do(make_task)
    page = live_desk(visit, agent)

    press(page, page.locator("#queue").get_by_role("link", name="Cancel"))
    with page.expect_response(lambda one: one.request.headers.get("hx-trigger") == "queue"):
        page.evaluate("htmx.trigger('#queue', 'refetch')")
    page.mouse.up()

    expect(page.locator("#dialog")).to_be_visible()


def test_while_the_queue_is_being_asked_for(
    visit: Visit, agent: User, make_task: MakeTask, do: Do
) -> None:
    do(make_task)
    page = live_desk(visit, agent)
    page.route("**/tasks/?*", lambda _: None)  # no answer for now
    with page.expect_request(lambda one: one.headers.get("hx-trigger") == "queue"):
        page.evaluate("htmx.trigger('#queue', 'refetch')")

    page.locator("#queue").get_by_role("link", name="Cancel").click()

    expect(page.locator("#dialog")).to_be_visible()
    page.unroute_all()


def held(page: Page, pattern: str, button: Locator) -> Route:
    """The request of a click, which waits until it is let go."""
    routes: list[Route] = []
    page.route(pattern, lambda route: routes.append(route))
    button.click()
    while not routes:  # that it was sent is told before it is held
        page.wait_for_timeout(20)
    return routes[0]


def test_the_answer_comes_after_its_link_was_replaced(
    visit: Visit, agent: User, make_task: MakeTask, do: Do
) -> None:
    do(make_task)
    page = live_desk(visit, agent)
    question = held(page, "**/cancel/", page.locator("#queue").get_by_role("link", name="Cancel"))

    with page.expect_response(lambda one: one.request.headers.get("hx-trigger") == "queue"):
        page.evaluate("htmx.trigger('#queue', 'refetch')")
    question.continue_()

    expect(page.locator("#dialog")).to_be_visible()


@pytest.fixture
def desk(visit: Visit, agent: User) -> Page:
    return live_desk(visit, agent)


@pytest.fixture
def late_accept(make_task: MakeTask, desk: Page, colleague: User, do: Do) -> Route:
    """A click on Accept, still on its way when a colleague has the task and the row has gone."""
    task = do(make_task)
    accept = held(desk, "**/accept/", desk.locator("#queue").get_by_role("button", name="Accept"))
    assert do(task.accept, colleague)
    expect(desk.locator("#queue")).to_contain_text("The queue is empty")
    return accept


def test_who_was_faster_is_told_though_the_row_has_gone(desk: Page, late_accept: Route) -> None:
    with desk.expect_response(lambda one: one.request.headers.get("hx-trigger") == "queue"):
        late_accept.continue_()  # and what is on the page is asked for anew

    expect(desk.locator("#messages")).to_contain_text("Ben Okafor accepted it")


def test_a_failure_is_told_though_the_row_has_gone(
    visit: Visit, desk: Page, late_accept: Route
) -> None:
    late_accept.fulfill(status=500)

    expect(desk.locator("#messages")).to_contain_text("Something went wrong on our side")
    visit.complaints[:] = [said for said in visit.complaints if "500" not in said]


def test_in_the_panel(
    visit: Visit, recruiter: User, make_candidates: Any, opening: Opening, start_move: Any, do: Do
) -> None:
    make_candidates(2)
    action: BulkAction = do(start_move, opening.folders.get(name="Hired"))
    page = visit(recruiter)
    page.locator("#progress-toggle").click()
    row = page.locator(f"#bulk-action-{action.pk}")
    expect(row).to_contain_text("In Queue")

    press(page, row.get_by_role("button", name="Cancel"))
    do(action.start)
    expect(row).to_contain_text("In Progress")
    page.mouse.up()

    expect(page.locator("#dialog")).to_be_visible()
