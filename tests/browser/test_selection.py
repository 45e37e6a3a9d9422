"""What a selection holds beside what is in sight: hidden by a filter, or better left alone."""

import pytest
from playwright.sync_api import Route, expect

from pipeline.candidates.models import FolderKind
from pipeline.workspaces.models import User

from .conftest import Visit, look

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]


def test_the_hidden_are_named_and_the_hired_are_left_out_until_the_box_is_ticked(
    visit: Visit, recruiter: User, opening, make_candidates
) -> None:
    make_candidates(2, full_name="Ada Lovelace")
    make_candidates(1, full_name="Grace Hopper", folder=opening.folders.get(kind=FolderKind.HIRED))
    page = visit(recruiter)
    page.goto("/candidates/")
    page.get_by_label("Select all on this page").check()
    expect(page.locator("#selection-hidden")).to_be_empty()

    page.locator("#id_q").fill("Ada")

    sentence = "1 of the 3 selected is hidden by the current filter."
    expect(page.locator("#selection-hidden")).to_have_text(sentence)
    page.locator("#id_q").fill("")
    expect(page.locator("#selection-hidden")).to_be_empty()
    page.locator("#id_q").fill("Ada")
    expect(page.locator("#selection-hidden")).to_have_text(sentence)
    page.get_by_role("button", name="Hold", exact=True).click()
    expect(page.locator("#hidden-selected")).to_have_text(sentence)
    expect(page.locator("#decided")).to_have_text("1 is Hired. This candidate will be left out.")
    expect(page.locator("#start-submit")).to_have_text("Hold 2 candidates")
    expect(
        page.locator("#dialog-title")
    ).to_be_focused()  # nobody is included by one press of Space
    counting = page.get_by_text("Counting…")
    expect(counting).to_be_hidden()

    def answer_once_it_counts(route: Route) -> None:
        expect(counting).to_be_visible()
        route.continue_()

    page.route("**/bulk-actions/new/", answer_once_it_counts)
    page.get_by_label("Include them").check()
    expect(page.locator("#start-submit")).to_have_text("Hold 3 candidates")
    expect(page.get_by_label("Include them")).to_be_focused()
    page.get_by_label("Include them").uncheck()
    expect(page.locator("#start-submit")).to_have_text("Hold 2 candidates")
    expect(page.locator("#hidden-selected")).to_have_text(sentence)
    look(page, "left-out")
