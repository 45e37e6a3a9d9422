"""Random journeys, random events, and what holds whatever happens (see promises.py).

A few examples every day, thousands with `make soak`.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.candidates.models import Candidate, CandidateLabel
from pipeline.journeys.lifecycle import pause, resume
from pipeline.journeys.models import Journey, JourneyState, Run
from pipeline.journeys.models.listener import Happening, Listener
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing import step_log
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.stop import stop_runs
from pipeline.tasks.models import Disposition, Task
from pipeline.workspaces.models import User

from .conftest import look_once, until_nothing_is_due
from .promises import assert_promises_kept, by_person, witness
from .random_journeys import EVENTS, World
from .random_journeys import world as world

ROUNDS = 400  # of both jobs: whoever needs more goes on for ever


@pytest.fixture
def witnessed(db: None) -> Iterator[None]:
    with witness():
        yield


class Story:
    """Two journeys or three, four people, and what happens to them. One event after the other."""

    def __init__(self, chance: Random, world: World, agent: User, people: list[Candidate]) -> None:
        self.chance = chance
        self.world = world
        self.agent = agent
        self.people = people
        self.journeys = world.journeys(chance, 3)

    @property
    def somebody(self) -> Candidate:
        return self.chance.choice(self.people)

    @property
    def some_journey(self) -> Journey:
        journey = self.chance.choice(self.journeys)
        journey.refresh_from_db()
        return journey

    def they_enter_by_hand(self) -> None:
        journey = self.some_journey
        if journey.is_live and journey.version:
            enroll(journey.version, [one.pk for one in self.people], "By hand")

    def a_label_is_added(self) -> None:
        with by_person():
            CandidateLabel.objects.get_or_create(
                candidate=self.somebody, label=self.chance.choice(self.world.labels)
            )

    def a_label_is_removed(self) -> None:
        with by_person():
            CandidateLabel.objects.filter(candidate=self.somebody).delete()

    def somebody_is_moved(self) -> None:
        """To a folder that may be Hired, which stops all runs."""
        with by_person():
            Candidate.objects.filter(pk=self.somebody.pk).update(
                folder=self.chance.choice(self.world.folders)
            )

    def somebody_is_rejected(self) -> None:
        rejected = self.world.folders[0].opening.folders.get(kind="rejected")
        with by_person():
            Candidate.objects.filter(pk=self.somebody.pk).update(folder=rejected)

    def a_custom_event_comes(self) -> None:
        name = self.chance.choice(EVENTS)
        if Listener.objects.filter(workspace=self.world.workspace, name=name).exists():
            Happening.objects.create(
                workspace=self.world.workspace, candidate=self.somebody, kind="event", name=name
            )

    def time_passes(self) -> None:
        """For all that has a time: as if everything had happened so much earlier."""
        past = timedelta(**self.chance.choice([{"seconds": 4}, {"hours": 1}, {"days": 2}]))
        Run.objects.update(
            due_at=F("due_at") - past,
            started_at=F("started_at") - past,
            ended_at=F("ended_at") - past,
        )

    def a_journey_is_paused(self) -> None:
        pause(self.some_journey, self.world.owner)

    def a_journey_goes_on(self) -> None:
        resume(self.some_journey, self.world.owner)

    def another_version_is_published(self) -> None:
        self.world.publish_anew(self.some_journey, self.journeys, self.chance)

    def a_run_is_stopped(self) -> None:
        if pks := list(Run.objects.running().values_list("pk", flat=True)):
            one = Run.objects.filter(pk=self.chance.choice(pks))
            stop_runs(one, because(Code.TEXT, text="Stopped by Olga Berg."))

    def a_task_is_accepted(self) -> None:
        if task := Task.objects.waiting().order_by("pk").first():
            task.accept(self.agent)

    def a_task_is_completed(self) -> None:
        if task := Task.objects.assigned().order_by("pk").first():
            task.complete(self.agent, Disposition.REACHED)

    def the_runner_looks_once(self) -> None:
        look_once()

    def the_runner_comes_through(self) -> None:
        until_nothing_is_due(ROUNDS)

    def everything_goes_on(self) -> None:
        for journey in Journey.objects.filter(state=JourneyState.PAUSED):
            resume(journey, self.world.owner)


EVENTS_OF_A_STORY: list[Callable[[Story], None]] = [
    Story.they_enter_by_hand,
    Story.the_runner_looks_once,
    Story.the_runner_comes_through,
    Story.time_passes,
    Story.a_label_is_added,
    Story.a_label_is_removed,
    Story.somebody_is_moved,
    Story.somebody_is_rejected,
    Story.a_custom_event_comes,
    Story.a_journey_is_paused,
    Story.a_journey_goes_on,
    Story.another_version_is_published,
    Story.a_run_is_stopped,
    Story.a_task_is_accepted,
    Story.a_task_is_completed,
]


@pytest.mark.slow
@pytest.mark.usefixtures("witnessed", "no_limit")
@pytest.mark.parametrize("examples", [40, pytest.param(2000, marks=pytest.mark.soak)])
def test_whatever_happens_the_promises_of_runs_are_kept(
    world: World,
    agent: User,
    make_candidates: Any,
    monkeypatch: pytest.MonkeyPatch,
    examples: int,
):
    people = list(make_candidates(4).order_by("pk"))
    monkeypatch.setattr(step_log, "STEPS_IN_ROW", 10)  # circles end sooner

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == 40,  # every day the same
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.randoms(use_true_random=True),  # in all their variety: what is made smaller are events
        st.lists(st.sampled_from(EVENTS_OF_A_STORY), min_size=5, max_size=25),
    )
    def tell(chance: Random, events: list[Callable[[Story], None]]) -> None:
        with transaction.atomic():  # taken back, so that each story begins with nothing
            story = Story(chance, world, agent, people)
            story.they_enter_by_hand()
            for event in events:
                event(story)
            story.everything_goes_on()
            until_nothing_is_due(ROUNDS)
            assert_promises_kept()
            transaction.set_rollback(True)

    tell()
