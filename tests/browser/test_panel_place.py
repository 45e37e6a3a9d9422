"""The open panel makes room for the page, and few keys lead from a selection to its Cancel."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from pipeline.workspaces.models import User, Workspace

from .conftest import Site, Visit, look

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = {1400: 900, 1024: 768, 768: 1024, 375: 812}
FEW = 15  # keys

COVERS = """(element) => {
  element.scrollIntoView({block: "center", behavior: "instant"});
  const box = element.getBoundingClientRect();
  const sheet = document.getElementById("progress-panel").getBoundingClientRect();
  const isApart = box.right <= sheet.left || box.bottom <= sheet.top || box.top >= sheet.bottom;
  const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return isApart && element.contains(hit) ? "" : `${element.textContent.trim()}: ${hit?.outerHTML}`;
}"""


def covered(controls: Locator) -> list[str]:
    """Which of them the open panel, or anything else, lies over when they are scrolled to."""
    visible = [one for one in controls.all() if one.is_visible()]
    assert visible
    return [found for one in visible if (found := one.evaluate(COVERS))]


@pytest.mark.parametrize("width", SIZES)
def test_the_open_panel_covers_nothing_that_one_needs(
    visit: Visit, owner: User, make_candidates: Any, start_move: Any, opening: Any, width: int
) -> None:
    make_candidates(60)
    for _ in range(8):
        start_move(opening.folders.get(name="Hired"))
    page = visit(owner, {"width": width, "height": SIZES[width]})
    page.emulate_media(color_scheme="light" if width in (1400, 768) else "dark")
    page.locator("#select-page").check()
    page.locator("#progress-toggle").click()
    panel = page.locator("#progress-panel")
    expect(panel.locator("li")).to_have_count(8)

    assert (
        covered(page.locator("#selection .btn, #filters input, #candidates .card-footer .btn"))
        == []
    )
    page.locator("#more-operations > summary").click()
    assert covered(page.locator("#more-operations button")) == []
    expect(page.locator("#panel-cancel-all")).to_be_in_viewport(ratio=1)
    # Not those of the actions: nobody works on them, and after a while each says so, with a link.
    stuck = panel.get_by_role("link", name="Something stuck? Contact support")
    expect(stuck).to_be_in_viewport(ratio=1)
    look(page, f"panel-beside-{width}")

    page.goto("/settings/")  # the panel stays open
    expect(panel).to_be_visible()
    assert covered(page.locator("main button, main .btn")) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_where_both_have_no_room_the_panel_gives_way_to_the_page(visit: Visit, owner: User) -> None:
    page = visit(owner, {"width": 350, "height": 300})  # 400 % of a usual window
    panel = page.locator("#progress-panel")
    page.locator("#progress-toggle").click()
    expect(panel).to_be_focused()

    page.locator("#content a").first.focus()
    expect(panel).to_be_hidden()

    page.locator("#progress-toggle").click()
    page.goto("/settings/")
    expect(panel).to_be_hidden()


def test_the_menu_of_actions_is_in_sight_below_a_short_list(
    visit: Visit, recruiter: User, make_candidates: Any
) -> None:
    make_candidates(1)
    page = visit(recruiter)
    page.locator("tbody input").check()
    page.locator("#more-operations > summary").click()

    page.get_by_role("button", name="Change labels", exact=True).click(timeout=10_000)
    expect(page.locator("#start-form")).to_be_visible()


def tabs_to(page: Page, wanted: str) -> int:
    """Tabs until the focus is on what `wanted` selects; many, if it never gets there."""
    for count in range(200):
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return count
        page.keyboard.press("Tab")
    return 200


def test_few_keys_lead_from_the_selection_to_the_action_and_from_its_start_to_cancel(
    visit: Visit, site: Site, recruiter: User, make_candidates: Any, opening: Any
) -> None:
    Workspace.objects.update(start_delay_seconds=60)
    make_candidates(43)
    page = visit(recruiter)
    page.locator("#select-page").focus()
    page.keyboard.press("Space")

    assert tabs_to(page, "#operations button") < FEW
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert tabs_to(page, "#operations button") < FEW  # back and forth
    page.keyboard.press("Enter")
    expect(page.locator("#start-form")).to_be_visible()
    page.locator("[name=to_folder]").select_option(label="Shortlisted")
    expect(page.locator("#start-preview")).to_contain_text("will be")
    page.locator("#start-submit").press("Enter")

    expect(page.locator("li[data-status=in_queue] [id$=-cancel]")).to_be_focused()
    expect(page.locator("#live-status")).to_contain_text("Started.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep running")).to_be_focused()


def test_b_leads_from_any_row_to_the_actions(
    visit: Visit, recruiter: User, make_candidates: Any
) -> None:
    make_candidates(5)
    page = visit(recruiter)
    page.locator("tbody input").nth(3).press("Space")
    page.keyboard.press("b")

    expect(page.locator("#operations button").first).to_be_focused()


def test_cancel_stays_where_it_is_when_something_failed(
    visit: Visit, recruiter: User, make_candidates: Any, opening: Any, start_move: Any
) -> None:
    """Told by the server's own fragment, as a push would bring it."""
    from notifications import live
    from pipeline.bulk_actions.models import BulkAction

    make_candidates(9)
    action = start_move(opening.folders.get(name="Hired"))
    action.start()
    page = visit(recruiter)
    page.locator("#progress-toggle").click()
    cancel = page.locator(f"#bulk-action-{action.pk}-cancel")
    before = cancel.bounding_box()

    shown = BulkAction.objects.for_rows().get(pk=action.pk)
    shown.changed, shown.failed = 3, 2
    html = live.html_of(shown, live.TICK[:1])
    page.evaluate(
        "([id, html]) => { document.getElementById(id).outerHTML = html }",
        [f"bulk-action-{action.pk}-progress", html],
    )

    expect(page.locator(".bulk-numbers")).to_contain_text("2 failed")
    assert cancel.bounding_box() == before
