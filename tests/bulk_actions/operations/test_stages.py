"""Shortlist, hold, hire, reject: into the folder of the kind in each candidate's own opening."""

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.reject import Reject, RejectForm
from pipeline.bulk_actions.operations.stages import Hire, Hold, Shortlist, ToStage
from pipeline.candidates.models import Candidate, Folder, FolderKind, Opening, RejectReason
from tests.pages import one_line

from .conftest import assert_was, reasons_of

WHOM = {"shortlist": "shortlisted", "hold": "held", "hire": "hired", "reject": "rejected"}
START = reverse("bulk_actions:history")


def rejected_for(reasons: list[RejectReason]) -> Reject:
    return Reject({"reasons": [{"id": reason.pk, "name": reason.name} for reason in reasons]})


@pytest.fixture(params=[Shortlist, Hold, Hire, Reject])
def operation(request: pytest.FixtureRequest, reasons: list[RejectReason]) -> ToStage:
    kind = request.param
    return rejected_for(reasons) if kind is Reject else kind({})


def test_everybody_goes_to_the_folder_in_the_own_opening(
    operation, make_candidates, opening, other_opening, order
):
    """Whatever the folders are called by now."""
    Folder.objects.filter(kind=operation.kind).update(name="Renamed")
    make_candidates(3)
    make_candidates(3, other_opening)

    action = order(operation)

    assert action.changed == 6
    for place in (opening, other_opening):
        assert Candidate.objects.filter(opening=place, folder__kind=operation.kind).count() == 3


def test_an_opening_without_such_a_folder_is_named_in_the_reason(
    operation, make_candidates, opening, other_opening, order
):
    other_opening.folders.filter(kind=operation.kind).delete()
    make_candidates(3)
    make_candidates(2, folder=opening.folders.get(kind=operation.kind))
    make_candidates(4, other_opening)
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    reason = f"Warehouse, Leeds has no folder for {WHOM[operation.key]} candidates."
    assert_was(preview, action)
    assert reasons_of(action) == {reason: 4}


def test_what_is_there_already_is_unchanged(make_candidates, opening, order):
    make_candidates(2, folder=opening.folders.get(kind="hired"))
    make_candidates(1)

    action = order(Hire({}))

    assert (action.changed, action.unchanged) == (1, 2)


def test_the_reasons_are_kept_by_name(make_candidates, order, reasons):
    candidate = make_candidates(1).get()

    order(rejected_for(reasons))

    candidate.refresh_from_db()
    assert candidate.reject_reasons == ["No permit", "Too far away"]
    assert candidate.folder.kind == FolderKind.REJECTED


def test_who_is_rejected_for_the_same_reasons_is_unchanged_and_for_others_is_not(
    make_candidates, opening, order, reasons
):
    rejected = opening.folders.get(kind="rejected")
    make_candidates(2, folder=rejected, reject_reasons='{"Too far away","No permit"}')
    make_candidates(1, folder=rejected, reject_reasons='{"No permit"}')
    make_candidates(1, folder=rejected)
    make_candidates(1, reject_reasons='{"No permit","Too far away"}')
    operation = Reject(rejected_for(reasons).options | {"include_decided": True})
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    assert_was(preview, action)
    assert (action.changed, action.unchanged) == (3, 2)


def test_a_dialog_without_options_shows_its_preview_at_once(client_of, recruiter, make_candidates):
    candidate = make_candidates(1).get()

    page = client_of(recruiter).get(
        reverse("bulk_actions:new"), {"operation": "hold", "candidate": candidate.pk}
    )

    assert "<strong>1</strong> will be put on hold." in one_line(page)


def test_a_rejection_needs_a_reason_and_takes_no_stranger_s(
    client_of, recruiter, stranger, make_candidates, reasons
):
    make_candidates(1)
    foreign = RejectReason.objects.create(workspace=stranger.membership.workspace, name="Ours")
    order: dict[str, Any] = {"operation": "reject", "select": "all"}

    answers = [
        client_of(recruiter).post(START, order | {"key": uuid4()} | given)
        for given in ({}, {"reasons": foreign.pk}, {"reasons": [reasons[0].pk, foreign.pk]})
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert "Choose at least one reason." in answers[0].content.decode()
    assert not BulkAction.objects.exists()


def test_without_reasons_the_dialog_tells_where_they_come_from(recruiter):
    form = RejectForm(user=recruiter)

    assert "an Owner can add some" in form["reasons"].help_text


def test_the_reasons_are_in_no_list_that_is_sent(make_candidates, order, reasons, opening: Opening):
    """They stand on the review and on the profile, both for members alone."""
    make_candidates(1)

    action = order(rejected_for(reasons))

    assert action.title == "Reject"
    assert operation_of(action).details == "Reasons, never sent: No permit, Too far away."
