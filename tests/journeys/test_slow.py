"""Runs that wait for a mail server, and those that do not wait for these."""

from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.journeys.blocks.send_message import SendEmail
from pipeline.journeys.engine import runner
from pipeline.journeys.engine.external import execute_external_some
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.writing.enroll import enroll
from pipeline.outreach.models import Channel, MessageLimit, MessageTemplate
from pipeline.workspaces.models import User, Workspace
from tests.providers import MailServer
from tests.providers import mail_server as mail_server

from .conftest import MakeJourney

QUICK = ("update_candidate", {"attribute": "Plan", "value": "pro"})


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Whose turn at the mail server it was; nothing comes of it."""
    runs: list[int] = []
    monkeypatch.setattr(
        SendEmail, "execute_external", lambda _, batch: runs.extend(run.pk for run in batch)
    )
    return runs


@pytest.fixture
def sending(make_journey: MakeJourney, workspace: Workspace) -> Journey:
    template = MessageTemplate.objects.create(
        workspace=workspace, name="Mail", channel=Channel.EMAIL, subject="Hello", body="Call us"
    )
    return make_journey(("send_email", {"template": template.pk}), name="Sends")


def test_runs_of_slow_blocks_are_left_to_others_and_hold_up_nobody(
    make_journey: MakeJourney,
    sending: Journey,
    make_candidates: Any,
    candidate: Candidate,
    handed_over: list[int],
    monkeypatch: pytest.MonkeyPatch,
):
    """Neither another journey's run, nor one of the same that came later."""
    monkeypatch.setattr(runner, "BATCH", 5)
    people = [one.pk for one in make_candidates(12)]
    other = make_journey(QUICK, name="Quick")
    assert sending.version
    assert other.version
    enroll(sending.version, people, "By hand")
    enroll(other.version, [candidate.pk], "By hand")

    assert runner.advance_some() == 5 + 1
    assert runner.advance_some() == 5
    assert runner.advance_some() == 2
    assert runner.advance_some() == 0

    assert Run.objects.get(journey=other).state == RunState.FINISHED
    assert handed_over == []
    assert execute_external_some() == 12
    assert sorted(handed_over) == sorted(
        Run.objects.filter(journey=sending).values_list("pk", flat=True)
    )


def test_a_block_that_is_no_longer_slow_is_the_runner_s_again(
    make_journey: MakeJourney, candidate: Candidate
):
    journey = make_journey(QUICK)
    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")
    Run.objects.update(is_slow=True)

    assert runner.advance_some() == 0
    assert execute_external_some() == 1
    assert runner.advance_some() == 1

    assert Run.objects.get().state == RunState.FINISHED


def test_whoever_goes_on_from_a_slow_block_is_no_longer_slow(
    make_journey: MakeJourney, candidate: Candidate, workspace: Workspace
):
    template = MessageTemplate.objects.create(
        workspace=workspace, name="Mail", channel=Channel.EMAIL, subject="Hello", body="Call us"
    )
    journey = make_journey(("send_email", {"template": template.pk}), QUICK)
    Candidate.objects.update(email="")
    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")

    runner.advance_some()
    assert Run.objects.filter(is_slow=True).count() == 1
    execute_external_some()

    run = Run.objects.get()
    assert (run.block, run.is_slow) == ("b2", False)


def test_many_journeys_of_a_workspace_make_no_other_wait(
    make_journey: MakeJourney, sending: Journey, stranger: User, make_candidates: Any, monkeypatch
):
    """One turn is all that each workspace has before the others have theirs."""
    turns: list[int] = []
    monkeypatch.setattr(
        SendEmail, "execute_external", lambda _, batch: turns.append(batch.version.pk)
    )
    people = [one.pk for one in make_candidates(2)]
    ours = [sending, *(copy_of(sending, sending.workspace, n) for n in range(5))]
    theirs = copy_of(sending, stranger.membership.workspace, 9)
    for journey in ours:
        enroll(journey.version, people, "By hand")
    strangers = Candidate.objects.visible_to(stranger).values_list("pk", flat=True)
    enroll(theirs.version, list(strangers), "By hand")
    while runner.advance_some():
        pass

    assert execute_external_some() == 2 + 3

    assert len(turns) == 2
    assert theirs.version.pk in turns


def copy_of(journey: Journey, workspace: Workspace, number: int) -> Any:
    copy = Journey.objects.create(
        workspace=workspace, name=f"Copy {number}", created_by=journey.created_by, state="live"
    )
    version = journey.version
    assert version
    version.pk, version.journey = None, copy
    version.save(force_insert=True)
    Journey.objects.filter(pk=copy.pk).update(version=version)
    copy.refresh_from_db()
    journey.refresh_from_db()
    return copy


@pytest.mark.django_db(transaction=True)
def test_runs_wait_for_the_rate_and_go_on(
    sending: Journey, make_candidates: Any, workspace: Workspace, mail_server: MailServer
):
    """Also where the next slot is so far away that it is left to others."""
    MessageLimit.objects.create(workspace=workspace, channel=Channel.EMAIL, per_second=3)
    assert sending.version
    enroll(sending.version, [one.pk for one in make_candidates(3)], "By hand")
    while runner.advance_some():
        pass

    for _ in range(5):
        execute_external_some()

    assert mail_server.count == 3
