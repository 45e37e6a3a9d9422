"""Send SMS and Send e-mail: the rules of the messages of bulk actions, run by run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.journeys import sending
from pipeline.journeys.enrolling import enroll
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.publishing import pause, resume
from pipeline.journeys.stopping import stop_runs
from pipeline.outreach import handing_over, limits, optouts
from pipeline.outreach.models import Channel, Message, MessageLimit, MessageTemplate, MessageUse
from pipeline.workspaces.models import User, Workspace
from tests.journeys.conftest import look_once, until_nothing_is_due
from tests.providers import MailServer, SMSProvider
from tests.providers import fast as fast
from tests.providers import mail_server as mail_server
from tests.providers import sms_provider as sms_provider

from .conftest import last_line


@pytest.fixture(autouse=True)
def as_fast_as_possible(workspace: Workspace) -> None:
    MessageLimit.objects.bulk_create(
        MessageLimit(workspace=workspace, channel=channel, per_second=None) for channel in Channel
    )


@pytest.fixture
def template(workspace: Workspace) -> MessageTemplate:
    return MessageTemplate.objects.create(
        workspace=workspace,
        name="Invitation",
        channel=Channel.EMAIL,
        subject="Hello {first_name}",
        body="Come and see us in {opening}, or in {attribute:City}.",
    )


@pytest.fixture
def text(workspace: Workspace) -> MessageTemplate:
    return MessageTemplate.objects.create(
        workspace=workspace, name="Reminder", channel=Channel.SMS, body="Call us, {first_name}."
    )


def options_of(template: MessageTemplate, **more: Any) -> dict[str, Any]:
    return {"template": template.pk, "template_name": template.name, **more}


@pytest.fixture
def begin(publish_block: Any, candidate: Candidate) -> Any:
    """`begin(template, …)`: the candidate's run, about to send."""

    def begin(template: MessageTemplate, who: Any = None, **more: Any) -> Run:
        type = "send_sms" if template.channel == Channel.SMS else "send_email"
        journey = publish_block(type, options_of(template, **more))
        enroll(journey.version, [one.pk for one in who or [candidate]], "By hand")
        return Run.objects.filter(journey=journey).latest("pk")

    return begin


def used(channel: str) -> int:
    return sum(
        MessageUse.objects.filter(channel=channel, period="day").values_list("used", flat=True)
    )


def come_back_at_once() -> None:
    Run.objects.running().update(due_at=Now() - timedelta(hours=1))


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
    assert (line.summary, line.details) == ("Reminder", {"message": message.pk})
    assert used("sms") == 1


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
        ({"first_name": ""}, "No first name, which the template needs."),
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


# --- a provider that is away ---


def test_a_provider_that_is_away_is_tried_again_after_a_minute(
    begin: Any, template: MessageTemplate, make_candidates: Any, mail_server: MailServer, fast: None
):
    Candidate.objects.update(attributes={"City": "Porto"})
    mail_server.misbehave("greeting", "reset")
    people = make_candidates(5, attributes='{"City": "Porto"}')
    begin(template, people)

    until_nothing_is_due()

    assert (Message.objects.count(), used("email"), mail_server.count) == (0, 0, 0)
    waiting = Run.objects.running().filter(due_at__gt=Now() + timedelta(seconds=50))
    assert waiting.filter(due_at__lt=Now() + timedelta(seconds=70), tries=1).count() == 5
    for run in waiting:
        assert run.log.get().text.endswith("Tries again every minute.")
    mail_server.behave()
    come_back_at_once()
    until_nothing_is_due()
    assert (mail_server.count, mail_server.twice) == (5, [])


def test_after_some_tries_the_run_fails_with_the_reason(
    begin: Any, template: MessageTemplate, mail_server: MailServer, fast: None
):
    Candidate.objects.update(attributes={"City": "Porto"})
    mail_server.misbehave("greeting", "reset")
    run = begin(template)

    for _ in range(sending.MOST_TRIES):
        run.refresh_from_db()
        assert run.state == RunState.RUNNING
        look_once()
        come_back_at_once()

    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.end_reason.endswith(f"Gave up after {sending.MOST_TRIES} tries.")
    assert run.log.count() == 2


