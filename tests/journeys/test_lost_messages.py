"""A message whose sender died after its run had been stopped does not stay *sending*."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from pipeline.candidates.models import Candidate
from pipeline.journeys.engine import jobs
from pipeline.journeys.engine.runner import advance_some
from pipeline.journeys.models import Run, RunState
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.stop import stop_runs
from pipeline.outreach.models import Channel, Message, MessageTemplate
from pipeline.workspaces.models import Workspace

from .conftest import MakeJourney

LONG_AGO = Now() - timedelta(hours=1)


@pytest.fixture
def message(make_journey: MakeJourney, workspace: Workspace, candidate: Candidate) -> Message:
    """Begun an hour ago for a run that has been stopped since."""
    template = MessageTemplate.objects.create(
        workspace=workspace, name="Mail", channel=Channel.EMAIL, subject="Hello", body="Call us"
    )
    journey = make_journey(("send_email", {"template": template.pk}))
    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")
    advance_some()
    run = Run.objects.get()
    message = Message.objects.create(
        workspace=workspace,
        candidate=candidate,
        channel=Channel.EMAIL,
        address=candidate.email,
        journey_run_id=run.pk,
        journey_step=run.steps + 1,
        created_at=LONG_AGO,
    )
    stop_runs(Run.objects.all(), because(Code.TEXT, text="Stopped by Olga Berg."))
    return message


def test_it_is_unconfirmed_once_nobody_can_be_at_it_any_more(message: Message):
    Run.objects.update(ended_at=LONG_AGO)

    jobs.work_on_slow()
    jobs.work_on_slow()

    message.refresh_from_db()
    assert message.status == "unconfirmed"
    run = Run.objects.get()
    assert run.state == RunState.STOPPED
    lines = list(run.log.all())
    assert [line.number for line in lines] == list(range(1, run.steps + 1))
    assert sum("unconfirmed" in line.text for line in lines) == 1


def test_it_is_left_alone_while_its_sender_may_be_at_it(message: Message):
    jobs.work_on_slow()

    message.refresh_from_db()
    assert message.status == "sending"


def test_the_candidate_was_deleted_meanwhile(message: Message, candidate: Candidate):
    candidate.delete()

    jobs.work_on_slow()

    message.refresh_from_db()
    assert message.status == "unconfirmed"


def test_one_that_runs_is_left_to_its_runner(message: Message):
    later = Now() + timedelta(hours=1)
    Run.objects.update(state=RunState.RUNNING, ended_at=None, end_code="", due_at=later)

    jobs.work_on_slow()

    message.refresh_from_db()
    assert message.status == "sending"
