"""Runs that wait for a mail server, and those that do not wait for these."""

from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.journeys import runner
from pipeline.journeys.blocks.send_message import SendEmail
from pipeline.journeys.enrolling import enroll
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.slow import hand_over_some
from pipeline.outreach.models import Channel, MessageTemplate
from pipeline.workspaces.models import Workspace

from .conftest import MakeJourney

QUICK = ("update_candidate", {"attribute": "Plan", "value": "pro"})


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Whose turn at the mail server it was; nothing comes of it."""
    runs: list[int] = []
    monkeypatch.setattr(
        SendEmail, "hand_over", lambda _, batch: runs.extend(run.pk for run in batch)
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
    assert hand_over_some() == 12
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
    assert hand_over_some() == 1
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
    hand_over_some()

    run = Run.objects.get()
    assert (run.block, run.is_slow) == ("b2", False)
