"""Each operation, from a selection to its review, as a recruiter does it."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.bulk_actions.operations import OPERATIONS
from pipeline.candidates.models import RejectReason
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import User, Workspace
from tests.bulk_actions.messages import template as template
from tests.journeys.conftest import make_journey as make_journey

from .conftest import Visit, look

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("workers")]


def choose(name: str, label: str) -> Callable[[Page], object]:
    return lambda page: page.locator(f"#dialog [name={name}]").select_option(label=label)


def tick(name: str, which: str = "") -> Callable[[Page], object]:
    return lambda page: page.locator(f"#dialog [name={name}]{which}").first.check()


def write(name: str, text: str) -> Callable[[Page], object]:
    return lambda page: page.locator(f"#dialog [name={name}]").fill(text)


def nothing(page: Page) -> None:
    """It has no options, or good ones to begin with."""


# How the dialog of each is answered, in an order in which each finds something to do.
ANSWERS: dict[str, Callable[[Page], object]] = {
    "move_to_folder": choose("to_folder", "Completed"),
    "send_message": choose("template", "Invitation"),
    "shortlist": nothing,
    "hold": nothing,
    "reject": tick("reasons"),
    "hire": nothing,
    "assign_recruiter": choose("to_recruiter", "Ana Ruiz"),
    "change_labels": choose("add_labels", "German"),
    "set_attribute": lambda page: (write("attribute", "City")(page), write("value", "Leeds")(page)),
    "create_application": choose("to_opening", "Warehouse, Leeds"),
    "create_tasks": choose("task_type", "Outbound Call"),
    "cancel_tasks": tick("task_types", "[value=outbound_call]"),
    "start_journey": choose("into_journey", "Converted customers"),
    "stop_runs": choose("from_journey", "Converted customers"),
    "share_with_reviewer": write("reviewer", "reviewer@example.com"),
    "export": nothing,
}


# Whose reviews have parts that no other's has; with --soak all of them.
LOOKED_AT = {"move_to_folder", "send_message", "create_tasks", "start_journey", "export"}


def test_every_operation_from_selection_to_review(
    request: pytest.FixtureRequest,
    visit: Visit,
    workspace: Workspace,
    other_opening,
    labels,
    template,
    recruiter: User,
    make_candidates,
    make_journey,
) -> None:
    Workspace.objects.update(start_delay_seconds=0)
    make_journey(("wait", {"kind": "time", "number": 3, "unit": "days"}))
    RejectReason.objects.create(workspace=workspace, name="No permit")
    make_candidates(3, created_at=timezone.now())
    page = visit(recruiter)

    for key, answer in ANSWERS.items():
        order(page, key, answer)
        action = BulkAction.objects.latest("pk")
        row = page.locator(f"#bulk-action-{action.pk}")
        expect(row).to_have_attribute("data-status", "completed")
        row.get_by_role("link", name="Review").click()
        expect(page.locator("#summary")).to_contain_text("3 done")
        page.get_by_role("button", name="Close progress").click()
        if key in LOOKED_AT or request.config.getoption("--soak"):
            look(page, f"review-of-{key}")

    assert {key for key, kind in OPERATIONS.items() if not kind.is_follow_up} == ANSWERS.keys()
    assert set(BulkAction.objects.values_list("status", flat=True)) == {Status.COMPLETED}


def test_all_runs_of_a_journey_are_stopped_from_its_page(
    visit: Visit, recruiter: User, make_candidates, make_journey
) -> None:
    Workspace.objects.update(start_delay_seconds=0)
    journey = make_journey(("wait", {"kind": "time", "number": 3, "unit": "days"}))
    enroll(journey.version, [one.pk for one in make_candidates(3)], "By hand")
    page = visit(recruiter)
    page.goto(f"/journeys/{journey.pk}/runs/")

    page.get_by_role("link", name="Stop all runs…").click()
    expect(page.locator("#start-preview")).to_contain_text("3 will be taken out of the journey")
    page.get_by_label("Reason (optional)").fill("A mistake")
    look(page, "stop-all-runs")
    page.get_by_role("button", name="Stop the runs of 3 candidates").click()

    row = page.locator("#progress-panel li[data-status]")
    expect(row).to_have_attribute("data-status", "completed", timeout=60_000)
    page.goto(f"/candidates/?journey={journey.pk}")
    expect(page.locator("#id_journey")).to_have_value(str(journey.pk))
    expect(page.locator("tbody tr")).to_have_count(0)
    look(page, "in-journey")
    page.locator("#id_journey").select_option(label="Any journey")
    expect(page.locator("tbody tr")).to_have_count(3)


def order(page: Page, key: str, answer: Callable[[Page], object]) -> None:
    page.goto("/candidates/?q=person")
    boxes = page.locator("tbody input[type=checkbox]")
    for number in range(3):
        boxes.nth(boxes.count() - 1 - number).check()  # the oldest: not their copies
    button = page.get_by_role("button", name=OPERATIONS[key].label, exact=True)
    if not button.is_visible():
        page.locator("summary", has_text="More").click()
    button.click()
    expect(page.locator("#start-submit")).to_be_visible()
    answer(page)
    page.locator("#dialog-title").click()  # leaves the field: the preview is asked for
    expect(page.locator("#start-preview")).to_contain_text("will be")
    page.locator("#start-submit").click()
    expect(page.locator("#progress-panel")).to_be_visible()
    expect(page.locator("#start-submit")).to_be_hidden()
