"""A person at work while PostgreSQL goes away and comes back: nothing typed is lost."""

from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Opening
from pipeline.tasks.models import Task
from pipeline.workspaces.models import User
from tests import servers
from tests.chromium import Do
from tests.chromium import do as do
from tests.tasks.conftest import MakeTask
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task

from .conftest import PHONE, Visit, look

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "She has already been hired & starts on Monday"


def test_pages_come_back_by_themselves_and_a_dialog_keeps_what_was_typed(
    visit: Visit, agent: User, make_task: MakeTask, make_candidates: Any, do: Do
) -> None:
    task = do(make_task)
    make_candidates(1, full_name="Zoltan Quist")
    people = visit(agent)
    people.emulate_media(color_scheme="dark")
    dialog = with_open_dialog(people.context.new_page())
    page = people.context.new_page()
    page.set_viewport_size(PHONE)

    away()
    try:
        people.get_by_role("searchbox").fill("zolt")
        people.keyboard.press("Enter")
        expect(people.locator("#outage")).to_contain_text("try again automatically")
        look(people, "outage-banner")
        page.goto("/tasks/")
        expect(page.locator("h1")).to_have_text("Back in a moment")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        look(page, "outage-page")
        dialog.get_by_label("Reason").fill(REASON)
        dialog.get_by_role("button", name="Cancel this task").click()
        expect(dialog.locator("#dialog [role=alert]")).to_contain_text("still here")
        look(dialog, "outage-dialog")
        expect(dialog.get_by_label("Reason")).to_have_value(REASON)
    finally:
        assert servers.postgres
        servers.postgres.start()
        servers.postgres.wait_until_ready()

    expect(people.locator("#candidates tbody tr")).to_have_count(1)
    expect(people.locator("#outage")).to_be_empty()
    expect(page.locator("h1")).to_have_text("Tasks")
    dialog.get_by_role("button", name="Cancel this task").click()
    expect(dialog.locator("#dialog")).to_be_hidden()
    assert Task.objects.get(pk=task.pk).cancel_reason == REASON
    visit.complaints[:] = [said for said in visit.complaints if "503" not in said]


def test_what_is_too_much_at_once_is_said_where_the_person_looks(
    visit: Visit, agent: User, make_task: MakeTask, do: Do
) -> None:
    do(make_task)
    page = with_open_dialog(visit(agent))
    reason = page.get_by_label("Reason")
    reason.evaluate(
        "field => { field.removeAttribute('maxlength'); field.value = 'x'.repeat(4e6) }"
    )

    page.get_by_role("button", name="Cancel this task").click()

    expect(page.locator("#dialog [role=alert]")).to_contain_text("Send less: a shorter text")
    look(page, "too-much-dialog")
    page.keyboard.press("Escape")
    page.evaluate("htmx.ajax('POST', '/tasks/', {values: {text: 'x'.repeat(4e6)}})")
    expect(page.locator("#messages [role=alert]")).to_contain_text("Send less: a shorter text")
    visit.complaints[:] = [said for said in visit.complaints if "413" not in said]


def test_a_stop_is_tried_again_until_it_is_answered(
    visit: Visit, recruiter: User, make_candidates: Any, opening: Opening, start_move: Any, do: Do
) -> None:
    make_candidates(2)
    action: BulkAction = do(start_move, opening.folders.get(name="Hired"))
    page = visit(recruiter)
    page.locator("#progress-toggle").click()
    row = page.locator(f"#bulk-action-{action.pk}")
    row.get_by_role("button", name="Cancel").click()
    stop = page.locator("#dialog").get_by_role("button", name="Stop this action")
    expect(stop).to_be_visible()

    away()
    try:
        stop.click()
        alert = page.locator("#dialog [role=alert]")
        expect(alert).to_contain_text("try again automatically")
        look(page, "outage-stop")
    finally:
        assert servers.postgres
        servers.postgres.start()
        servers.postgres.wait_until_ready()

    expect(row).to_contain_text("Canceled")
    expect(page.locator("#dialog")).to_be_hidden()
    visit.complaints[:] = [said for said in visit.complaints if "503" not in said]


def with_open_dialog(page: Page) -> Page:
    page.goto("/tasks/")
    page.locator("#queue").get_by_role("link", name="Cancel").click()
    expect(page.locator("#dialog")).to_be_visible()
    return page


def away() -> None:
    """PostgreSQL is stopped, and this process keeps no connection to it."""
    assert servers.postgres
    connection.close()
    servers.postgres.stop("immediate")
