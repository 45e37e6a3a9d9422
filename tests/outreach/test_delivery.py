"""The promises of a message, whoever owns it: a bulk action, a run of a journey, a share."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.share_with_reviewer import ShareWithReviewer
from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Run, RunState
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.stop import stop_runs
from pipeline.outreach import delivery, limits, optouts
from pipeline.outreach.models import Channel, Message, MessageLimit, MessageStatus
from pipeline.workspaces.models import User, Workspace
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import start_send as start_send
from tests.bulk_actions.messages import template as template
from tests.bulk_actions.reasons import told
from tests.journeys.blocks.messages import come_back_at_once
from tests.journeys.conftest import make_journey as make_journey
from tests.journeys.conftest import until_nothing_is_due
from tests.providers import MailServer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fast", "as_fast_as_possible"),
]
LIMIT = 10
REVIEWER = "rita@client.example"


class Order(ABC):
    """One message, ordered, and not sent yet."""

    @abstractmethod
    def work(self) -> None:
        """One turn of those who work in the background."""

    @abstractmethod
    def stop(self) -> None: ...

    def look_again(self) -> None:
        """A turn when nobody can be at the message any more."""
        self.work()

    @abstractmethod
    def told(self) -> str:
        """What people read of it."""

    @abstractmethod
    def has_ended(self) -> bool: ...


class OfAction(Order):
    def __init__(self, action: BulkAction, by: User) -> None:
        self.action = action
        self.by = by

    def work(self) -> None:
        lane.work_on(self.action.pk, 0)

    def stop(self) -> None:
        assert self.action.cancel(self.by)

    def told(self) -> str:
        self.action.refresh_from_db()
        return " ".join([self.action.failure, *map(told, self.action.outcomes.all())])

    def has_ended(self) -> bool:
        self.action.refresh_from_db()
        return not self.action.is_active


class OfRun(Order):
    def __init__(self, run: Run) -> None:
        self.run = run

    def work(self) -> None:
        until_nothing_is_due()

    def stop(self) -> None:
        stop_runs(Run.objects.all(), because(Code.TEXT, text="Stopped by Ana Ruiz."))

    def look_again(self) -> None:
        come_back_at_once()
        self.work()

    def told(self) -> str:
        return " ".join(line.text for line in self.run.log.all())

    def has_ended(self) -> bool:
        self.run.refresh_from_db()
        return self.run.state != RunState.RUNNING


@pytest.fixture
def candidate(make_candidates: Any) -> Candidate:
    found: Candidate = make_candidates(1)[0]
    return found


@pytest.fixture
def order_action(start_send: Any, template: Any, candidate: Candidate, recruiter: User) -> Any:
    people = Candidate.objects.filter(pk=candidate.pk)
    return lambda: OfAction(start_send(template, people), recruiter)


@pytest.fixture
def order_run(make_journey: Any, template: Any, candidate: Candidate) -> Any:
    def order() -> Order:
        options = {"template": template.pk, "template_name": template.name}
        journey = make_journey(("send_email", options))
        enroll(journey.version, [candidate.pk], "By hand")
        return OfRun(Run.objects.get())

    return order


@pytest.fixture
def order_share(candidate: Candidate, recruiter: User, settings: Any) -> Any:
    settings.PUBLIC_URL = "https://belay.example.com"

    def order() -> Order:
        Workspace.objects.update(start_delay_seconds=0)
        action, _ = start_bulk_action(
            user=User.objects.get(pk=recruiter.pk),
            operation=ShareWithReviewer({"reviewer": REVIEWER, "note": "", "days": 7}),
            candidates=Candidate.objects.filter(pk=candidate.pk),
            key=uuid4(),
        )
        return OfAction(action, recruiter)

    return order


@pytest.fixture(params=["action", "run", "share"])
def order(request: Any, mail_server: MailServer) -> Order:
    ordered: Order = request.getfixturevalue(f"order_{request.param}")()
    MessageLimit.objects.update(number=LIMIT)
    return ordered


@pytest.fixture
def used(workspace: Workspace) -> Callable[[], int]:
    """`used()`: how many messages are taken off the limit."""
    return lambda: LIMIT - (limits.left(workspace, Channel.EMAIL) or 0)


def status() -> str:
    return Message.objects.get().status


class Died(BaseException):
    """The process of the sender."""


def die(*_: object) -> None:
    raise Died


def test_it_is_written_as_sending_before_the_provider_has_it(order, used, monkeypatch):
    seen: list[Any] = []
    hand_over = delivery.hand_over

    def look(owner: Any, sender: Any, message: Message) -> Any:
        # What another connection sees is committed; and no lock is held outside of a transaction.
        others = Thread(target=in_thread, args=[lambda: seen.append((status(), used()))])
        others.start()
        others.join()
        seen.append(connection.in_atomic_block)
        return hand_over(owner, sender, message)

    monkeypatch.setattr(delivery, "hand_over", look)
    order.work()

    assert seen == [(MessageStatus.SENDING, 1), False]


def test_sent(order, mail_server, used):
    order.work()

    assert (status(), mail_server.count, used()) == (MessageStatus.SENT, 1, 1)
    assert order.has_ended()


@pytest.mark.parametrize("order", ["action", "run"], indirect=True)  # nobody else can opt out
def test_refused(order, candidate, mail_server, used):
    optouts.opt_out(candidate.workspace, Channel.EMAIL, candidate.email)

    order.work()

    assert "Has opted out of e-mails." in order.told()
    assert (Message.objects.count(), mail_server.count, used()) == (0, 0, 0)
    assert order.has_ended()


def test_over_the_limit(order, mail_server, used):
    MessageLimit.objects.update(number=0)

    order.work()

    assert "The e-mail limit of 0 a calendar month is used up." in order.told()
    assert (Message.objects.count(), mail_server.count) == (0, 0)


def test_failed(order, mail_server, used):
    mail_server.misbehave("rcpt", "550 No such mailbox")

    order.work()

    assert (status(), mail_server.count, used()) == (MessageStatus.FAILED, 0, 0)
    assert "550 No such mailbox" in order.told()
    assert order.has_ended()


def test_unconfirmed(order, mail_server, used):
    mail_server.misbehave("after_data", "reset")

    order.work()
    order.look_again()

    assert (status(), mail_server.count, used()) == (MessageStatus.UNCONFIRMED, 1, 1)
    assert "the message may or may not have been sent" in order.told()


@pytest.mark.parametrize(
    ("step", "how"),
    [("greeting", "reset"), ("mail", "421 Later")],
    ids=["before the first step", "after it"],
)
def test_unavailable(order, mail_server, used, step, how):
    mail_server.misbehave(step, how)

    order.work()

    assert (Message.objects.count(), mail_server.count, used()) == (0, 0, 0)
    assert "The mail server" in order.told()


def test_hung_and_then_stopped(order, mail_server, used):
    mail_server.misbehave("data", "hang", times=1)
    worker = Thread(target=in_thread, args=[order.work])
    worker.start()
    mail_server.wait_until_it_misbehaved()

    begun = time.monotonic()
    order.stop()
    seconds = time.monotonic() - begun
    still_with_the_provider = status()
    worker.join()
    order.look_again()

    assert still_with_the_provider == MessageStatus.SENDING
    assert seconds < 0.4  # the provider is given 0.5
    assert (status(), mail_server.count, used()) == (MessageStatus.UNCONFIRMED, 0, 1)
    assert order.has_ended()


def test_stopped_before_it_is_handed_over(order, mail_server, used, monkeypatch):
    """By a process that stands still after the first step, and wakes up after the stop."""
    hand_over = delivery.hand_over

    def late(owner: Any, sender: Any, message: Message) -> Any:
        order.stop()
        message.begun_at -= 60
        return hand_over(owner, sender, message)

    monkeypatch.setattr(delivery, "hand_over", late)
    order.work()

    assert (Message.objects.count(), mail_server.count, used()) == (0, 0, 0)
    assert order.has_ended()


def test_died_after_the_first_step(order, mail_server, used, monkeypatch):
    monkeypatch.setattr(delivery, "hand_over", die)
    with pytest.raises(Died):
        order.work()
    monkeypatch.undo()

    order.look_again()

    assert (status(), mail_server.count, used()) == (MessageStatus.UNCONFIRMED, 0, 1)
    assert "It may or may not have arrived, and is not resent automatically." in order.told()


def test_died_before_the_last_step(order, mail_server, used, monkeypatch):
    hand_over = delivery.hand_over

    def hand_over_and_die(owner: Any, sender: Any, message: Message) -> Any:
        hand_over(owner, sender, message)
        raise Died

    monkeypatch.setattr(delivery, "hand_over", hand_over_and_die)
    with pytest.raises(Died):
        order.work()
    monkeypatch.undo()

    order.look_again()

    assert (status(), mail_server.count, used()) == (MessageStatus.UNCONFIRMED, 1, 1)


def in_thread(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connection.close()
