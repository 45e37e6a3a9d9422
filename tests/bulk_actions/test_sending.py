"""Messages go one by one: exactly once each, as many as allowed, and none after a cancel."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from pipeline.bulk_actions.engine import lane as engine
from pipeline.bulk_actions.engine import reconcile
from pipeline.bulk_actions.models import BulkAction, Outcome, Status
from pipeline.bulk_actions.operations.send_message import SendMessage, SendMessageForm, text_of
from pipeline.candidates.models import Candidate
from pipeline.outreach import limits, optouts
from pipeline.outreach.delivery import INTERRUPTED, Stopped
from pipeline.outreach.models import Channel, Message, MessageLimit, MessageTemplate
from pipeline.outreach.reasons import CantSend
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import begin
from tests.bulk_actions.messages import sms_template as sms_template
from tests.bulk_actions.messages import start_send as start_send
from tests.bulk_actions.messages import template as template
from tests.bulk_actions.reasons import reasons_of
from tests.providers import fast as fast
from tests.providers import mail_server as mail_server
from tests.providers import sms_provider as sms_provider

pytestmark = pytest.mark.usefixtures("fast")


def limit(template: MessageTemplate, number: int) -> None:
    MessageLimit.objects.filter(channel=template.channel).update(number=number)


def work(action: BulkAction, lane: int = 0) -> BulkAction:
    engine.work_on(action.pk, lane)
    action.refresh_from_db()
    return action


def test_everybody_gets_the_message_once(start_send, template, make_candidates, mail_server):
    people = make_candidates(60)

    action = work(start_send(template, people))

    assert (action.status, action.changed, action.untouched) == (Status.COMPLETED, 60, 0)
    assert set(mail_server.by_recipient) == set(people.values_list("email", flat=True))
    assert mail_server.twice == []
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}
    assert "Subject: Hello Person" in mail_server.by_recipient[people[0].email][0]


def test_an_sms_goes_through_the_sms_provider(
    start_send, sms_template, make_candidates, sms_provider
):
    people = make_candidates(3)

    action = work(start_send(sms_template, people))

    assert action.status == Status.COMPLETED
    assert set(sms_provider.by_recipient) == set(people.values_list("phone", flat=True))


def test_the_preview_says_what_becomes_of_each(
    start_send, workspace, template, make_candidates, mail_server
):
    template.body += " {attribute:City} {recruiter}"
    template.save()
    make_candidates(2, email="")
    make_candidates(3, attributes='{"city": "Leeds"}')
    make_candidates(4, first_name=" ", attributes='{"City": ""}')
    complete = {"attributes": '{"City": "Leeds"}', "recruiter": workspace.memberships.first()}
    optouts.opt_out(workspace, Channel.EMAIL, make_candidates(1, **complete)[0].email.upper())
    make_candidates(5, **complete)
    everybody = Candidate.objects.filter(workspace=workspace)
    preview = SendMessage(text_of(template)).preview(everybody)

    action = work(start_send(template, everybody))

    assert (preview.total, preview.changes) == (15, 5)
    assert action.changed == preview.changes
    assert reasons_of(action) == {skip.reason: skip.count for skip in preview.skips}
    assert reasons_of(action) == {
        "Has no e-mail address.": 2,
        "The template needs a value that the candidate does not have: recruiter.": 3,
        (
            "The template needs a value that the candidate does not have: first name, City,"
            " recruiter."
        ): 4,
        "Has opted out of e-mails.": 1,
    }


def test_a_message_that_was_not_taken_fails_and_is_given_back(
    start_send, workspace, template, make_candidates, mail_server
):
    action = start_send(template, make_candidates(3))
    limit(template, 10)
    mail_server.misbehave("rcpt", "550 No such mailbox", times=1)

    work(action)

    assert (action.status, action.changed) == (Status.COMPLETED_WITH_FAILURES, 2)
    assert "No such mailbox" in next(iter(reasons_of(action)))
    assert limits.left(workspace, Channel.EMAIL) == 8


def test_a_message_that_nobody_knows_of_is_a_failure_and_counts(
    start_send, workspace, template, make_candidates, mail_server
):
    action = start_send(template, make_candidates(3))
    limit(template, 10)
    mail_server.misbehave("after_data", "reset", times=1)

    work(action)

    assert (action.changed, action.failed) == (2, 1)
    assert Message.objects.get(status="unconfirmed").candidate_id
    assert limits.left(workspace, Channel.EMAIL) == 7
    assert mail_server.twice == []


def test_a_limit_halts_the_action_exactly(start_send, template, make_candidates, mail_server):
    action = start_send(template, make_candidates(8))
    limit(template, 5)

    work(action)

    assert (action.status, action.changed, action.untouched) == (Status.HALTED, 5, 3)
    assert mail_server.count == Message.objects.count() == 5
    assert action.failure.startswith("The e-mail limit of 5 a calendar month is used up.")


@pytest.mark.parametrize(("left", "told"), [(5, "Only 5 e-mails left"), (0, "No e-mails left")])
def test_the_preview_is_what_a_limit_lets_through(
    start_send, template, make_candidates, mail_server, left, told
):
    action = start_send(template, make_candidates(8))
    limit(template, left)

    preview = SendMessage(text_of(template)).preview(Candidate.objects.all())
    work(action)

    [skip] = preview.skips
    assert (preview.changes, skip.count) == (action.changed, action.untouched) == (left, 8 - left)
    assert skip.reason == (
        f"{told} this calendar month: not messaged, and the action will be Halted."
    )


def test_the_preview_says_what_remains(template, make_candidates, as_fast_as_possible):
    people = make_candidates(2)
    limit(template, 5)

    preview = SendMessage(text_of(template)).preview(people)

    assert (preview.changes, preview.notes) == (2, ["5 e-mails left this calendar month."])


def test_a_server_that_is_away_costs_nobody_the_message(
    start_send, template, make_candidates, mail_server
):
    action = start_send(template, make_candidates(2))
    mail_server.stop()

    work(action)

    assert (action.status, action.untouched) == (Status.IN_PROGRESS, 2)
    assert not Message.objects.exists()
    row = render_to_string("bulk_actions/_row.html", {"action": action})
    assert "<strong>Waiting:</strong> The mail server can&#x27;t be reached." in row


def test_a_server_that_stays_away_fails_the_action_with_the_reason(
    start_send, template, make_candidates, mail_server
):
    action = start_send(template, make_candidates(2))
    mail_server.stop()
    work(action)
    waits_for = action.failure
    BulkAction.objects.update(stalls=reconcile.MAX_STALLS)

    reconcile.revive(BulkAction.objects.get(), [0])
    assert BulkAction.objects.get().is_active  # it is tried for a minute
    BulkAction.objects.update(progressed_at=Now() - timedelta(minutes=1))
    reconcile.revive(BulkAction.objects.get(), [0])

    action.refresh_from_db()
    assert (action.status, action.failure) == (Status.FAILED, waits_for)


def test_what_a_dead_lane_left_is_not_sent_again(
    start_send, template, make_candidates, mail_server
):
    people = make_candidates(3)
    action = start_send(template, people)
    action.start()
    first = people.order_by("pk")[0]
    begin(action, first)  # and then the lane dies

    work(action)

    assert (action.changed, action.failed, action.untouched) == (2, 1, 0)
    assert first.email not in mail_server.by_recipient
    assert reasons_of(action) == {INTERRUPTED.problem: 1}


def test_reconcile_settles_what_was_under_way_when_the_action_ended(
    start_send, template, recruiter, make_candidates
):
    people = make_candidates(3)
    action = start_send(template, people)
    action.start()
    first = people.order_by("pk")[0]
    begin(action, first)
    action.cancel(recruiter)

    reconcile.reconcile()

    action.refresh_from_db()
    assert (action.failed, action.untouched) == (1, 2)
    assert Message.objects.get().status == "unconfirmed"


def test_who_has_a_message_of_the_action_gets_no_other(
    start_send, template, make_candidates, mail_server
):
    people = make_candidates(1)
    action = start_send(template, people)
    action.start()
    begin(action, people[0])

    with pytest.raises(CantSend):
        begin(action, people[0])

    assert Message.objects.count() == 1


def test_a_later_change_of_the_template_does_not_change_the_order(
    start_send, template, make_candidates, mail_server
):
    people = make_candidates(1)
    action = start_send(template, people)
    MessageTemplate.objects.update(body="Something else")

    work(action)

    assert "Come and see us" in mail_server.by_recipient[people[0].email][0]


@pytest.fixture
def refused(transactional_db) -> Iterator[Callable[[Candidate], None]]:
    """`refused(candidate)`: the database takes no message to that one."""

    def refuse(candidate: Candidate) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'poison'; END $$;"
                "CREATE TRIGGER refuse BEFORE INSERT ON outreach_message FOR EACH ROW"
                f" WHEN (NEW.candidate_id = {candidate.pk}) EXECUTE FUNCTION refuse()"
            )

    yield refuse
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON outreach_message; DROP FUNCTION refuse()")


def test_what_the_database_refuses_fails_for_that_candidate_only(
    refused, start_send, template, make_candidates, mail_server
):
    poisonous, _ = people = make_candidates(2)
    action = start_send(template, people)
    refused(poisonous)

    work(action)

    assert (action.changed, action.failed) == (1, 1)
    assert "Tell support" in next(iter(reasons_of(action)))


def test_the_form_offers_only_the_workspaces_templates(template, recruiter, stranger):
    foreign = MessageTemplate.objects.create(
        workspace=stranger.membership.workspace, name="Secret", channel="email", body="x"
    )

    form = SendMessageForm({"template": foreign.pk}, user=recruiter)

    assert not form.is_valid()
    assert "Secret" not in str(form)


@pytest.mark.django_db(transaction=True)
def test_a_cancel_does_not_wait_for_the_provider_and_nothing_leaves_after_it(
    start_send, template, recruiter, make_candidates, mail_server
):
    action = start_send(template, make_candidates(5))
    mail_server.misbehave("data", "hang", times=1)
    lane = Thread(target=in_thread, args=[engine.work_on, action.pk, 0])
    lane.start()
    mail_server.wait_until_it_misbehaved()

    assert action.cancel(recruiter)
    handed_over = action.being_sent
    lane.join()

    action.refresh_from_db()
    assert handed_over == 1
    assert (action.status, action.processed, action.untouched) == (Status.CANCELED, 1, 4)
    assert Outcome.objects.count() == Message.objects.count() == 1


def test_nothing_is_begun_after_the_cancel(start_send, template, recruiter, make_candidates):
    people = make_candidates(1)
    action = start_send(template, people)
    action.start()
    action.cancel(recruiter)

    with pytest.raises(Stopped):
        begin(action, people[0])

    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_begins_during_the_cancel_waits_for_it(
    start_send, template, recruiter, make_candidates
):
    people = make_candidates(1)
    action = start_send(template, people)
    action.start()
    candidate = people[0]
    answers: list[Any] = []

    def begin_late() -> None:
        try:
            answers.append(begin(action, candidate))
        except Stopped:
            answers.append("stopped")

    lane = Thread(target=in_thread, args=[begin_late])
    with transaction.atomic():
        action.cancel(recruiter)
        lane.start()
        lane.join(0.5)  # it would be over long since, did it not wait
    lane.join()

    assert answers == ["stopped"]
    assert not Message.objects.exists()


def in_thread(call: Any, *about: Any) -> None:
    try:
        call(*about)
    finally:
        connection.close()