def test_a_message_that_could_not_be_handed_over_is_taken_back(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, fast: None
):
    run = begin(text)
    sms_provider.stop()

    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, Message.objects.count(), used("sms")) == (RunState.RUNNING, 0, 0)
    assert run.due_at
    assert run.due_at > datetime.now(UTC) + timedelta(seconds=50)


# --- pause and stop ---


def test_nothing_leaves_when_the_run_was_stopped_before_its_turn(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, monkeypatch: Any
):
    run = begin(text)
    before_begin(monkeypatch, lambda: stop_runs(Run.objects.all(), "Stopped by Ana Ruiz."))

    until_nothing_is_due()

    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    assert (sms_provider.count, Message.objects.count(), run.log.count()) == (0, 0, 1)


def test_nothing_leaves_while_the_journey_is_paused(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, monkeypatch: Any, owner: User
):
    run = begin(text)
    journey = Journey.objects.get()
    before_begin(monkeypatch, lambda: pause(journey, owner))

    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, sms_provider.count, Message.objects.count()) == (RunState.RUNNING, 0, 0)
    monkeypatch.undo()
    resume(journey, owner)


def before_begin(monkeypatch: Any, act: Any) -> None:
    """Have `act` happen at the last moment before a message's first step."""
    begin = sending.Sending.begin

    def first_act(self: Any, run: Run, draft: Any) -> Any:
        act()
        return begin(self, run, draft)

    monkeypatch.setattr(sending.Sending, "begin", first_act)


def test_a_stop_while_the_provider_thinks_is_at_once_and_the_message_is_still_told(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, monkeypatch: Any
):
    run = begin(text)
    hand_over = handing_over.hand_over

    def stop_meanwhile(sender: Any, message: Message) -> Any:
        stop_runs(Run.objects.all(), "Stopped by Ana Ruiz.")
        return hand_over(sender, message)

    monkeypatch.setattr(handing_over, "hand_over", stop_meanwhile)

    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.end_reason) == (RunState.STOPPED, "Stopped by Ana Ruiz.")
    texts = [line.text for line in run.log.all()]
    assert texts[0] == "Stopped by Ana Ruiz."
    assert texts[1].startswith("Sent the SMS “Reminder”")
    assert run.steps == 2
    assert Message.objects.get().status == "sent"


# --- what dies between ---


def test_what_died_between_is_unconfirmed_after_the_lease_and_never_sent_again(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, monkeypatch: Any
):
    run = begin(text)
    monkeypatch.setattr(sending.Sending, "finish", lambda self, run, message: None)
    until_nothing_is_due()  # its sender dies after the first step
    monkeypatch.undo()

    until_nothing_is_due()
    run.refresh_from_db()
    assert run.due_at
    assert run.due_at > datetime.now(UTC) + timedelta(seconds=50)
    assert (run.log.count(), Message.objects.get().status) == (0, "sending")
    come_back_at_once()  # the lease is over
    until_nothing_is_due()

    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert "may or may not have arrived" in run.log.get().text
    message = Message.objects.get()
    assert (message.status, used("sms")) == ("unconfirmed", 1)


def test_who_comes_back_late_writes_nothing_twice(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, monkeypatch: Any
):
    run = begin(text)
    hand_over = handing_over.hand_over

    def outlive_the_lease(sender: Any, message: Message) -> Any:
        monkeypatch.undo()
        come_back_at_once()
        until_nothing_is_due()
        return hand_over(sender, message)

    monkeypatch.setattr(handing_over, "hand_over", outlive_the_lease)

    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.log.count(), run.steps) == (RunState.FINISHED, 1, 1)
    assert Message.objects.get().status == "unconfirmed"


def test_a_deleted_template_fails_the_run(begin: Any, text: MessageTemplate):
    run = begin(text)
    text.delete()

    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.end_reason) == (
        RunState.FAILED,
        "The template “Reminder” no longer exists.",
    )
