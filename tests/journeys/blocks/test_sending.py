"""Send SMS and Send e-mail: the rules of the messages of bulk actions, run by run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Run, RunState
from pipeline.outreach import limits, optouts
from pipeline.outreach.models import Channel, Message, MessageLimit, MessageTemplate
from pipeline.workspaces.models import Workspace
from pipeline.workspaces.restores.detection import mark_restored
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.journeys.conftest import look_once, until_nothing_is_due
from tests.providers import MailServer, SMSProvider
from tests.providers import fast as fast
from tests.providers import mail_server as mail_server
from tests.providers import sms_provider as sms_provider

from .conftest import last_line
from .messages import begin as begin
from .messages import come_back_at_once, used
from .messages import template as template
from .messages import text as text

pytestmark = pytest.mark.usefixtures("as_fast_as_possible")


def test_an_sms_goes_and_the_log_tells_of_it(
    begin: Any, text: MessageTemplate, candidate: Candidate, sms_provider: SMSProvider
):
    run = begin(text)

    until_nothing_is_due()

    run.refresh_from_db()
    message = Message.objects.get()
    assert sms_provider.by_recipient == {candidate.phone: ["Call us, Person."]}
    assert (message.status, message.candidate_id) == ("sent", candidate.pk)
    assert (message.journey_run_id, message.journey_step) == (run.pk, 1)
    assert run.state == RunState.FINISHED
    line = run.log.get()
    assert line.text == f"Sent the SMS “Reminder” to {candidate.phone}."
    assert (line.summary, line.details) == ("Send SMS: Reminder", {"message": message.pk})
    assert used("sms") == 1


def test_after_a_restore_it_waits_until_somebody_confirms(
    begin: Any, text: MessageTemplate, candidate: Candidate, sms_provider: SMSProvider
):
    begin(text)
    mark_restored("The backup of Monday was put back.")

    until_nothing_is_due()
    assert sms_provider.by_recipient == {}

    call_command("confirm_restore")
    until_nothing_is_due()
    assert list(sms_provider.by_recipient) == [candidate.phone]


def test_an_email_goes_with_its_placeholders_filled(
    begin: Any, template: MessageTemplate, candidate: Candidate, mail_server: MailServer
):
    Candidate.objects.update(attributes={"city": "Porto"})
    begin(template)

    until_nothing_is_due()

    ((mail,),) = mail_server.by_recipient.values()
    assert "Hello Person" in mail
    assert "Come and see us in Customer Support, Manila, or in Porto." in mail


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"phone": ""}, "Has no phone number."),
        (
            {"first_name": ""},
            "The template needs a value that the candidate does not have: first name.",
        ),
    ],
)
def test_whoever_can_t_be_written_to_goes_on_and_the_log_says_why(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, columns: Any, reason: str
):
    Candidate.objects.update(**columns)
    run = begin(text)

    until_nothing_is_due()

    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert last_line(run).text == f"Nothing was sent. {reason}"
    assert (sms_provider.count, used("sms"), Message.objects.count()) == (0, 0, 0)


def test_whoever_has_opted_out_goes_the_way_not_sent(
    begin: Any, text: MessageTemplate, candidate: Candidate, sms_provider: SMSProvider
):
    optouts.opt_out(candidate.workspace, Channel.SMS, candidate.phone)
    run = begin(text, not_sent_way=True)

    until_nothing_is_due()

    line = last_line(run)
    assert (line.text, line.way) == ("Nothing was sent. Has opted out of SMS.", "not_sent")
    assert (sms_provider.count, used("sms")) == (0, 0)


def test_what_the_provider_refuses_is_given_back_and_goes_the_way_not_sent(
    begin: Any, text: MessageTemplate, candidate: Candidate, sms_provider: SMSProvider
):
    sms_provider.misbehave("post", "400 21211 Invalid number")
    run = begin(text, not_sent_way=True)

    until_nothing_is_due()

    line = last_line(run)
    assert "was not sent: " in line.text
    assert "the phone number is not valid." in line.text
    assert line.way == "not_sent"
    assert Message.objects.get().status == "failed"
    assert used("sms") == 0


def test_what_nobody_knows_of_is_unconfirmed_and_not_sent_again(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, fast: None
):
    sms_provider.misbehave("post", "reset")
    run = begin(text, not_sent_way=True)

    until_nothing_is_due()
    come_back_at_once()
    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.log.count(), sms_provider.count) == (RunState.FINISHED, 1, 1)
    assert (last_line(run).way, Message.objects.get().status) == ("next", "unconfirmed")
    assert used("sms") == 1


# --- the limit ---


@pytest.mark.slow
def test_a_used_up_limit_lets_runs_wait_until_it_resets_and_says_so_once(
    begin: Any, text: MessageTemplate, workspace: Workspace, sms_provider: SMSProvider
):
    MessageLimit.objects.filter(channel=Channel.SMS).update(number=0, period="day")
    run = begin(text)

    for _ in range(120):  # more looks than there may be steps in a row
        look_once()
        come_back_at_once()
    look_once()

    run.refresh_from_db()
    resets = limits.resets_on(workspace, Channel.SMS)
    midnight = datetime(resets.year, resets.month, resets.day, tzinfo=workspace.tz)
    assert run.state == RunState.RUNNING
    assert run.due_at
    assert datetime.now(UTC) < run.due_at <= midnight
    assert run.due_at <= datetime.now(UTC) + timedelta(hours=1)
    assert last_line(run).text.startswith(
        "Waits: The SMS limit of 0 a day is used up. It resets on "
    )
    assert run.log.count() == 1
    MessageLimit.objects.update(number=1)
    come_back_at_once()
    until_nothing_is_due()
    run.refresh_from_db()
    assert (run.state, sms_provider.count, run.log.count()) == (RunState.FINISHED, 1, 2)


def test_as_many_go_as_the_limit_allows(
    begin: Any, text: MessageTemplate, make_candidates: Any, sms_provider: SMSProvider
):
    MessageLimit.objects.filter(channel=Channel.SMS).update(number=3)
    begin(text, make_candidates(10))

    until_nothing_is_due()

    assert (sms_provider.count, Message.objects.count(), used("sms")) == (3, 3, 3)
    assert Run.objects.filter(state=RunState.FINISHED).count() == 3
    assert Run.objects.running().filter(due_at__gt=Now()).count() == 7


def test_a_deleted_template_fails_the_run(begin: Any, text: MessageTemplate):
    run = begin(text)
    text.delete()

    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.end_reason) == (
        RunState.FAILED,
        "The template “Reminder” no longer exists.",
    )
