"""An order does not outlive its owner's right to give it: whatever right was lost, and when."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from notifications import notices
from notifications.models import Notice
from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.rights import why_not_any_more
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction, FollowUp, Status
from pipeline.bulk_actions.operations import Operation, operation_of
from pipeline.bulk_actions.operations.export import HEADINGS, Export
from pipeline.bulk_actions.operations.send_message import SendMessage, text_of
from pipeline.bulk_actions.operations.set_attribute import SetAttribute
from pipeline.bulk_actions.operations.share_with_reviewer import ShareWithReviewer
from pipeline.candidates.models import Candidate, CandidateQuerySet, Folder, Opening
from pipeline.outreach.models import Message, MessageTemplate
from pipeline.workspaces import memberships
from pipeline.workspaces.models import Role, User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.losses import deactivate, demote, limit, remove
from tests.providers import fast as fast
from tests.providers import mail_server as mail_server

from .conftest import move_to
from .messages import template as template

pytestmark = pytest.mark.usefixtures("fast", "surroundings")

LOSSES = {
    deactivate: "Ana Ruiz, who started it, has been deactivated.",
    demote: "Ana Ruiz, who started it, now has the role Agent."
    " Starting a bulk action requires an Owner, Admin or Recruiter.",
    limit: "Ana Ruiz, who started it, can no longer see an opening of this bulk action.",
    remove: "Ana Ruiz, who started it, is no longer a member of this workspace.",
}
each_loss = pytest.mark.parametrize(
    ("lose", "why"), LOSSES.items(), ids=[loss.__name__ for loss in LOSSES]
)


@pytest.fixture
def surroundings(settings: Any, tmp_path: Any, opening: Opening, other_opening: Opening) -> None:
    Workspace.objects.update(start_delay_seconds=0)
    settings.MEDIA_ROOT = tmp_path
    settings.PUBLIC_URL = "https://belay.example.com"


@pytest.fixture
def hired(opening: Opening) -> Folder:
    return opening.folders.get(name="Hired")


def order(
    by: User, operation: Operation, candidates: CandidateQuerySet | None = None, **follows: Any
) -> BulkAction:
    by = User.objects.get(pk=by.pk)
    if candidates is None:
        candidates = Candidate.objects.visible_to(by)
    action, _ = start_bulk_action(
        user=by, operation=operation, candidates=candidates, key=uuid4(), **follows
    )
    return action


def follow_up(by: User, action: BulkAction, which: FollowUp) -> BulkAction:
    """As the dialog orders it."""
    action.refresh_from_db()
    following = Following(action, which, User.objects.get(pk=by.pk))
    assert not following.problem
    operation = following.undo or operation_of(action)
    people = following.selection.candidates
    return order(by, operation, people, follows=action, follow_up=which)


def move(by: User, hired: Folder, template: MessageTemplate) -> BulkAction:
    return order(by, move_to(hired))


def message(by: User, hired: Folder, template: MessageTemplate) -> BulkAction:
    return order(by, SendMessage(text_of(template)))


def export(by: User, hired: Folder, template: MessageTemplate) -> BulkAction:
    return order(by, Export({"format": "csv", "columns": list(HEADINGS)}))


def share(by: User, hired: Folder, template: MessageTemplate) -> BulkAction:
    return order(by, ShareWithReviewer({"reviewer": "r@x.example", "note": "", "days": 7}))


def rest(by: User, hired: Folder, template: MessageTemplate) -> BulkAction:
    action = move(by, hired, template)
    action.cancel(by)
    return follow_up(by, action, FollowUp.REST)


def retry(by: User, hired: Folder, template: MessageTemplate) -> BulkAction:
    action = message(by, hired, template)
    Candidate.objects.update(email="")
    work(action)
    return follow_up(by, action, FollowUp.RETRY)


def undo(by: User, hired: Folder, template: MessageTemplate) -> BulkAction:
    action = move(by, hired, template)
    work(action)
    return follow_up(by, action, FollowUp.UNDO)


def work(action: BulkAction) -> BulkAction:
    lane.work_on(action.pk, 0)
    action.refresh_from_db()
    return action


@each_loss
@pytest.mark.parametrize("order", [move, message, export, share, rest, retry, undo])
def test_an_order_whose_owner_lost_the_right_before_the_start_is_canceled_and_nobody_touched(
    order, lose, why, make_candidates, recruiter, owner, hired, template, mail_server
):
    make_candidates(3)
    action = order(recruiter, hired, template)
    before = dict(Candidate.objects.values_list("pk", "folder"))

    lose(recruiter, owner)
    work(action)

    assert (action.status, action.untouched, action.total) == (Status.CANCELED, 3, 3)
    assert (action.canceled_by, action.failure) == (None, why)
    assert dict(Candidate.objects.values_list("pk", "folder")) == before
    assert not Message.objects.exists()
    assert mail_server.count == 0
    assert not action.file


@each_loss
@pytest.mark.parametrize("order", [move, message, export, share])
def test_between_two_turns_what_was_done_stays_done_and_the_rest_is_left(
    order, lose, why, make_candidates, recruiter, owner, hired, template, mail_server, settings
):
    settings.BULK_CHUNK_SIZE, settings.BULK_TURN_SECONDS = 2, 0
    make_candidates(5)
    action = order(recruiter, hired, template)
    work(action)
    assert action.status == Status.IN_PROGRESS
    done = action.changed
    assert 0 < done < 5

    lose(recruiter, owner)
    work(action)

    is_prepared_only = order in (export, share)
    counted = 0 if is_prepared_only else done
    assert (action.status, action.failure) == (Status.CANCELED, why)
    assert (action.changed, action.failed, action.untouched) == (counted, 0, 5 - counted)
    assert mail_server.count == (done if order is message else 0)
    assert Candidate.objects.filter(folder=hired).count() == (done if order is move else 0)
    work(action)
    assert action.untouched == 5 - counted


@each_loss
def test_an_export_makes_no_file_if_the_right_is_lost_while_its_last_chunk_is_written(
    lose, why, make_candidates, recruiter, owner, hired, template, monkeypatch
):
    make_candidates(3)
    action = export(recruiter, hired, template)
    write = Export.after_write

    def lost_meanwhile(*args: Any) -> None:
        write(*args)
        lose(recruiter, owner)

    monkeypatch.setattr(Export, "after_write", lost_meanwhile)
    work(action)

    assert (action.status, action.untouched, action.failure) == (Status.CANCELED, 3, why)
    assert not action.file


@pytest.mark.django_db(transaction=True)
@each_loss
def test_owners_and_the_person_read_why_and_the_audit_and_the_page_say_it(
    lose, why, make_candidates, recruiter, owner, hired, template, client_of
):
    make_candidates(3)
    action = move(recruiter, hired, template)

    lose(recruiter, owner)
    work(action)

    told = f"Belay canceled “Move to Hired”: 0 done, 3 untouched. {why}"
    notice = Notice.objects.get(user=owner)
    assert (notice.text, notice.link) == (told, action.get_absolute_url())
    mine = Notice.objects.filter(user=recruiter)
    assert [n.text for n in mine] == ([] if lose is remove else [told.replace("“", "your “", 1)])
    entry = AuditEntry.objects.get(verb="canceled")
    assert (entry.actor_name, entry.subject) == ("Belay", f"Move to Hired (3 selected): {why}")
    page = client_of(owner).get(action.get_absolute_url()).content.decode()
    assert "Canceled by Belay" in page
    assert why in page


@pytest.mark.django_db(transaction=True)
def test_owners_are_told_later_where_a_process_died_and_never_twice(
    make_candidates, recruiter, owner, hired, template
):
    make_candidates(3)
    action = move(recruiter, hired, template)
    remove(recruiter, owner)
    work(action)
    Notice.objects.all().delete()

    notices.catch_up()
    notices.catch_up()

    assert Notice.objects.filter(user=owner, about=f"action-{action.pk}").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_notice_to_who_no_longer_sees_the_action_leads_to_no_page_of_it(
    make_candidates, recruiter, owner, hired, template, client_of: Callable[[User], Client]
):
    make_candidates(3)
    action = move(recruiter, hired, template)
    limit(recruiter, owner)
    work(action)

    notice = Notice.objects.get(user=recruiter)
    answer = client_of(recruiter).get(reverse("notifications:open", args=[notice.pk]))

    assert answer["Location"] == reverse("notifications:history")


def test_an_export_ends_with_the_right_to_export_and_a_move_does_not(
    make_candidates, recruiter, owner, hired, template
):
    make_candidates(3)
    actions = [move(recruiter, hired, template), export(recruiter, hired, template)]

    memberships.change(recruiter.membership, Role.RECRUITER, None, by=owner, may_export=False)
    moved, exported = map(work, actions)

    assert (moved.status, moved.changed) == (Status.COMPLETED, 3)
    assert (exported.status, exported.untouched) == (Status.CANCELED, 3)
    assert exported.failure == "Ana Ruiz, who started it, can no longer export."
    assert not exported.file


def test_a_limit_to_all_that_the_order_concerns_stops_nothing(
    make_candidates, recruiter, owner, opening, hired, template
):
    make_candidates(3)
    action = move(recruiter, hired, template)

    memberships.change(recruiter.membership, Role.RECRUITER, [opening.pk], by=owner)
    work(action)

    assert (action.status, action.changed) == (Status.COMPLETED, 3)


def test_an_undo_goes_on_without_the_openings_that_were_never_within_its_reach(
    make_candidates, limited, owner, opening, other_opening, hired
):
    make_candidates(2)
    make_candidates(2, opening=other_opening)
    everything = order(owner, SetAttribute({"attribute": "Shift", "value": "Night"}))
    work(everything)

    undone = work(follow_up(limited, everything, FollowUp.UNDO))

    assert (undone.status, undone.changed) == (Status.COMPLETED, 2)


def test_the_look_at_the_owner_costs_no_query_of_its_own(
    make_candidates, recruiter, hired, template, django_assert_num_queries, settings
):
    make_candidates(1)
    action = move(recruiter, hired, template)
    action = BulkAction.objects.select_related("started_by__membership").get(pk=action.pk)

    with django_assert_num_queries(0):
        assert why_not_any_more(action, operation_of(action)) == ""
