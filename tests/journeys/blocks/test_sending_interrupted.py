"""What comes between a run and its message: the provider, a pause, a stop, a death."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.journeys.lifecycle import pause, resume
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing import message_retry, messages
from pipeline.journeys.writing.stop import stop_runs
from pipeline.outreach import delivery
from pipeline.outreach.models import Message, MessageTemplate
from pipeline.workspaces.models import User
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.journeys.conftest import look_once, until_nothing_is_due
from tests.providers import MailServer, SMSProvider
from tests.providers import fast as fast
from tests.providers import mail_server as mail_server
from tests.providers import sms_provider as sms_provider

from .messages import begin as begin
from .messages import come_back_at_once, used
from .messages import template as template
from .messages import text as text

pytestmark = pytest.mark.usefixtures("as_fast_as_possible")


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


@pytest.mark.slow
def test_after_some_tries_the_run_fails_with_the_reason(
    begin: Any, template: MessageTemplate, mail_server: MailServer, fast: None
):
    Candidate.objects.update(attributes={"City": "Porto"})
    mail_server.misbehave("greeting", "reset")
    run = begin(template)

    for _ in range(message_retry.MOST_TRIES):
        run.refresh_from_db()
        assert run.state == RunState.RUNNING
        look_once()
        come_back_at_once()

    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.end_reason.endswith(f"Gave up after {message_retry.MOST_TRIES} tries.")
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
    before_begin(
        monkeypatch,
        lambda: stop_runs(Run.objects.all(), because(Code.TEXT, text="Stopped by Ana Ruiz.")),
    )

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
    begin = messages.RunMessage.begin

    def first_act(self: Any, draft: Any) -> Any:
        act()
        return begin(self, draft)

    monkeypatch.setattr(messages.RunMessage, "begin", first_act)


def test_a_stop_while_the_provider_thinks_is_at_once_and_the_message_is_still_told(
    begin: Any, text: MessageTemplate, sms_provider: SMSProvider, monkeypatch: Any
):
    run = begin(text)
    hand_over = delivery.hand_over

    def stop_meanwhile(owner: Any, sender: Any, message: Message) -> Any:
        stop_runs(Run.objects.all(), because(Code.TEXT, text="Stopped by Ana Ruiz."))
        return hand_over(owner, sender, message)

    monkeypatch.setattr(delivery, "hand_over", stop_meanwhile)

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
    monkeypatch.setattr(delivery, "hand_over", lambda *_: delivery.SENT)
    monkeypatch.setattr(messages.RunMessage, "record", lambda *_: None)
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
    hand_over = delivery.hand_over

    def outlive_the_lease(owner: Any, sender: Any, message: Message) -> Any:
        monkeypatch.undo()
        come_back_at_once()
        until_nothing_is_due()
        return hand_over(owner, sender, message)

    monkeypatch.setattr(delivery, "hand_over", outlive_the_lease)

    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.log.count(), run.steps) == (RunState.FINISHED, 1, 1)
    assert Message.objects.get().status == "unconfirmed"
