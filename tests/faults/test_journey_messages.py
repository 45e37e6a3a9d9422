"""The messages of runs: nobody gets one twice, whatever dies; as many go as are allowed; none after
a pause or a stop."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import django_rq
import psutil
import pytest
from django.db.models import Count
from django.db.models.functions import Now

from pipeline.candidates.models import CandidateQuerySet
from pipeline.journeys.engine import jobs
from pipeline.journeys.engine.runner import advance_some
from pipeline.journeys.lifecycle import pause, resume
from pipeline.journeys.models import Journey, Run, RunState, RunStep
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.stop import stop_runs
from pipeline.outreach.delivery import INTERRUPTED
from pipeline.outreach.models import Message, MessageLimit, MessageTemplate, MessageUse
from pipeline.workspaces.models import User
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import template as template
from tests.journeys.conftest import look_once
from tests.journeys.conftest import make_journey as make_journey
from tests.providers import MailServer
from tests.providers import mail_server as mail_server

from .conftest import SERIALIZER, Crew, wait_for
from .test_journey_races import together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_fast_as_possible"),
]
STEPS = ("greeting", "ehlo", "mail", "rcpt", "data", "after_data")


@pytest.fixture
def sending(make_journey: Any, template: MessageTemplate) -> Journey:
    """A journey that sends one e-mail to each candidate, each time."""
    options = {"template": template.pk, "template_name": template.name}
    journey: Journey = make_journey(("send_email", options), reentry={"rule": "always"})
    return journey


@pytest.fixture
def people(make_candidates: Any) -> CandidateQuerySet:
    found: CandidateQuerySet = make_candidates(40)
    return found


@pytest.fixture
def senders(crew: Crew, mail_server: MailServer) -> Crew:
    """Whose workers wait longer for the mail server than any test does."""
    django_rq.get_queue("journeys_slow").empty()
    crew.environment = mail_server.environment | {
        "MESSAGE_TIMEOUT_SECONDS": "30",
        "EMAIL_TIMEOUT": "30",
    }
    return crew


def start(journey: Journey, people: CandidateQuerySet) -> None:
    assert journey.version
    enroll(journey.version, list(people.values_list("pk", flat=True)), "By hand")
    while advance_some():  # all of them are left to the slow ones' workers
        pass


def send_a_worker(crew: Crew) -> None:
    crew.manage("rqworker", "journeys_slow", *SERIALIZER, "--burst")
    django_rq.get_queue("journeys_slow").enqueue(jobs.work_on_slow)


def kill_the_horses(crew: Crew) -> None:
    wait_for(crew.busy)
    for _, horse in crew.busy():
        with suppress(psutil.NoSuchProcess):  # it was done just now
            horse.kill()
            horse.wait(10)


def bring_to_its_end() -> None:
    """As if every lease were over, and the cron called again and again."""
    while Run.objects.running().exists():
        Run.objects.running().update(due_at=Now() - timedelta(hours=1))
        look_once()


def assert_nobody_twice(server: MailServer, total: int, most_lost: int) -> int:
    """Each run has one message, one line and an end; returns of how many nobody can know."""
    assert server.twice == []
    lost = Message.objects.filter(status="unconfirmed")
    assert lost.count() <= most_lost
    assert set(lost.values_list("problem", flat=True)) <= {INTERRUPTED.problem}
    assert Message.objects.filter(status="sent").count() + lost.count() == total
    assert Run.objects.filter(state=RunState.FINISHED).count() == total
    assert RunStep.objects.count() == total
    used = MessageUse.objects.filter(channel="email", period="day").values_list("used", flat=True)
    assert sum(used) == total
    sent = Message.objects.filter(status="sent").values_list("address", flat=True)
    assert set(sent) <= set(server.by_recipient)
    return lost.count()


@pytest.mark.parametrize("step", STEPS)
def test_a_runner_killed_at_a_step_of_the_mail(
    senders: Crew, mail_server: MailServer, sending: Journey, people: CandidateQuerySet, step: str
):
    mail_server.misbehave(step, "hang", times=1)
    start(sending, people)
    send_a_worker(senders)
    mail_server.wait_until_it_misbehaved()

    kill_the_horses(senders)
    bring_to_its_end()

    # Before the connection stands nothing was begun for anybody.
    lost = assert_nobody_twice(mail_server, 40, most_lost=1)
    assert lost == (0 if step in ("greeting", "ehlo") else 1)


@pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.soak)])
def test_runners_killed_at_any_moment(
    senders: Crew, mail_server: MailServer, sending: Journey, make_candidates: Any, rounds: int
):
    for _ in range(rounds):
        Run.objects.all().delete()
        Message.objects.all().delete()
        MessageUse.objects.all().delete()
        before = mail_server.count
        start(sending, make_candidates(150))
        for _ in range(2):
            send_a_worker(senders)
        mail_server.wait_for(before + random.randrange(1, 60))
        kill_the_horses(senders)
        bring_to_its_end()

        assert_nobody_twice(mail_server, 150, most_lost=2)


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_several_at_once_send_exactly_as_many_as_the_limit_allows(
    mail_server: MailServer, sending: Journey, make_candidates: Any, rounds: int
):
    for number in range(1, rounds + 1):
        MessageLimit.objects.update(number=number * 25)
        Run.objects.all().delete()
        start(sending, make_candidates(40))

        results = together(*[jobs.work_on_slow] * 4)

        assert [one for one in results if one] == []
        assert mail_server.count == Message.objects.filter(status="sent").count() == number * 25
        assert Run.objects.filter(state=RunState.FINISHED).count() == 25
        waiting = Run.objects.running().filter(due_at__gt=Now())
        assert waiting.annotate(lines=Count("log")).filter(lines=1).count() == 15
        assert mail_server.twice == []


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.soak)])
@pytest.mark.parametrize("how", ["pause", "stop"])
def test_no_message_leaves_after_a_pause_or_a_stop(
    mail_server: MailServer,
    sending: Journey,
    make_candidates: Any,
    owner: User,
    rounds: int,
    how: str,
):
    for _ in range(rounds):
        Run.objects.all().delete()
        Message.objects.all().delete()
        before = mail_server.count
        start(sending, make_candidates(200))
        enough = before + random.randrange(1, 40)

        def interrupt(enough: int = enough) -> set[int]:
            mail_server.wait_for(enough)
            if how == "pause":
                assert pause(sending, owner)
            else:
                stop_runs(
                    Run.objects.filter(journey=sending),
                    because(Code.TEXT, text="Stopped by Olga Berg."),
                )
            return set(Message.objects.values_list("pk", flat=True))

        begun, *others = together(interrupt, jobs.work_on_slow, jobs.work_on_slow)

        assert not isinstance(begun, BaseException), begun
        assert [one for one in others if one] == []
        assert set(Message.objects.values_list("pk", flat=True)) == begun
        assert 0 < len(begun) < 200
        assert not Message.objects.sending().exists()
        assert mail_server.twice == []
        if how == "pause":
            assert Run.objects.running().count() == 200 - len(begun)
            assert resume(sending, owner)
        else:
            assert Run.objects.running().count() == 0
