"""Nobody gets a message twice, whatever dies; as many go as are allowed; none after a cancel."""

import random
import time
from contextlib import suppress

import psutil
import pytest
from django.db import connection

from pipeline.bulk_actions.engine.reconcile import reconcile
from pipeline.bulk_actions.models import BulkAction, Status, locks
from pipeline.candidates.models import CandidateQuerySet
from pipeline.outreach.delivery import INTERRUPTED
from pipeline.outreach.models import Message, MessageLimit
from tests.bulk_actions.messages import StartSend
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import start_send as start_send
from tests.bulk_actions.messages import template as template
from tests.bulk_actions.reasons import reasons_of
from tests.conftest import MakeCandidates
from tests.providers import MailServer
from tests.providers import mail_server as mail_server

from .conftest import Crew, has_ended, is_past, no_lane_left, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = ("greeting", "ehlo", "mail", "rcpt", "data", "after_data")


@pytest.fixture
def senders(crew: Crew, mail_server: MailServer) -> Crew:
    """Whose workers send through the mail server, and wait longer for it than any test does."""
    crew.environment = mail_server.environment | {
        "MESSAGE_TIMEOUT_SECONDS": "30",
        "EMAIL_TIMEOUT": "30",
    }
    return crew


@pytest.fixture
def people(make_candidates: MakeCandidates) -> CandidateQuerySet:
    return make_candidates(40)


def kill_the_horse(crew: Crew) -> None:
    wait_for(crew.busy)
    for _, horse in crew.busy():
        with suppress(psutil.NoSuchProcess):  # it was done just now
            horse.kill()


def bring_to_its_end(action: BulkAction) -> None:
    """As the cron does, only more often."""
    for _ in range(120):
        if has_ended(action):
            break
        reconcile()
        time.sleep(0.5)
    wait_for(no_lane_left)
    reconcile()


def assert_nobody_twice(action: BulkAction, server: MailServer, lost: int) -> None:
    """`lost`: how many died while on their way, of whom nobody can know."""
    action.refresh_from_db()
    assert server.twice == []
    assert action.processed == action.total == action.outcomes.count()
    assert (action.changed, action.failed) == (action.total - lost, lost)
    unconfirmed = Message.objects.filter(status="unconfirmed")
    assert unconfirmed.count() == lost
    assert all(reason == INTERRUPTED.problem for reason in reasons_of(action))
    sent = Message.objects.filter(status="sent").values_list("address", flat=True)
    assert set(sent) <= set(server.by_recipient)


@pytest.mark.parametrize("step", STEPS)
def test_a_horse_killed_at_a_step_of_the_mail(
    senders, mail_server, start_send: StartSend, template, people, step
):
    mail_server.misbehave(step, "hang", times=1)
    senders.sender()
    action = start_send(template, people)
    mail_server.wait_until_it_misbehaved()

    kill_the_horse(senders)
    bring_to_its_end(action)

    # Before the connection stands nothing was begun for anybody.
    assert_nobody_twice(action, mail_server, lost=0 if step in ("greeting", "ehlo") else 1)


def test_a_horse_killed_before_its_message_is_written(
    senders, mail_server, start_send: StartSend, template, people
):
    senders.sender()
    action = start_send(template, people)
    wait_for(is_past, action, 3)
    with locked(action):
        wait_for(is_waiting_for_leave, action)
        kill_the_horse(senders)

    bring_to_its_end(action)

    assert_nobody_twice(action, mail_server, lost=Message.objects.exclude(status="sent").count())


@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.soak)])
def test_horses_killed_at_any_moment(
    senders, mail_server, start_send: StartSend, template, make_candidates, rounds
):
    for _ in range(2):
        senders.sender()
    for _ in range(rounds):
        action = start_send(template, make_candidates(60), lanes=2)
        wait_for(is_past, action, random.randrange(1, 40))
        kill_the_horse(senders)
        bring_to_its_end(action)

        action.refresh_from_db()
        assert mail_server.twice == []
        assert action.processed == action.total
        assert action.failed <= 2
        assert set(reasons_of(action)) <= {INTERRUPTED.problem}


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_four_lanes_send_exactly_as_many_as_the_limit_allows(
    senders, mail_server, start_send: StartSend, template, make_candidates, rounds
):
    for _ in range(4):
        senders.sender()
    for number in range(1, rounds + 1):
        MessageLimit.objects.update(number=number * 130)

        action = start_send(template, make_candidates(400), lanes=4)
        wait_for(has_ended, action)
        wait_for(no_lane_left)

        action.refresh_from_db()
        assert mail_server.count == Message.objects.filter(status="sent").count() == number * 130
        assert (action.status, action.changed, action.untouched) == (Status.HALTED, 130, 270)


@pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.soak)])
@pytest.mark.parametrize("whim", ["hang", "reset", "421 Later", "550 No"])
def test_no_message_leaves_after_the_cancel(
    senders, mail_server, start_send: StartSend, template, recruiter, make_candidates, whim, rounds
):
    senders.environment |= {"MESSAGE_TIMEOUT_SECONDS": "1", "EMAIL_TIMEOUT": "1"}
    for _ in range(2):
        senders.sender()
    for _ in range(rounds):
        mail_server.behave()
        action = start_send(template, make_candidates(100), lanes=2)
        wait_for(is_past, action, random.randrange(1, 10))
        mail_server.misbehave(random.choice(STEPS[2:]), whim)

        action.cancel(recruiter)
        begun = begun_by(action)
        mail_server.behave()
        wait_for(no_lane_left)
        reconcile()

        action.refresh_from_db()
        assert action.status == Status.CANCELED
        assert not Message.objects.sending().exists()
        # Those that the server would not even begin to listen to count as never begun.
        assert begun_by(action) <= begun
        assert len(begun_by(action)) == action.processed == action.outcomes.count()
        assert mail_server.twice == []


def begun_by(action: BulkAction) -> set[int]:
    return set(Message.objects.filter(bulk_action_id=action.pk).values_list("pk", flat=True))


class locked:  # noqa: N801  # reads as a verb
    """As a canceller does: nobody gets leave to process a candidate."""

    def __init__(self, action: BulkAction) -> None:
        self.action = action

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [locks.CHUNKS, self.action.pk])

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [locks.CHUNKS, self.action.pk])


def is_waiting_for_leave(action: BulkAction) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND objid = %s",
            [action.pk],
        )
        return bool(cursor.fetchone()[0])
