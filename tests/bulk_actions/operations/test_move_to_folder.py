"""Moves within an opening and into another one, with a new recruiter or the old."""

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.move_to_folder import PLAIN, MoveToFolder, MoveToFolderForm
from pipeline.candidates.models import Candidate, Folder, Opening
from pipeline.workspaces.models import Role
from tests.bulk_actions.conftest import move_to

from .conftest import assert_was, reasons_of

START = reverse("bulk_actions:history")


@pytest.fixture
def there(other_opening: Opening) -> Folder:
    return other_opening.folders.get(kind="shortlisted")


def with_recruiter(folder: Folder, member: Any) -> MoveToFolder:
    options = move_to(folder).options | {"recruiter": member.pk, "recruiter_name": str(member.user)}
    return MoveToFolder(options)


def test_candidates_of_another_opening_move_with_the_folder(make_candidates, there, order):
    make_candidates(6)

    action = order(move_to(there))

    assert action.changed == 6
    assert Candidate.objects.filter(folder=there, opening=there.opening).count() == 6


def test_into_another_opening_the_preview_is_what_happens(make_candidates, there, order, opening):
    make_candidates(3)
    make_candidates(2, there.opening, there)
    make_candidates(1, there.opening)
    make_candidates(2, email="")
    make_candidates(1, email="zoe@example.com")
    make_candidates(1, there.opening, email="zoe@example.com")
    preview = move_to(there).preview(Candidate.objects.all())

    action = order(move_to(there))

    assert_was(preview, action)
    assert (action.changed, action.unchanged) == (7, 2)
    assert reasons_of(action) == {f"Already in {there.opening} with the same e-mail.": 1}


def test_of_several_with_the_same_email_the_first_gets_there(
    make_candidates, there, order, workspace, opening
):
    """They are far apart, in different chunks, and in one; without an e-mail all may go."""
    from tests.conftest import open_up

    third = open_up(workspace, "Third")
    first = make_candidates(1, email="zoe@example.com").get()
    make_candidates(6)
    second = make_candidates(1, third, email="zoe@example.com").get()
    kim = [make_candidates(1, o, email="kim@example.com").get() for o in (opening, third)]
    preview = move_to(there).preview(Candidate.objects.all())

    action = order(move_to(there))

    assert_was(preview, action)
    assert reasons_of(action) == {f"Already in {there.opening} with the same e-mail.": 2}
    failed = set(action.outcomes.failed().values_list("candidate_id", flat=True))
    assert failed == {second.pk, kim[1].pk}
    assert Candidate.objects.get(pk=first.pk).folder == there
    assert action.chunks.filter(attempts__gt=0).count() == 0


def test_only_a_move_that_may_collide_keeps_to_one_lane(make_candidates, there, order, settings):
    settings.BULK_LANES = 2
    make_candidates(2)
    make_candidates(2, there.opening)

    across = order(move_to(there), run=False)
    within = order(move_to(there), Candidate.objects.filter(opening=there.opening), run=False)

    assert (across.lanes, within.lanes) == (1, 2)


def test_within_an_opening_the_statement_is_the_plain_one(make_candidates, there, order):
    make_candidates(1)
    make_candidates(2, there.opening)

    across = order(move_to(there), run=False)
    within = order(move_to(there), Candidate.objects.filter(opening=there.opening), run=False)

    assert operation_of(within).apply()[0] == PLAIN
    assert operation_of(across).apply()[0] != PLAIN


def test_a_plain_move_does_not_follow_who_has_left_the_opening(
    make_candidates, there, order, opening
):
    make_candidates(2, there.opening)
    action = order(move_to(there), run=False)
    strayed = Candidate.objects.order_by("pk")[0]
    Candidate.objects.filter(pk=strayed.pk).update(opening=opening, folder=opening.inbox)

    order.finish(action)

    assert reasons_of(action) == {f"Was moved out of {there.opening} before its turn came.": 1}


def test_a_move_across_does_not_follow_whom_nobody_selected_there(
    make_candidates, there, order, workspace
):
    from tests.conftest import open_up

    make_candidates(2)
    action = order(move_to(there), run=False)
    third = open_up(workspace, "Third")
    strayed = Candidate.objects.order_by("pk")[0]
    Candidate.objects.filter(pk=strayed.pk).update(opening=third, folder=third.inbox)

    order.finish(action)

    assert action.changed == 1
    assert reasons_of(action) == {"Was moved to another opening before its turn came.": 1}


def test_the_folder_may_be_gone_and_the_recruiter_too(make_candidates, there, order, colleague):
    make_candidates(2)
    gone, blind = (
        order(operation, run=False)
        for operation in (move_to(there), with_recruiter(there, colleague.membership))
    )
    colleague.membership.role = Role.AGENT
    colleague.membership.save()
    order.finish(blind)
    there.delete()
    order.finish(gone)

    assert reasons_of(gone) == {"The folder Shortlisted no longer exists.": 2}
    assert reasons_of(blind) == {
        f"Ben Okafor is no longer a recruiter who sees {there.opening}.": 2
    }


def test_a_new_recruiter_comes_with_the_move_or_without(make_candidates, there, order, colleague):
    make_candidates(2)
    make_candidates(2, there.opening, there)
    make_candidates(1, there.opening, there, recruiter=colleague.membership)
    operation = with_recruiter(there, colleague.membership)
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    assert_was(preview, action)
    assert (action.changed, action.unchanged) == (4, 1)
    assert Candidate.objects.filter(folder=there, recruiter=colleague.membership).count() == 5


def test_a_member_limited_to_the_opening_moved_into_sees_the_action(
    make_candidates, other_opening, opening, order, limited
):
    make_candidates(2, other_opening)

    action = order(move_to(opening.inbox))

    assert BulkAction.objects.visible_to(limited).filter(pk=action.pk).exists()


def test_a_recruiter_who_does_not_see_the_opening_is_refused(limited, recruiter, there):
    form = MoveToFolderForm(
        {"to_folder": there.pk, "new_recruiter": limited.membership.pk}, user=recruiter
    )

    assert form.errors == {"new_recruiter": [f"Liv Holm does not see {there.opening}."]}


@pytest.mark.parametrize("who", ["agent", "stranger"])
def test_who_is_no_recruiter_here_is_refused(request, client_of, recruiter, there, who):
    member = request.getfixturevalue(who).membership
    candidates = {"select": "all", "key": uuid4()}
    order = {"operation": "move_to_folder", "to_folder": there.pk, "new_recruiter": member.pk}

    answer = client_of(recruiter).post(START, order | candidates)

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()
