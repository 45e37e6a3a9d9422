"""The one settings page with a script of its own: folders put in order."""

import pytest
from playwright.sync_api import Page, expect

from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User

from .conftest import Visit, look

pytestmark = pytest.mark.django_db(transaction=True)


def shown(page: Page) -> list[str]:
    """The names as the page has them, from the top."""
    names: list[str] = page.locator("#folders .names input[name=name]").evaluate_all(
        "inputs => inputs.map(input => input.value)"
    )
    return names


def test_folders_are_put_in_order_by_keyboard_and_by_mouse(
    visit: Visit, owner: User, opening: Opening
) -> None:
    folders = {folder.name: folder.pk for folder in opening.folders.all()}
    page = visit(owner)
    page.goto(f"/settings/openings/{opening.pk}/")

    up = page.locator(f"#up-{folders['Shortlisted']}")
    up.focus()
    for place in (1, 0):
        page.keyboard.press("Enter")
        expect(page.locator("#folders .names li").nth(place)).to_have_id(
            f"folder-{folders['Shortlisted']}"
        )
        expect(up).to_be_focused()
    expect(page.locator("#live-status")).to_contain_text("The order now is Shortlisted, Inbox")

    with page.expect_response("**/order/"):
        page.locator(f"#folder-{folders['Hired']} .handle").drag_to(
            page.locator(f"#folder-{folders['Inbox']} .handle")
        )
    page.reload()

    assert shown(page)[:4] == ["Shortlisted", "Hired", "Inbox", "Completed"]
    assert list(opening.folders.values_list("name", flat=True)) == shown(page)
    look(page, "settings-opening")
