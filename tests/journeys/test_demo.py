"""The demo's journeys could be published as they are, and their runs are as if on time."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.db.models import F, Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.candidates.demo import load as demo
from pipeline.candidates.models import CandidateLabel
from pipeline.journeys.blocks.problems import problems_of
from pipeline.journeys.blocks.view import read
from pipeline.journeys.definition.definition import Definition
from pipeline.journeys.demo.load import add_journeys
from pipeline.journeys.models import Journey, JourneyState, Run, RunState, RunStep
from pipeline.journeys.models.listener import Happening
from pipeline.outreach.demo import add_templates
from pipeline.outreach.models import Message, MessageStatus
from pipeline.outreach.senders.file import FileSender
from pipeline.tasks.demo.load import add_tasks
from pipeline.tasks.models import Task
from pipeline.workspaces.models import User, Workspace
from tests.conftest import OnceForAll


def load_all_but_journeys(candidates: int) -> Workspace:
    workspace = demo.load(candidates, "a password")
    add_templates(workspace)
    add_tasks(workspace)
    return workspace


def refuse(*_: Any) -> None:
    raise AssertionError("a demo sends nothing")


@pytest.fixture(scope="module")
def loaded_once(once_for_all: OnceForAll) -> tuple[int, int]:
    """The workspace's id, and how many statements its journeys took."""
    with once_for_all(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(FileSender, "send", refuse)
        patch.setattr(FileSender, "open", refuse)
        workspace = load_all_but_journeys(2000)
        with CaptureQueriesContext(connection) as queries:
            add_journeys(workspace)
        return workspace.pk, len(queries)


@pytest.fixture
def loaded(db: None, loaded_once: tuple[int, int]) -> Workspace:
    return Workspace.objects.get(pk=loaded_once[0])


def test_each_journey_could_be_published_as_it_is(loaded: Workspace):
    journeys = Journey.objects.filter(workspace=loaded)

    assert Counter(journeys.values_list("state", flat=True)) == {
        JourneyState.LIVE: 5,
        JourneyState.PAUSED: 1,
        JourneyState.DRAFT: 1,
    }
    for journey in journeys:
        assert problems_of(Definition.from_json(journey.draft), loaded, journey) == {}, journey
        if journey.version:
            assert journey.version.definition == journey.draft


def test_every_block_can_be_opened_in_its_form(loaded: Workspace):
    """What the options hold is what the form takes, and would write."""
    for journey in Journey.objects.all():
        for node in Definition.from_json(journey.draft):
            reading = read(node)
            assert reading.type
            answers = {k: v for k, v in reading.answers.items() if v is not None}
            form = reading.type.form(answers, workspace=loaded)
            assert not form.errors, (journey, node, form.errors)
            assert reading.type(form.options()).summary == reading.summary


def test_there_are_runs_in_every_state_of_every_live_journey(loaded: Workspace):
    states = Counter(Run.objects.values_list("state", flat=True))
    live = Journey.objects.live()

    assert set(states) == set(RunState)
    assert 100 < sum(states.values()) < 200
    for journey in live:
        assert journey.runs.exists(), journey
    waiting = Run.objects.running()
    assert waiting.filter(is_waiting=True).count() == waiting.count() > 20


def test_nothing_is_due_and_nothing_is_left_to_be_told(loaded: Workspace):
    live = Run.objects.running().filter(journey__in=Journey.objects.live())

    assert not live.filter(due_at__lte=TransactionNow()).exists()
    assert not Happening.objects.exists()


def test_times_run_forward_and_none_is_to_come(loaded: Workspace):
    now = timezone.now()
    backwards = Q(ended_at__lt=F("started_at")) | Q(started_at__lt=F("version__published_at"))

    assert not Run.objects.filter(backwards).exists()
    assert not RunStep.objects.filter(Q(at__gt=now) | Q(at__lt=F("run__started_at"))).exists()
    for run in Run.objects.prefetch_related("log"):
        moments = [line.at for line in run.log.all()]
        assert moments == sorted(moments)
        assert [line.number for line in run.log.all()] == list(range(1, run.steps + 1))
    assert Run.objects.filter(started_at__lt=now - timedelta(days=10)).exists()
    assert Run.objects.filter(ended_at__gt=now - timedelta(days=1)).exists()


def test_each_task_of_a_journey_leads_to_the_run_that_made_or_canceled_it(loaded: Workspace):
    number = 0
    for verb, moment in (("created", "created_at"), ("canceled", "ended_at")):
        for task in Task.objects.exclude(**{f"{verb}_by_journey_id": None}):
            run = Run.objects.get(pk=getattr(task, f"{verb}_by_run_id"))
            lines = run.log.filter(at=getattr(task, moment))
            told = [line.details.get("task") for line in lines]
            told += [pk for line in lines for pk in line.details.get("canceled", ())]
            assert run.candidate_id == task.candidate_id
            assert run.journey_id == getattr(task, f"{verb}_by_journey_id")
            assert run.version.number == getattr(task, f"{verb}_by_journey_version")
            assert run.journey.name == getattr(task, f"{verb}_by_name")
            assert task.pk in told
            number += 1
    assert number > 120


def test_an_accepted_task_was_spared(loaded: Workspace):
    lines = RunStep.objects.filter(details__has_key="spared")

    assert [line for line in lines if line.details["spared"]]


def test_messages_are_written_down_and_handed_to_nobody(loaded: Workspace):
    messages = Message.objects.all()
    assert messages.count() > 5
    assert set(messages.values_list("status", flat=True)) == {MessageStatus.SENT}
    for message in messages:
        line = RunStep.objects.get(run=message.journey_run_id, number=message.journey_step or 0)
        assert line.details["message"] == message.pk
        assert line.at == message.created_at == message.ended_at


@pytest.mark.slow
def test_the_same_candidates_get_the_same_runs(loaded: Workspace):
    def told() -> list[tuple[Any, ...]]:
        """Up to the Split, whose choice hangs on the journey's id."""
        steps = RunStep.objects.exclude(run__journey__name__startswith="Hired")
        fields = ("run__journey__name", "run__candidate", "number", "summary", "way")
        return sorted(steps.values_list(*fields))

    first = told()
    Task.objects.all().delete()
    Message.objects.all().delete()
    loaded.campaigns.all().delete()
    Journey.objects.all().delete()
    CandidateLabel.objects.filter(label__name__in=("Converted", "Blocked number")).delete()
    loaded.memberships.get(role="agent").skills.delete()
    add_tasks(loaded)
    add_journeys(loaded)

    assert told() == first


def test_it_takes_some_hundred_statements(loaded_once: tuple[int, int]):
    assert loaded_once[1] < 900


def test_the_pages_open(loaded: Workspace, client_of: Any):
    client = client_of(User.objects.get(email="recruiter@demo.example"))
    failed = Run.objects.filter(state=RunState.FAILED)[0]

    for journey in Journey.objects.all():
        for page in (f"/journeys/{journey.pk}/", f"/journeys/{journey.pk}/runs/"):
            assert client.get(page).status_code == 200
    page = client.get(f"/journeys/{failed.journey_id}/runs/{failed.pk}/").content.decode()
    assert "The label “Job Fair Madrid” no longer exists." in page
