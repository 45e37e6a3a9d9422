"""One block at a time, through the runner: what it did to one candidate, and which way it took."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey, Run, RunStep
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import User, Workspace
from tests.journeys.conftest import until_nothing_is_due

PassBlock = Callable[..., Run]


@pytest.fixture
def publish_block(workspace: Workspace, owner: User) -> Callable[..., Journey]:
    """`publish_block(type, options)`: a live journey of that block alone; all its ways end."""

    def publish_block(type: str, options: dict[str, Any], name: str = "One block") -> Journey:
        ways = dict.fromkeys(BLOCKS[type](options).ways)
        draft = {
            "trigger": {"type": "by_hand", "options": {}},
            "reentry": {"rule": "always"},
            "start": "b1",
            "blocks": {"b1": {"type": type, "options": options, "ways": ways}},
        }
        journey = Journey.objects.create(
            workspace=workspace, name=name, draft=draft, created_by=owner
        )
        publish(journey, owner)
        return journey

    return publish_block


@pytest.fixture
def pass_block(publish_block: Callable[..., Journey], candidate: Candidate) -> PassBlock:
    """`pass_block(type, options, candidate)`: the candidate's run, when nothing more is due."""

    def pass_block(type: str, options: dict[str, Any], who: Candidate = candidate) -> Run:
        journey = Journey.objects.filter(name="One block").first()
        if journey is None or journey.draft["blocks"]["b1"]["options"] != options:
            Journey.objects.filter(name="One block").update(name="Before")
            Journey.objects.filter(name="Before").delete()
            journey = publish_block(type, options)
        assert journey.version
        enroll(journey.version, [who.pk], "By hand")
        until_nothing_is_due()
        return Run.objects.filter(journey=journey, candidate=who).latest("pk")

    return pass_block


def last_line(run: Run) -> RunStep:
    return run.log.latest("number")
