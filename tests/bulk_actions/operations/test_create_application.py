"""Copies in another opening's Inbox; nobody twice, and the original as it was."""

from uuid import uuid4

import pytest
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.create_application import CreateApplication
from pipeline.candidates.models import Candidate, Opening
from tests.conftest import open_up

from .conftest import assert_was, reasons_of, rows

START = reverse("bulk_actions:history")


def apply_for(opening: Opening) -> CreateApplication:
    return CreateApplication({"opening": opening.pk, "opening_name": opening.name})


def test_a_copy_has_what_belongs_to_the_person_and_nothing_of_the_application(
    make_candidates, opening, other_opening, recruiter, labels, order
):
    original = make_candidates(
        1,
        folder=opening.folders.get(kind="rejected"),
        recruiter=recruiter.membership,
        source="Agency",
        attributes='{"Years": 7}',
        reject_reasons="{Rude}",
        labels=labels[:2],
    ).get()
    before = rows()

    action = order(apply_for(other_opening))

    copy = Candidate.objects.get(copied_from=original)
    same = ("first_name", "last_name", "full_name", "email", "phone", "source", "attributes")
    assert [getattr(copy, name) for name in same] == [getattr(original, name) for name in same]
    assert set(copy.labels.all()) == set(labels[:2])
    assert copy.folder == other_opening.inbox
    assert (copy.recruiter, copy.reject_reasons) == (None, [])
    assert action.changed == 1
    assert [row for row in rows() if row in before] == before


def test_the_preview_is_what_happens_and_each_who_fails_has_a_reason(
    make_candidates, opening, other_opening, order, workspace
):
    third = open_up(workspace, "Third")
    make_candidates(4)
    make_candidates(2, email="")
    make_candidates(2, other_opening)
    make_candidates(1, email="zoe@example.com")
    make_candidates(1, other_opening, email="zoe@example.com")
    make_candidates(1, email="kim@example.com")
    make_candidates(5)
    make_candidates(1, third, email="kim@example.com")
    preview = apply_for(other_opening).preview(Candidate.objects.all())

    action = order(apply_for(other_opening))

    assert_was(preview, action)
    assert action.changed == 12
    assert reasons_of(action) == {
        f"Already in {other_opening}.": 3,
        f"Already in {other_opening} with the same e-mail.": 2,
    }
    assert action.lanes == 1
    assert not action.chunks.filter(attempts__gt=0).exists()


def test_nobody_without_an_email_is_copied_twice_not_even_by_way_of_a_copy(
    make_candidates, opening, other_opening, order, workspace
):
    third = open_up(workspace, "Third")
    original = make_candidates(1, email="").get()
    order(apply_for(other_opening))
    copies = Candidate.objects.filter(copied_from=original)

    again = order(apply_for(other_opening), Candidate.objects.filter(pk=original.pk))
    back = order(apply_for(opening), copies)
    both = order(apply_for(third))
    once_more = order(apply_for(third), copies)

    assert reasons_of(again) == {f"Already has an application in {other_opening}.": 1}
    assert reasons_of(back) == {f"Already has an application in {opening}.": 1}
    assert (both.changed, both.failed) == (1, 1)
    assert once_more.failed >= 1
    assert Candidate.objects.filter(opening=third).count() == 1


def test_without_an_inbox_it_is_the_first_folder(make_candidates, other_opening, order):
    make_candidates(1)
    other_opening.folders.filter(kind="inbox").delete()

    order(apply_for(other_opening))

    assert Candidate.objects.get(opening=other_opening).folder.kind == "completed"


def test_an_opening_that_is_gone_takes_nobody(make_candidates, other_opening, order):
    make_candidates(2)
    action = order(apply_for(other_opening), run=False)
    other_opening.delete()

    order.finish(action)

    assert reasons_of(action) == {"The opening Warehouse, Leeds no longer exists.": 2}


def test_canceled_in_the_middle_there_are_as_many_copies_as_it_says(
    make_candidates, other_opening, order, recruiter
):
    make_candidates(10)
    action = order(apply_for(other_opening), run=False)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    action.cancel(by=recruiter)

    lane.process_next_chunk(action, operation_of(action))

    assert (action.changed, action.untouched) == (4, 6)
    copied = Candidate.objects.filter(opening=other_opening).values_list("copied_from", flat=True)
    assert set(copied) == set(action.outcomes.changed().values_list("candidate_id", flat=True))


@pytest.mark.parametrize("who", ["recruiter", "limited"])
def test_an_opening_that_the_user_does_not_see_is_refused(
    request, client_of, stranger, other_opening, make_candidates, who
):
    user = request.getfixturevalue(who)
    make_candidates(1)
    hidden = other_opening if who == "limited" else Opening.objects.get(name="Night Porter, Oslo")
    order = {"operation": "create_application", "to_opening": hidden.pk, "select": "all"}

    answer = client_of(user).post(START, order | {"key": uuid4()})

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()


def test_it_can_t_be_undone(make_candidates, other_opening, order, client_of, recruiter):
    make_candidates(1)
    action = order(apply_for(other_opening))

    answer = client_of(recruiter).get(
        reverse("bulk_actions:new"), {"of": action.pk, "select": "done"}
    )

    assert answer.status_code == 409
    assert "can’t be undone" in answer.content.decode()
