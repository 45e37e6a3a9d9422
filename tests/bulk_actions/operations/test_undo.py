"""Undoing: everybody exactly as before, and a reason for each who can't be."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction, FollowUp
from pipeline.bulk_actions.operations import OPERATIONS, Operation, operation_of
from pipeline.bulk_actions.operations.assign_recruiter import AssignRecruiter
from pipeline.bulk_actions.operations.change_labels import ChangeLabels
from pipeline.bulk_actions.operations.move_to_folder import MoveToFolder
from pipeline.bulk_actions.operations.reject import Reject
from pipeline.bulk_actions.operations.set_attribute import SetAttribute
from pipeline.bulk_actions.operations.stages import Hire, Hold, Shortlist
from pipeline.bulk_actions.pages.outcome_lists import OutcomeList, Which
from pipeline.candidates.models import Candidate, CandidateLabel, Folder, Label, Opening
from pipeline.workspaces.models import User, Workspace
from tests.bulk_actions.conftest import move_to

from .conftest import Order, assert_was, reasons_of, rows

Make = Callable[[pytest.FixtureRequest], Operation]


def a_move(request: pytest.FixtureRequest) -> MoveToFolder:
    return move_to(request.getfixturevalue("opening").folders.get(kind="no_response"))


def a_move_across(request: pytest.FixtureRequest) -> MoveToFolder:
    member = request.getfixturevalue("colleague").membership
    options = move_to(request.getfixturevalue("other_opening").inbox).options
    return MoveToFolder(options | {"recruiter": member.pk, "recruiter_name": "Ben Okafor"})


def a_rejection(request: pytest.FixtureRequest) -> Reject:
    reasons = request.getfixturevalue("reasons")
    return Reject({"reasons": [{"id": reason.pk, "name": reason.name} for reason in reasons]})


def an_assignment(request: pytest.FixtureRequest) -> AssignRecruiter:
    member = request.getfixturevalue("colleague").membership
    return AssignRecruiter({"recruiter": member.pk, "recruiter_name": "Ben Okafor"})


def a_labelling(request: pytest.FixtureRequest) -> ChangeLabels:
    night, german, again = request.getfixturevalue("labels")
    add, remove = [night, german], [again]
    return ChangeLabels(
        {
            "add": [{"id": label.pk, "name": label.name} for label in add],
            "remove": [{"id": label.pk, "name": label.name} for label in remove],
        }
    )


OPERATIONS_BY_NAME: dict[str, Make] = {
    "move": a_move,
    "move across": a_move_across,
    "shortlist": lambda _: Shortlist({}),
    "hold": lambda _: Hold({}),
    "hire": lambda _: Hire({}),
    "reject": a_rejection,
    "assign": an_assignment,
    "unassign": lambda _: AssignRecruiter({"recruiter": None, "recruiter_name": ""}),
    "label": a_labelling,
    "set": lambda _: SetAttribute({"attribute": "Years", "value": "9"}),
    "take away": lambda _: SetAttribute({"attribute": "Years", "value": ""}),
}


@pytest.fixture(params=OPERATIONS_BY_NAME)
def operation(request: pytest.FixtureRequest) -> Operation:
    return OPERATIONS_BY_NAME[request.param](request)


@pytest.fixture
def people(
    make_candidates: Any, opening: Opening, other_opening: Opening, recruiter: User, labels: Any
) -> None:
    """Everybody is different: where, whose, with which labels and attributes, rejected for what."""
    night, _, again = labels
    make_candidates(2, attributes='{"Years": 7, "City": "Leeds"}', labels=[again])
    make_candidates(2, opening, opening.folders.get(kind="hired"), recruiter=recruiter.membership)
    make_candidates(1, attributes='{"Years": null}', reject_reasons="{Rude}", labels=[night])
    make_candidates(1, attributes='{"Years": [1, 2.50]}', email="", labels=[night, again])
    make_candidates(2, other_opening, attributes='{"Years": "9"}', recruiter=recruiter.membership)
    make_candidates(1, other_opening, other_opening.folders.get(kind="rejected"), labels=labels)


def undo_of(action: BulkAction, user: User) -> dict[str, Any]:
    """What the dialog starts."""
    following = Following(BulkAction.objects.get(pk=action.pk), FollowUp.UNDO, user)
    assert following.undo
    return {
        "operation": following.undo,
        "candidates": following.selection.candidates,
        "follows": action,
        "follow_up": FollowUp.UNDO,
    }


def test_every_operation_that_can_be_undone_is_tested_here(request, opening, other_opening, labels):
    tested = {type(make(request)).key for make in OPERATIONS_BY_NAME.values()}

    # What these leave is no change of the candidates: see their own tests.
    tested |= {"create_tasks", "start_journey"}
    assert tested == {key for key, operation in OPERATIONS.items() if operation.can_undo}


def test_the_preview_is_what_happens(operation, people, order):
    preview = operation.preview(Candidate.objects.all())

    assert_was(preview, order(operation))


def test_undo_restores_exactly(operation, people, order, recruiter):
    before = rows()
    action = order(operation)
    assert action.changed
    assert rows() != before

    undo = undo_of(action, recruiter)
    preview = undo["operation"].preview(undo["candidates"])
    undone = order(**undo)

    assert rows() == before
    assert_was(preview, undone)
    assert (undone.changed, undone.failed) == (action.changed, 0)


def test_canceled_in_the_middle_the_lists_are_exact_and_undo_takes_back_what_was_done(
    operation, people, order, recruiter
):
    everybody, before = set(Candidate.objects.values_list("pk", flat=True)), rows()
    action = order(operation, run=False)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    lane.process_next_chunk(action, operation_of(action))
    action.cancel(by=recruiter)

    lists = [{row.candidate_id for row in OutcomeList(action, which, recruiter)} for which in Which]
    undone = order(**undo_of(action, recruiter)) if action.changed else None

    assert action.untouched == 1
    assert sum(map(len, lists)) == len(everybody)
    assert set.union(*lists) == everybody
    assert undone is None or undone.failed == 0
    assert rows() == before


def test_who_was_deleted_since_is_left_out_or_fails(operation, people, order, recruiter):
    action = order(operation)
    undo = undo_of(action, recruiter)
    undone = order(**undo, run=False)
    gone = action.outcomes.changed()[0].candidate_id
    Candidate.objects.get(pk=gone).delete()

    order.finish(undone)

    assert reasons_of(undone) == {"The candidate was deleted before its turn came.": 1}
    following = Following(action, FollowUp.UNDO, recruiter)
    total = following.selection.candidates.count()
    assert following.notes(total) == ["1 more is left out: deleted since."]


def test_a_second_undo_says_of_whom_the_first_one_reached_that_it_was_done(
    operation, people, order, recruiter, settings
):
    settings.BULK_CHUNK_SIZE = 2
    was = rows()
    action = order(operation)
    first = order.stop_after_one_chunk(**undo_of(action, recruiter))
    assert 0 < first.changed < action.changed

    again = order(**undo_of(action, recruiter))

    assert (again.changed, again.failed) == (action.changed - first.changed, first.changed)
    (reason,) = reasons_of(again)
    assert reason.startswith("Already undone by Ana Ruiz on ")
    assert rows() == was


def test_an_undo_is_not_undone(people, order, recruiter):
    action = order(Hire({}))
    undone = order(**undo_of(action, recruiter))

    assert Following(undone, FollowUp.UNDO, recruiter).problem == "“Undo “Hire”” can’t be undone."


# --- no longer as the action left them ---


@pytest.fixture
def one(make_candidates: Any) -> Candidate:
    candidate: Candidate = make_candidates(1).get()
    return candidate


def undone(order: Order, action: BulkAction, user: User) -> list[str]:
    """The reasons why it could not be undone."""
    undo = undo_of(action, user)
    zone = Workspace.objects.get(pk=action.workspace_id).tz
    with timezone.override(zone):  # as its dialog does
        preview = undo["operation"].preview(undo["candidates"])
    ended = order(**undo)
    assert_was(preview, ended)
    return list(reasons_of(ended))


def test_who_moved_on_stays_there_and_the_reason_names_who_moved_it_and_when(
    one, order, recruiter, colleague, workspace
):
    """The day is the one in the workspace's time zone."""
    workspace.time_zone = "Pacific/Auckland"
    workspace.save()
    action = order(Shortlist({}))
    later = order(Hire({}), by=colleague)
    later.outcomes.update(at="2099-05-02T23:30:00Z")
    order(AssignRecruiter({"recruiter": None, "recruiter_name": ""}), by=recruiter)

    assert undone(order, action, recruiter) == ["Moved on to Hired by Ben Okafor on 3 May."]
    one.refresh_from_db()
    assert one.folder.name == "Hired"


