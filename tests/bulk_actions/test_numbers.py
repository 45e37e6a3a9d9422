"""The same number of the same thing wherever a bulk action is spoken of."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from notifications.models import Notice
from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.models.payload import payload_of
from pipeline.bulk_actions.operations import operation_of
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry

START, NEW = reverse("bulk_actions:history"), reverse("bulk_actions:new")

pytestmark = pytest.mark.django_db(transaction=True)  # what is told on commit is told


@pytest.fixture
def browser(recruiter: User, client_of: Any) -> Client:
    Workspace.objects.update(start_delay_seconds=0, typed_number_from=5)
    client: Client = client_of(recruiter)
    return client


@pytest.fixture
def order(opening: Opening, make_candidates: Any) -> dict[str, Any]:
    """A move of five, two of whom are there already."""
    there = opening.folders.get(kind="shortlisted")
    make_candidates(3)
    make_candidates(2, folder=there)
    return {
        "operation": "move_to_folder",
        "to_folder": there.pk,
        "select": "all",
        "key": uuid4(),
        "typed_number": "5",
    }


def words(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def test_from_the_button_to_the_audit_they_agree(browser, order, opening):
    dialog = words(browser.post(NEW, order).content.decode())
    browser.post(START, order)
    action = BulkAction.objects.get()
    lane.work_on(action.pk, 0)
    action.refresh_from_db()

    assert "5 candidates selected: all candidates" in dialog
    assert "3 will be moved; these will not: 2 : Already in Shortlisted." in dialog
    assert "Move 3 candidates" in dialog
    assert "Type 5 to confirm" in dialog
    row = words(render_to_string("bulk_actions/_row.html", {"action": action}))
    assert "5 selected" in row
    assert "3 done, 2 unchanged." in row
    review = words(browser.get(action.get_absolute_url()).content.decode())
    assert "for 5 selected candidates" in review
    assert "Moved 3 Unchanged 2 Failed 0 Untouched 0" in review
    assert "Done 3 Unchanged 2 Failed 0 Untouched 0" in review
    assert "Undo what was done (3)" in review
    history = words(browser.get(START).content.decode())
    assert "Selected Done Unchanged Failed Untouched" in history
    assert Notice.objects.get().text.endswith("Completed, 3 done, 2 unchanged.")
    assert AuditEntry.objects.get().subject == "Move to Shortlisted (5 selected)"
    counts = payload_of(action)
    assert [counts[name] for name in ("total", "changed", "unchanged")] == [5, 3, 2]
    undo = browser.get(NEW, {"of": action.pk, "select": "done"}).content.decode()
    assert "Restore 3 candidates" in words(undo)


def test_the_question_before_a_cancel_says_what_the_panel_says(browser, order, settings):
    settings.BULK_CHUNK_SIZE = 4
    browser.post(START, order)
    action = BulkAction.objects.get()
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    address = reverse("bulk_actions:cancel", args=[action.pk])

    question = words(browser.get(address).content.decode())
    every = words(browser.get(reverse("bulk_actions:cancel-all")).content.decode())
    browser.post(address)
    action.refresh_from_db()

    assert "3 candidates are already moved and stay moved. 1 is unchanged." in question
    assert "1 will not be touched." in question
    assert "4 of 5 3 candidates are already done and stay that way." in every
    assert "stay that way. 1 candidate will not be" in every
    row = words(render_to_string("bulk_actions/_row.html", {"action": action}))
    assert "5 selected" in row
    assert "3 done, 1 unchanged, 1 untouched." in row


def test_where_nobody_was_changed_the_sentence_says_so(browser, order, opening):
    order["folder"] = order["to_folder"]
    browser.post(START, order | {"typed_number": "2"})
    action = BulkAction.objects.get()
    lane.work_on(action.pk, 0)
    action.refresh_from_db()

    row = words(render_to_string("bulk_actions/_row.html", {"action": action}))

    assert "no candidate was moved, 2 unchanged." in row
