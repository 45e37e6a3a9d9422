"""The one thing Belay exists for, with a colleague on a phone watching."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.candidates.models import Candidate, Opening
from pipeline.workspaces.models import User, Workspace

from .conftest import PHONE, Site, Visit, look

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("workers")]
PEOPLE = 1500  # one by one, with SLOWED: minutes, of which Cancel ends most
SLOWED = 0.05  # seconds: time to press Cancel on a fast machine too, which costs no work


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """People as a spreadsheet program of a German Windows would write them."""
    file = tmp_path / "people.csv"
    rows = [f"Zoë;Müller{n};zoe{n}@example.com;+44 7700 {900000 + n}" for n in range(PEOPLE)]
    text = "\r\n".join(["First name;Last name;E-mail;Phone", *rows, "No;Contact;;"])
    file.write_text(text, encoding="cp1252")
    return file


@contextmanager
def slow_moves() -> Iterator[None]:
    """The database takes its time for everybody who is moved."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM pg_sleep({SLOWED}); RETURN NULL; END $$;"
            "CREATE TRIGGER dawdle AFTER UPDATE ON candidates_candidate FOR EACH ROW"
            " EXECUTE FUNCTION dawdle()"
        )
        try:
            yield
        finally:
            cursor.execute("DROP TRIGGER dawdle ON candidates_candidate; DROP FUNCTION dawdle()")


def test_import_move_cancel_and_review_while_a_colleague_watches(
    visit: Visit,
    workspace: Workspace,
    opening: Opening,
    other_opening: Opening,
    make_candidates,
    recruiter: User,
    colleague: User,
    file: Path,
) -> None:
    workspace.start_delay_seconds = 2
    workspace.typed_number_from = 1  # for the undo, too, of however few
    workspace.save(update_fields=["start_delay_seconds", "typed_number_from"])
    for n in range(3):  # who can't be moved to where the import puts their namesakes
        make_candidates(1, opening=other_opening, email=f"zoe{n}@example.com")
    mine, theirs = visit(recruiter, by_form=True), visit(colleague, PHONE, by_form=True)
    theirs.goto("/bulk-actions/")
    look(theirs, "history-empty-phone")

    import_file(mine, file, opening)
    before = places()
    with slow_moves():
        order_move_of_everybody(mine, opening, "Shortlisted")
        row = mine.locator("li[id^=bulk-action-]")
        expect(row).to_have_attribute("data-status", "in_progress")
        look(mine, "panel-in-progress")
        theirs.locator("#progress-toggle").click()
        expect(theirs.locator("li[data-status=in_progress]")).to_be_visible()

        row.get_by_role("button", name="Cancel").click()
        expect(mine.get_by_role("button", name="Keep running")).to_be_focused()
        look(mine, "cancel-dialog")
        mine.get_by_role("button", name="Stop this action").click()

        expect(row).to_have_attribute("data-status", "canceled")
    sentence = row.locator(".bulk-numbers").inner_text()
    assert re.match(
        r"Canceled by Ana Ruiz at \d\d:\d\d: [\d,]+ done, 3 failed, [\d,]+ untouched", sentence
    )
    expect(theirs.locator("li[data-status=canceled] .bulk-numbers")).to_have_text(sentence)
    look(theirs, "panel-canceled-phone")

    action = BulkAction.objects.get()
    assert action.status == Status.CANCELED
    assert 0 < action.changed < PEOPLE
    row.get_by_role("link", name="Review").click()
    read_the_review(mine, action)
    undo(mine)
    assert places() == before


def places() -> list[tuple[int, ...]]:
    """Where everybody is, and whose."""
    return list(
        Candidate.objects.order_by("pk").values_list("pk", "opening", "folder", "recruiter")
    )


def import_file(page: Page, file: Path, opening: Opening) -> None:
    page.goto("/candidates/import/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Opening").select_option(label=opening.name)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("main")).to_contain_text("Zoë")
    look(page, "import-mapping")
    page.get_by_role("button", name="Start the import").click()
    expect(page.locator("[data-count=new]")).to_have_text(f"{PEOPLE:,}")
    expect(page.locator("[data-count=rejected]")).to_have_text("1")
    look(page, "import-done")


def order_move_of_everybody(page: Page, opening: Opening, folder: str) -> None:
    page.goto("/candidates/")
    page.get_by_label(re.compile("Select .*page")).check()
    page.get_by_role("button", name=re.compile("Select all .* match")).click()
    look(page, "candidates-all-selected")
    page.get_by_role("button", name="Move", exact=False).first.click()
    page.locator("[name=to_folder]").select_option(label=folder)
    expect(page.locator("#start-preview")).to_contain_text(
        "3: Already in Customer Support, Manila with"
    )
    look(page, "start-dialog")
    page.locator("[name=typed_number]").fill(f"{PEOPLE + 3}")
    page.locator("#start-submit").click()
    expect(page.locator("#progress-panel")).to_be_visible()
    expect(page.locator("li[id^=bulk-action-]")).to_be_visible()


def read_the_review(page: Page, action: BulkAction) -> None:
    """Done, failed and untouched are the numbers that the database has, and name the people."""
    expect(page.locator("main")).to_contain_text("Canceled by Ana Ruiz")
    page.locator("#progress-toggle").click()  # the panel stays open from page to page
    moved = Candidate.objects.filter(folder__name="Shortlisted").count()
    assert moved == action.changed
    for tab, count in (
        ("Done", action.changed),
        ("Failed", action.failed),
        ("Untouched", action.untouched),
    ):
        page.get_by_role("link", name=re.compile(rf"^{tab}")).click()
        expect(page.locator("main")).to_contain_text(f"{count:,}")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download CSV").click()
        lines = download.value.path().read_text("utf-8-sig").splitlines()
        assert len(lines) == 1 + count
        look(page, f"review-{tab.lower()}")


def undo(page: Page) -> None:
    """What was done, and only that; the two actions point at each other."""
    page.get_by_role("link", name="Undo what was done").click()
    expect(page.locator("#start-preview")).to_contain_text("will be restored")
    look(page, "undo-dialog")
    page.locator("[name=typed_number]").fill(f"{BulkAction.objects.get().changed}")
    page.locator("#start-submit").click()
    expect(page.locator("li[id^=bulk-action-]").first).to_have_attribute("data-status", "completed")
    expect(page.locator("#summary")).to_contain_text("Undone by Ana Ruiz")
    look(page, "review-undone")


def test_the_panel_is_right_again_after_daphne_was_restarted_under_an_open_page(
    visit: Visit, site: Site, make_candidates, opening: Opening, start_move, recruiter: User
) -> None:
    make_candidates(20)
    page = visit(recruiter)
    page.locator("#progress-toggle").click()
    expect(page.locator("#progress-panel")).to_contain_text("Live")
    page.evaluate("window.sameDocument = true")

    site.web.kill()
    action = start_move(opening.folders.get(name="Hired"))
    visit.complaints.clear()
    site.web.start()

    expect(page.locator(f"#bulk-action-{action.pk}")).to_have_attribute("data-status", "completed")
    assert page.evaluate("window.sameDocument")
    visit.complaints.clear()  # the connections that were refused meanwhile
