"""Two agents at their desks, and a support member who looks for what became of a task."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Membership, User
from tests.chromium import Do
from tests.chromium import do as do
from tests.tasks.conftest import MakeTask
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task
from tests.tasks.conftest import no_limit as no_limit

from .conftest import PHONE, Site, Visit, live_desk, look

pytestmark = pytest.mark.django_db(transaction=True)
FAILED_REFETCH = """new Promise((done) => {
  addEventListener("htmx:afterRequest", () => setTimeout(done), { capture: true });
  htmx.trigger("#queue", "refetch");
})"""


@pytest.fixture
def tasks(make_task: MakeTask, campaign: Campaign, make_candidates: Any, do: Do) -> list[Task]:
    """Three that wait, of three people, in the order of the queue."""
    people = [make_candidates(1, full_name=name).get() for name in ("Mo Ali", "Eva Lind", "Jo Wu")]
    text = "When is the interview?"
    return [
        do(make_task, candidate=people[0], campaign=campaign, priority=4),
        do(make_task, TaskType.INBOUND_SMS, candidate=people[1], notes=text),
        do(make_task, TaskType.VOICEMAIL, candidate=people[2]),
    ]


def row(page: Page, task: Task) -> Any:
    return page.locator(f"#task-{task.pk}")


def test_one_accepts_one_cancels_and_support_finds_it(
    visit: Visit, agent: User, colleague: User, support: User, tasks: list[Task], tmp_path: Path
) -> None:
    call, text, voicemail = tasks
    mine, theirs = live_desk(visit, agent), live_desk(visit, colleague)
    look(mine, "desk")

    row(mine, call).get_by_role("button", name="Accept").click()
    mine.wait_for_url(f"**/tasks/{call.pk}/")
    expect(row(theirs, call)).to_have_count(0)
    expect(row(theirs, text)).to_be_visible()
    look(mine, "task")

    row(theirs, voicemail).get_by_role("link", name="Cancel").click()
    expect(theirs.get_by_label("Reason")).to_be_focused()
    theirs.get_by_role("button", name="Cancel this task").click()
    expect(theirs.locator("#dialog")).to_contain_text("Enter a reason")
    look(theirs, "task-cancel-dialog")
    theirs.get_by_label("Reason").fill("Called back already")
    theirs.get_by_role("button", name="Cancel this task").click()
    expect(theirs.locator("#messages")).to_contain_text("Canceled: Voicemail for Jo Wu.")
    expect(row(theirs, voicemail)).to_have_count(0)
    expect(theirs.locator("#dialog")).to_be_hidden()

    Membership.objects.filter(user=support).update(may_export=True)
    looking = visit(support)
    looking.goto("/tasks/")
    expect(row(looking, text)).to_be_visible()
    expect(looking.get_by_role("button", name="Accept")).to_have_count(0)
    find_in_the_past(looking, voicemail, tmp_path)


def find_in_the_past(page: Page, task: Task, folder: Path) -> None:
    page.get_by_role("link", name="Past tasks").click()
    page.wait_for_url("**/tasks/past/**")
    page.goto("/tasks/past/?state=canceled")
    expect(page.locator("#content")).to_contain_text("Jo Wu")
    expect(page.locator("#content")).to_contain_text("Called back already")
    expect(page.locator("#content")).to_contain_text("Ben Okafor")
    with page.expect_download() as downloading:
        page.get_by_role("link", name=re.compile("CSV")).click()
    file = folder / "past.csv"
    downloading.value.save_as(file)
    (only,) = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
    assert "Called back already" in only.values()
    assert "Ben Okafor" in only.values()


def test_what_comes_goes_and_is_released_is_seen_at_once_with_the_focus_kept(
    visit: Visit, agent: User, colleague: User, tasks: list[Task], make_task: MakeTask, do: Do
) -> None:
    call, text, voicemail = tasks
    page = live_desk(visit, agent)
    page.locator(f"#accept-{call.pk}").focus()

    do(call.accept, colleague)
    expect(row(page, call)).to_have_count(0)
    expect(page.locator(f"#accept-{text.pk}")).to_be_focused()
    expect(page.locator("#live-status")).to_have_text("A task was accepted or canceled.")
    new = do(make_task, TaskType.REMINDER, priority=4, due_at=tasks[0].created_at)
    expect(row(page, new)).to_be_visible()
    expect(page.locator(f"#accept-{text.pk}")).to_be_focused()
    do(call.release, colleague)
    expect(row(page, call)).to_be_visible()
    do(text.cancel, colleague, "Not needed")
    expect(page.locator(f"#accept-{voicemail.pk}")).to_be_focused()
    expect(page.locator("#strip-sms")).to_contain_text("1 canceled")


def test_who_comes_too_late_reads_who_was_faster(
    visit: Visit, agent: User, colleague: User, tasks: list[Task], do: Do
) -> None:
    page = live_desk(visit, agent)
    # Nobody tells the page: as when the click and the push cross.
    Task.objects.filter(pk=tasks[0].pk).update(
        state="assigned", agent=colleague, agent_name=str(colleague), accepted_at=tasks[0].queued_at
    )

    page.locator(f"#accept-{tasks[0].pk}").click()

    expect(page.locator("#messages")).to_contain_text("is not yours. Ben Okafor accepted it at")
    expect(row(page, tasks[0])).to_have_count(0)
    expect(page.locator(f"#accept-{tasks[1].pk}")).to_be_focused()


def test_an_open_task_that_is_taken_back_says_who_did_it_and_offers_the_next_one(
    visit: Visit, agent: User, admin_member: User, tasks: list[Task], do: Do
) -> None:
    do(tasks[0].accept, agent)
    page = visit(agent)
    page.goto(f"/tasks/{tasks[0].pk}/")
    expect(page.locator("#progress-panel")).to_have_attribute("data-live", "on")
    page.locator("#complete_notes").fill("She starts on Monday")

    do(tasks[0].withdraw, admin_member, "Hired elsewhere")

    expect(page.locator("#task-standing")).to_contain_text("Adam Nowak canceled it at")
    expect(page.get_by_role("button", name="Next task")).to_be_focused()
    expect(page.locator("#typed textarea")).to_have_value("She starts on Monday")
    look(page, "task-taken-back")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tasks/{tasks[1].pk}/")


def test_what_is_being_typed_stays_when_the_page_looks_and_nothing_changed(
    visit: Visit, agent: User, tasks: list[Task], do: Do
) -> None:
    do(tasks[0].accept, agent)
    page = visit(agent)
    page.goto(f"/tasks/{tasks[0].pk}/")
    page.locator("#complete_notes").fill("She starts")

    with page.expect_response(lambda one: one.request.headers.get("hx-trigger") == "task"):
        page.evaluate("htmx.trigger('#task', 'refetch')")
    page.keyboard.type(" on Monday")

    expect(page.locator("#complete_notes")).to_have_value("She starts on Monday")
    expect(page.locator("#typed")).to_be_hidden()


def test_the_lists_are_right_again_after_the_connection_was_away(
    visit: Visit, agent: User, colleague: User, tasks: list[Task], do: Do, site: Site
) -> None:
    page = live_desk(visit, agent)
    site.web.kill()
    Task.objects.filter(pk=tasks[0].pk).update(
        state="assigned", agent=colleague, agent_name=str(colleague), accepted_at=tasks[0].queued_at
    )
    expect(page.locator("#progress-panel")).not_to_have_attribute("data-live", "on")
    page.evaluate(FAILED_REFETCH)
    assert page.locator("#messages [role=alert]").count() == 0  # nobody asked for it

    site.web.start()

    expect(row(page, tasks[0])).to_have_count(0)
    expect(page.locator("#progress-panel")).to_have_attribute("data-live", "on")
    visit.complaints.clear()  # the browser's own words about the server that was away


def test_a_task_is_worked_off_on_a_phone(
    visit: Visit, agent: User, tasks: list[Task], candidate: Candidate
) -> None:
    page = live_desk(visit, agent, size=PHONE)
    page.emulate_media(color_scheme="dark")
    look(page, "desk-phone")
    page.get_by_role("button", name="Next task").click()
    page.wait_for_url(f"**/tasks/{tasks[0].pk}/")
    look(page, "task-phone")
    page.locator("#callback summary").click()
    look(page, "callback-phone")
    page.get_by_label("How it went").select_option("Reached")
    page.get_by_role("button", name="Complete, and next task").click()
    page.wait_for_url(f"**/tasks/{tasks[1].pk}/")

    page.goto("/tasks/new/")
    page.get_by_label("Who is the task for?").fill("Ing")
    page.get_by_role("link", name="Inger Svärd").click()
    look(page, "task-new-phone")
    page.get_by_label("Type").select_option("Manual Outbound Call")
    page.get_by_role("button", name="Create task").click()
    expect(page.locator("#messages")).to_contain_text("It is assigned to you.")
    page.goto("/tasks/")
    expect(page.locator("#mine li")).to_have_count(2)
    look(page, "desk-mine-phone")


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        pytest.param("light", 320, id="light-narrow"),
        pytest.param("dark", 1360, id="dark-wide", marks=pytest.mark.soak),
    ],
)
def test_nothing_needs_sideways_scrolling(
    visit: Visit,
    agent: User,
    tasks: list[Task],
    candidate: Candidate,
    scheme: Any,
    width: int,
    do: Do,
) -> None:
    do(tasks[0].accept, agent)
    page = visit(agent, {"width": width, "height": 860})
    page.emulate_media(color_scheme=scheme)
    for name, address in {
        "desk": "/tasks/",
        "desk-empty": "/tasks/?type=reminder",
        "task": tasks[0].get_absolute_url(),
        "task-waiting": tasks[1].get_absolute_url(),
        "task-new-for": "/tasks/new/?q=inger",
        "task-new": f"/tasks/new/?candidate={candidate.pk}",
        "task-cancel": f"/tasks/{tasks[0].pk}/cancel/",
        "task-release": f"/tasks/{tasks[0].pk}/release/",
    }.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        look(page, f"{name}-{scheme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