def test_a_change_that_no_bulk_action_made_has_no_name(one, order, recruiter, opening):
    action = order(Shortlist({}))
    Candidate.objects.update(folder=opening.folders.get(kind="hired"))

    assert undone(order, action, recruiter) == ["Moved on to Hired since, outside of bulk actions."]


def test_a_folder_that_is_gone_can_t_be_returned_to(one, order, recruiter, opening):
    folder = Folder.objects.create(opening=opening, name="Interview")
    Candidate.objects.update(folder=folder)
    action = order(Shortlist({}))
    folder.delete()

    assert undone(order, action, recruiter) == ["The folder that it was in no longer exists."]


def test_an_email_that_is_taken_meanwhile_keeps_it_from_returning(
    one, order, recruiter, opening, other_opening, make_candidates
):
    action = order(move_to(other_opening.inbox))
    make_candidates(1, email=one.email)

    assert undone(order, action, recruiter) == [
        f"Somebody with the same e-mail is now in {opening}."
    ]


def test_a_limited_member_brings_nobody_back_to_where_it_does_not_see(
    one, order, limited, recruiter, opening, other_opening, make_candidates
):
    make_candidates(1, other_opening, reject_reasons="{Rude}")
    action = order(move_to(opening.folders.get(kind="hired")))

    ended = order(**undo_of(action, limited), by=limited)

    assert reasons_of(ended) == {
        "The candidate was in an opening that the person who undid this can't see.": 1
    }
    assert ended.changed == 1


