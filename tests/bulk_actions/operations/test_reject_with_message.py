"""Rejected and told so: each candidate both or neither, and the message only once."""

import pytest

from pipeline.bulk_actions.models import Status
from pipeline.bulk_actions.operations.reject import Reject, RejectForm
from pipeline.bulk_actions.operations.send_message import text_of
from pipeline.candidates.models import Candidate, FolderKind
from pipeline.outreach import limits, optouts
from pipeline.outreach.models import Channel, Message, MessageLimit
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import template as template
from tests.bulk_actions.reasons import told
from tests.providers import fast as fast
from tests.providers import mail_server as mail_server

from .conftest import assert_was, reasons_of, rows
from .test_undo import undo_of

pytestmark = pytest.mark.usefixtures("fast", "as_fast_as_possible")


@pytest.fixture
def rejection(reasons, template) -> Reject:
    named = [{"id": reason.pk, "name": reason.name} for reason in reasons]
    return Reject({"reasons": named, "message": text_of(template)})


def rejected() -> list[int]:
    found = Candidate.objects.filter(folder__kind=FolderKind.REJECTED).order_by("pk")
    return list(found.values_list("pk", flat=True))


def test_who_is_rejected_is_told(rejection, make_candidates, mail_server, order):
    people = make_candidates(6)

    action = order(rejection)

    assert (action.status, action.changed) == (Status.COMPLETED, 6)
    assert len(rejected()) == 6
    assert set(mail_server.by_recipient) == set(people.values_list("email", flat=True))
    assert mail_server.twice == []
    assert not any("No permit" in text[0] for text in mail_server.by_recipient.values())


def test_who_cant_be_told_is_not_rejected(
    rejection, make_candidates, workspace, opening, other_opening, mail_server, order
):
    make_candidates(2, email="")
    make_candidates(3, first_name="")
    optouts.opt_out(workspace, Channel.EMAIL, make_candidates(1)[0].email)
    other_opening.folders.filter(kind=FolderKind.REJECTED).delete()
    make_candidates(2, other_opening)
    in_rejected = opening.folders.get(kind=FolderKind.REJECTED)
    make_candidates(1, folder=in_rejected, reject_reasons=rejection.reasons)
    make_candidates(4)
    preview = rejection.preview(Candidate.objects.all())

    action = order(rejection)

    assert_was(preview, action)
    assert (action.changed, action.unchanged, action.failed) == (4, 1, 8)
    assert "Has no e-mail address." in reasons_of(action)
    assert mail_server.count == Message.objects.count() == 4


def test_a_refused_message_is_noted_at_the_rejection(
    rejection, make_candidates, workspace, mail_server, order
):
    MessageLimit.objects.update(number=10)
    make_candidates(2)
    mail_server.misbehave("rcpt", "550 No such mailbox", times=1)

    action = order(rejection)

    noted = action.outcomes.exclude(reason="").get()
    assert (action.changed, action.failed) == (2, 0)
    assert told(noted).startswith("No message: The mail server refused it: 550 No such mailbox")
    assert limits.left(workspace, Channel.EMAIL) == 9


def test_a_message_that_nobody_knows_of_is_not_said_to_be_none(
    rejection, make_candidates, mail_server, order
):
    make_candidates(1)
    mail_server.misbehave("after_data", "reset", times=1)

    noted = order(rejection).outcomes.get()

    assert told(noted).startswith("Message not confirmed: ")


def test_a_limit_halts_it_before_the_rejection(rejection, make_candidates, mail_server, order):
    MessageLimit.objects.update(number=2)
    make_candidates(5)

    action = order(rejection)

    assert (action.status, action.changed, action.untouched) == (Status.HALTED, 2, 3)
    assert len(rejected()) == mail_server.count == 2


def test_the_rejection_is_undone_and_the_messages_that_cant_be_are_told(
    rejection, make_candidates, mail_server, order, recruiter
):
    make_candidates(3)
    before = rows()
    action = order(rejection)

    undo = undo_of(action, recruiter)
    notes = undo["operation"].preview(undo["candidates"]).notes
    order(**undo)

    assert rows() == before
    assert any(note.startswith("3 e-mails") and "unsent" in note for note in notes)


def test_the_form_takes_only_templates_of_the_workspace(reasons, template, recruiter, stranger):
    template.workspace = stranger.membership.workspace
    template.save()

    form = RejectForm({"reasons": [reasons[0].pk], "message": template.pk}, user=recruiter)

    assert "message" in form.errors
