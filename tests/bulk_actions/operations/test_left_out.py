"""Who is Hired or already Rejected is not rejected, held or given up unnoticed."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.followups import on_offer
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.bulk_actions.pages.outcome_lists import OutcomeList, Which
from pipeline.bulk_actions.pages.timeline import outcomes
from pipeline.candidates.models import Candidate, Folder, FolderKind, Opening
from pipeline.outreach import optouts
from pipeline.outreach.models import Channel, MessageLimit
from pipeline.workspaces.models import Workspace
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import template as template
from tests.providers import fast as fast
from tests.providers import mail_server as mail_server

START, NEW = reverse("bulk_actions:history"), reverse("bulk_actions:new")


def folder(opening: Opening, kind: FolderKind) -> Folder:
    return opening.folders.get(kind=kind)


@pytest.fixture(autouse=True)
def people(make_candidates: Any, opening: Opening) -> None:
    """Three in the inbox, two hired, one rejected."""
    Workspace.objects.update(start_delay_seconds=0)
    make_candidates(3)
    make_candidates(2, folder=folder(opening, FolderKind.HIRED))
    make_candidates(1, folder=folder(opening, FolderKind.REJECTED))


@pytest.fixture
def browser(recruiter: Any, client_of: Any) -> Client:
    client: Client = client_of(recruiter)
    return client


@pytest.fixture(params=["hold", "reject", "reject with a message", "no_response", "on_hold"])
def answers(request: Any, opening: Opening, reasons: Any, template: Any) -> dict[str, Any]:
    """What the dialog posts for each operation that leaves them out."""
    if request.param == "hold":
        return {"operation": "hold"}
    if request.param in ("no_response", "on_hold"):
        to = folder(opening, FolderKind(request.param)).pk
        return {"operation": "move_to_folder", "to_folder": to}
    message = {"message": template.pk} if "message" in request.param else {}
    return {"operation": "reject", "reasons": reasons[0].pk, **message}


def ordered(browser: Client, answers: dict[str, Any], **more: Any) -> tuple[Any, BulkAction]:
    """The preview, and the action that came of the same answers."""
    data = {"select": "all", "key": uuid4(), **answers, **more}
    preview = browser.post(NEW, data).context["order"].preview
    browser.post(START, data)
    return preview, BulkAction.objects.latest("pk")


def finish(action: BulkAction) -> BulkAction:
    lane.work_on(action.pk, 0)
    action.refresh_from_db()
    return action


def hired() -> int:
    return Candidate.objects.filter(folder__kind=FolderKind.HIRED).count()


@pytest.mark.usefixtures("fast", "as_fast_as_possible")
def test_they_are_counted_in_the_preview_and_left_out(browser, answers, recruiter, mail_server):
    preview, action = ordered(browser, answers)
    finish(action)

    assert (
        preview.decided.sentence == "2 are Hired and 1 is already Rejected. They will be left out."
    )
    assert preview.changes == action.changed == 3
    assert (action.status, action.unchanged, action.failed) == (Status.COMPLETED, 3, 0)
    assert hired() == 2
    assert mail_server.count == (3 if "message" in answers else 0)
    assert sorted(action.outcomes.filter(result=2).values_list("reason", flat=True)) == [
        *["left_out:hired"] * 2,
        "left_out:rejected",
    ]
    assert [str(offer) for offer in on_offer(action, recruiter)] == ["done"]


@pytest.mark.usefixtures("fast", "as_fast_as_possible")
def test_ticked_they_are_taken_along(browser, answers, mail_server):
    preview, action = ordered(browser, answers, include_decided=["", "on"])
    finish(action)

    assert (
        preview.decided.sentence == "2 are Hired and 1 is already Rejected. They will be included."
    )
    assert preview.changes == action.changed == 6
    assert hired() == 0
    assert mail_server.count == (6 if "message" in answers else 0)


def test_who_is_hired_between_the_order_and_the_chunk_is_left_out(
    browser, answers, opening, mail_server
):
    _, action = ordered(browser, answers)
    late = Candidate.objects.filter(folder=opening.inbox)[:1].get()
    Candidate.objects.filter(pk=late.pk).update(folder=folder(opening, FolderKind.HIRED))

    finish(action)

    assert hired() == 3
    assert late.email not in mail_server.by_recipient
    assert action.outcomes.get(candidate=late.pk).reason == "left_out:hired"


@pytest.mark.usefixtures("fast", "as_fast_as_possible")
def test_who_cant_be_written_to_either_is_left_out_first(
    browser, opening, workspace, reasons, template, make_candidates, mail_server
):
    there = folder(opening, FolderKind.HIRED)
    make_candidates(1, folder=there, email="")
    optouts.opt_out(workspace, Channel.EMAIL, make_candidates(1, folder=there)[0].email)
    make_candidates(1, email="")
    MessageLimit.objects.update(number=2)
    answers = {"operation": "reject", "reasons": reasons[0].pk, "message": template.pk}

    preview, action = ordered(browser, answers)
    finish(action)

    assert (preview.decided.hired, preview.changes) == (4, action.changed) == (4, 2)
    assert action.status == Status.HALTED
    assert not action.outcomes.failed().exclude(reason__startswith="Has no e-mail").exists()
    assert hired() == 4


def test_across_openings_they_are_left_out_too(browser, other_opening, opening, make_candidates):
    to = folder(other_opening, FolderKind.NO_RESPONSE)
    answers = {"operation": "move_to_folder", "to_folder": to.pk}

    preview, action = ordered(browser, answers)
    finish(action)

    assert (preview.changes, action.changed, action.unchanged, action.failed) == (3, 3, 3, 0)
    assert hired() == 2


@pytest.mark.parametrize("kind", ["shortlisted", "hired", "completed"])
def test_into_other_folders_everybody_goes_as_before(browser, opening, kind):
    answers = {"operation": "move_to_folder", "to_folder": folder(opening, FolderKind(kind)).pk}

    preview, action = ordered(browser, answers)

    assert preview.decided is None
    assert finish(action).changed == (4 if kind == "hired" else 6)


def test_the_untouched_are_run_as_it_was_ordered(browser, opening, recruiter, settings):
    settings.BULK_CHUNK_SIZE = 1
    _, action = ordered(browser, {"operation": "hold"}, include_decided="on")
    action.cancel(by=recruiter)

    dialog = browser.get(NEW, {"of": action.pk, "select": "untouched"})

    assert dialog.context["order"].preview.decided.are_included
    unticked = {"of": action.pk, "select": "untouched", "include_decided": ""}
    assert not browser.post(NEW, unticked).context["order"].preview.decided.are_included


def test_the_review_and_the_profile_say_why(browser, recruiter):
    _, action = ordered(browser, {"operation": "hold"})
    finish(action)

    reasons = {row.reason for row in OutcomeList(action, Which.DONE, recruiter)}
    somebody = Candidate.objects.filter(folder__kind=FolderKind.HIRED)[0]

    assert reasons == {"", "Left out: is Hired.", "Left out: is already Rejected."}
    assert "Hold: left out: is Hired" in {event.text for event in outcomes(somebody, recruiter)}


def test_the_dialog_has_the_box_only_where_somebody_is_left_out(browser, opening):
    with_some = browser.get(NEW, {"operation": "hold", "select": "all"}).content.decode()
    inbox = {"operation": "hold", "select": "all", "folder": opening.inbox.pk}
    without = browser.get(NEW, inbox).content.decode()

    assert "2 are Hired and 1 is already Rejected. They will be left out." in with_some
    assert "Include them" in with_some
    assert "include_decided" not in without
    assert "Hold 3 candidates" in with_some
    assert "Hold 3 candidates" in without