def test_a_limited_member_undoes_only_what_it_sees(
    order, limited, recruiter, opening, other_opening, make_candidates
):
    make_candidates(2)
    make_candidates(3, other_opening)
    action = order(Hire({}))

    ended = order(**undo_of(action, limited), by=limited)

    assert (ended.total, ended.changed) == (2, 2)
    assert Candidate.objects.filter(folder__kind="hired").count() == 3


def test_another_recruiter_since_keeps_a_move_with_a_recruiter(
    one, order, request, recruiter, colleague
):
    action = order(a_move_across(request))
    member = recruiter.membership
    order(AssignRecruiter({"recruiter": member.pk, "recruiter_name": "Ana Ruiz"}), by=colleague)

    (reason,) = undone(order, action, recruiter)

    assert reason.startswith("Assigned anew by Ben Okafor on ")


def test_a_recruiter_who_has_left_can_t_get_anybody_back(one, order, request, colleague, owner):
    Candidate.objects.update(recruiter=owner.membership)
    assigned, moved = order(an_assignment(request)), None
    Candidate.objects.update(recruiter=owner.membership)
    moved = order(a_move_across(request))
    owner.membership.delete()

    expected = ["The recruiter that it had is no longer in the workspace."]
    assert undone(order, moved, colleague) == expected
    assert undone(order, assigned, colleague) == expected


def test_labels_that_changed_since_stay(one, order, request, recruiter, labels):
    _, german, again = labels
    CandidateLabel.objects.create(candidate=one, label=again)
    action = order(a_labelling(request))
    CandidateLabel.objects.filter(label=german).delete()

    assert undone(order, action, recruiter) == [
        "Labelled otherwise since, outside of bulk actions."
    ]


def test_a_label_that_is_gone_can_t_be_put_back(one, order, request, recruiter, labels):
    CandidateLabel.objects.create(candidate=one, label=labels[2])
    action = order(a_labelling(request))
    labels[2].delete()

    assert undone(order, action, recruiter) == ["One of the labels “Re-hire” no longer exists."]
    assert Label.objects.filter(candidates=one).count() == 2


def test_another_value_since_stays(one, order, recruiter, colleague):
    action = order(SetAttribute({"attribute": "City", "value": "Leeds"}))
    order(SetAttribute({"attribute": "Years", "value": "1"}), by=recruiter)
    order(SetAttribute({"attribute": "City", "value": "York"}), by=colleague)

    (reason,) = undone(order, action, recruiter)

    assert reason.startswith("Set otherwise by Ben Okafor on ")
    one.refresh_from_db()
    assert one.attributes == {"City": "York", "Years": "1"}


def test_other_reject_reasons_since_stay(one, order, request, recruiter, colleague, reasons):
    action = order(a_rejection(request))
    other = {"reasons": [{"id": reasons[0].pk, "name": reasons[0].name}]}
    order(Reject(other | {"include_decided": True}), by=colleague)

    (reason,) = undone(order, action, recruiter)

    assert reason.startswith("Rejected for other reasons by Ben Okafor on ")
