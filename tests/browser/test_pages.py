"""Every page, light and dark, wide and as narrow as 400 % zoom makes it, before axe."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pipeline.bulk_actions.engine import lane
from pipeline.candidates.models import Candidate, Label, Opening
from pipeline.journeys.models import Journey
from pipeline.outreach.models import Campaign
from pipeline.workspaces.models import User, Workspace
from tests.bulk_actions.messages import template as template
from tests.journeys.definitions import definition
from tests.tasks.conftest import campaign as campaign

from .conftest import DESKTOP, PHONE, Visit, look

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def addresses(make_candidates, labels: list[Label], opening: Opening, start_move) -> dict[str, str]:
    """Name and address of each page, with something on it."""
    make_candidates(60)
    candidate = Candidate.objects.latest("pk")
    candidate.labels.set(labels)
    action = start_move(opening.folders.get(name="Hired"))
    lane.work_on(action.pk, 0)
    return {
        "candidates": f"/candidates/?opening={opening.pk}",
        "nobody-found": "/candidates/?q=zzzz",
        "profile": candidate.get_absolute_url(),
        "tasks": "/tasks/",
        "past-tasks": "/tasks/past/",
        "import": "/candidates/import/",
        "new": f"/bulk-actions/new/?operation=change_labels&candidate={candidate.pk}",
        "history": "/bulk-actions/",
        "review": action.get_absolute_url(),
        "review-failed": f"{action.get_absolute_url()}?result=failed",
        "cancel": f"/bulk-actions/{action.pk}/cancel/",
    }


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        pytest.param("light", DESKTOP, id="light-wide"),
        pytest.param("dark", NARROW, id="dark-narrow"),
        pytest.param("light", NARROW, id="light-narrow", marks=pytest.mark.soak),
        pytest.param("dark", DESKTOP, id="dark-wide", marks=pytest.mark.soak),
    ],
)
def test_axe_finds_nothing_serious_and_nothing_needs_sideways_scrolling(
    visit: Visit, recruiter: User, addresses: dict[str, str], scheme: Any, size
) -> None:
    page = visit(recruiter, size)
    page.emulate_media(color_scheme=scheme)
    look_at_all(page, addresses, f"{scheme}-{size['width']}")

    page.locator("#progress-toggle").click()
    look(page, f"panel-{scheme}-{size['width']}")
    page.context.clear_cookies()
    page.goto("/login/")
    look(page, f"login-{scheme}-{size['width']}")


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        pytest.param("dark", NARROW, id="dark-narrow"),
        pytest.param("light", DESKTOP, id="light-wide", marks=pytest.mark.soak),
    ],
)
def test_so_it_is_on_the_owners_pages(
    visit: Visit,
    owner: User,
    opening: Opening,
    labels,
    template,
    campaign: Campaign,
    scheme: Any,
    size,
) -> None:
    names = [
        "settings",
        "members",
        "openings",
        "labels",
        "reject-reasons",
        "templates",
        "messages",
        "tasks",
        "skills",
        "events",
        "webhooks",
        "audit",
    ]
    addresses = {name: f"/settings/{name}/" for name in names} | {
        "settings": "/settings/",
        "opening": f"/settings/openings/{opening.pk}/",
        "template": f"/settings/templates/{template.pk}/",
        "notices": "/notifications/",
        "campaigns": "/campaigns/",
        "campaign": campaign.get_absolute_url(),
        "campaign-new": "/campaigns/new/",
        "campaign-pause": f"/campaigns/{campaign.pk}/pause/",
        "cancel-all": "/bulk-actions/cancel-all/",
    }
    page = visit(owner, size)
    page.emulate_media(color_scheme=scheme)
    look_at_all(page, addresses, f"{scheme}-{size['width']}")


def look_at_all(page: Page, addresses: dict[str, str], how: str) -> None:
    for name, address in addresses.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        look(page, f"{name}-{how}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_on_a_phone_each_value_is_beside_its_name(
    visit: Visit, recruiter: User, workspace: Workspace, make_candidates
) -> None:
    Journey.objects.create(
        workspace=workspace, name="Calls", draft=definition().as_json(), created_by=recruiter
    )
    make_candidates(1)
    page = visit(recruiter, PHONE)
    without = page.locator("td.is-empty[data-label=Labels]")
    expect(without).to_have_count(1)
    expect(without).to_be_hidden()
    page.goto("/journeys/")

    values = page.locator("td[data-label] > .cell").evaluate_all(
        "cells => cells.map(cell => { const range = document.createRange();"
        " range.selectNodeContents(cell); return Math.round(range.getBoundingClientRect().x) })"
    )
    assert len(values) == 6
    assert len(set(values)) == 1


def test_an_action_is_ordered_and_stopped_by_keyboard_alone(
    visit: Visit, workspace, recruiter: User, make_candidates, opening: Opening
) -> None:
    workspace.start_delay_seconds = 60  # the keyboard takes its time
    workspace.save(update_fields=["start_delay_seconds"])
    make_candidates(400)
    page = visit(recruiter)

    tab_to(page, "Select all on this page")
    page.keyboard.press("Space")
    tab_to(page, "Move to folder")
    page.keyboard.press("Enter")
    expect(page.locator("[name=to_folder]")).to_be_focused()
    page.keyboard.type("Hired")
    tab_to(page, "Move 50 candidates")
    page.keyboard.press("Enter")
    expect(page.locator("#progress-panel")).to_be_visible()
    tab_to(page, "Cancel Move to Hired")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep running")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    row = page.locator("li[id^=bulk-action-]")
    expect(row).to_have_attribute("data-status", "canceled")
    expect(row.get_by_role("link", name="Review")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#progress-panel")).to_be_hidden()
    expect(page.locator("#progress-toggle")).to_be_focused()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has that name has the focus, as somebody without a mouse does."""
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') ||"
            " document.activeElement.textContent).replace(/\\s+/g, ' ').trim()"
        )
        if focused == name:
            return
    raise AssertionError(f"Tab never leads to {name!r}")
