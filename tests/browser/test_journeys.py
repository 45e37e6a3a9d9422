"""From nothing to work that is taken back: a recruiter draws a journey, an agent sees it act."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pipeline.candidates.models import Candidate, Label
from pipeline.journeys.models import Journey
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace
from tests.chromium import Do
from tests.chromium import do as do
from tests.journeys.definitions import definition
from tests.tasks.conftest import MakeTask
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task
from tests.tasks.conftest import no_limit as no_limit

from .conftest import PHONE, SERIALIZER, Site, Visit, live_desk, look

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def converted(workspace: Workspace) -> Label:
    Workspace.objects.update(start_delay_seconds=0)
    return Label.objects.create(workspace=workspace, name="Converted")


@pytest.mark.usefixtures("workers")
def test_a_journey_from_nothing_takes_back_the_calls_of_who_was_converted(
    site: Site,
    visit: Visit,
    recruiter: User,
    agent: User,
    support: User,
    candidate: Candidate,
    converted: Label,
    make_task: MakeTask,
    make_candidates: Any,
    do: Do,
) -> None:
    site.run("rqworker", "journeys", *SERIALIZER)
    other = make_candidates(1, full_name="Mo Ali").get()
    accepted, call, callback, text = (
        do(make_task, type)
        for type in (
            TaskType.OUTBOUND_CALL,
            TaskType.OUTBOUND_CALL,
            TaskType.ASAP_CALLBACK,
            TaskType.INBOUND_SMS,
        )
    )
    others = do(make_task, candidate=other)
    do(accepted.accept, agent)
    desk = live_desk(visit, agent)
    page = visit(recruiter)

    build(page, "Converted customers")
    preview = page.locator("#previews")
    expect(preview).to_contain_text("Would cancel 3 waiting tasks of 2 candidates now")
    look(page, "journey-publish")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#messages")).to_contain_text("Version 1 is live")
    label(page, "Inger", "Converted")

    for task in (call, callback):
        expect(desk.locator(f"#task-{task.pk}")).to_have_count(0)
    expect(desk.locator(f"#task-{text.pk}")).to_be_visible()
    expect(desk.locator(f"#task-{others.pk}")).to_be_visible()
    expect(desk.locator(f"#mine-{accepted.pk}")).to_be_visible()
    journey = Journey.objects.get()
    page.goto(journey.get_absolute_url())
    expect(page.locator("#block-b1")).to_contain_text("1 passed")
    look(page, "journey-live")
    looking = visit(support)
    find(looking, journey, [call, callback])


def build(page: Page, name: str) -> None:
    """With the mouse: the trigger, one block, its types, and the preview beside them."""
    page.goto("/journeys/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create draft").click()
    expect(page.locator("#problems")).to_contain_text("1 problem")
    page.locator("#open-trigger").click()
    page.get_by_label("A label is added").check()
    page.locator("#id_label").select_option(label="Converted")
    page.locator("#panel").get_by_role("button", name="Save").click()
    expect(page.locator("#open-trigger")).to_have_text("The label “Converted” is added")
    expect(page.locator("#open-trigger")).to_be_focused()
    page.get_by_role("link", name="Add the first block").click()
    page.locator("#add-cancel_task").click()
    expect(page.locator("#panel-title")).to_have_text("Cancel Task")
    expect(page.get_by_label("Campaign", exact=True).and_(page.locator("select"))).to_be_hidden()
    page.get_by_label("Outbound Call").check()
    page.get_by_label("ASAP Callback").check()
    expect(page.locator("#preview")).to_contain_text("1 ASAP Callback")
    look(page, "journey-editor")
    page.locator("#panel").get_by_role("button", name="Save").click()
    expect(page.locator("#open-b1")).to_be_focused()
    expect(page.locator("#problems")).to_have_count(0)
    page.get_by_role("link", name="Publish…").click()


def label(page: Page, person: str, name: str) -> None:
    page.goto(f"/candidates/?q={person}")
    page.locator("tbody input[type=checkbox]").first.check()
    button = page.get_by_role("button", name="Change labels", exact=True)
    if not button.is_visible():
        page.locator("summary", has_text="More").click()
    button.click()
    page.locator("#dialog [name=add_labels]").select_option(label=name)
    page.locator("#dialog-title").click()  # leaves the field: the preview is asked for
    expect(page.locator("#start-preview")).to_contain_text("will be")
    page.locator("#start-submit").click()
    expect(page.locator("#start-submit")).to_be_hidden()


def find(page: Page, journey: Journey, tasks: list[Task]) -> None:
    """As support does: among the canceled past tasks, and from there to the journey."""
    page.goto(f"/tasks/past/?state=canceled&journey={journey.pk}")
    found = page.locator("#past")
    expect(found).to_contain_text(f"Journey {journey.pk} “{journey.name}” v1")
    expect(found.locator("tbody tr")).to_have_count(len(tasks))
    page.goto(journey.get_absolute_url())
    expect(page.locator("h1")).to_have_text(journey.name)


def test_the_editor_by_keyboard_keeps_the_focus(
    visit: Visit, recruiter: User, workspace: Workspace
) -> None:
    draft = definition(b1=("wait", None, {"kind": "time", "number": 3, "unit": "days"}))
    journey = Journey.objects.create(
        workspace=workspace, name="Calls", draft=draft.as_json(), created_by=recruiter
    )
    page = visit(recruiter)
    page.goto(f"/journeys/{journey.pk}/edit/")

    page.locator("[id='add-b1.next']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    page.locator("#add-exit").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_have_text("Exit")
    page.keyboard.press("Escape")
    expect(page.locator("#open-b2")).to_be_focused()
    page.locator("#open-b1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#id_number")).to_have_value("3")
    page.locator("#id_number").fill("")
    page.keyboard.press("Enter")
    expect(page.locator("#id_number")).to_be_focused()
    expect(page.locator("#panel")).to_contain_text("Enter how long to wait.")
    assert "422" in visit.complaints.pop()  # the console tells of every refused form
    page.locator("#id_number").fill("5")
    page.keyboard.press("Enter")
    expect(page.locator("#open-b1")).to_be_focused()
    expect(page.locator("#open-b1")).to_have_text("5 days")
    expect(page.locator("#undo")).to_have_text("Undo: Changed Wait")
    page.locator("#undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#open-b1")).to_have_text("3 days")
    expect(page.locator("#undo")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_large_journey_on_a_phone(
    visit: Visit, recruiter: User, workspace: Workspace, scheme: Any
) -> None:
    draft = definition(
        b1=("split", {"a": "b2", "b": "b3"}, {"shares": [50, 50]}),
        b2=("wait", "b4", {"kind": "time", "number": 3, "unit": "days"}),
        b3=("create_task", "b4", {"type": "outbound_call"}),
        b4=("cancel_task", None, {"scope": "campaign"}),
    )
    journey = Journey.objects.create(
        workspace=workspace, name="Calls", draft=draft.as_json(), created_by=recruiter
    )
    page = visit(recruiter, PHONE)
    page.emulate_media(color_scheme=scheme)

    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"/journeys/{journey.pk}/edit/")
        look(page, f"journey-phone-{scheme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("#open-b4").click()
        expect(page.locator("#block-form")).to_be_visible()
        expect(page.locator("#panel-close")).to_be_in_viewport()
        look(page, f"journey-sheet-{scheme}-{width}")
        page.locator("#panel-close").click()
        expect(page.locator("#open-b4")).to_be_focused()
