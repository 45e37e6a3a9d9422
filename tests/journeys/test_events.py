"""Custom events: who enters by one, who goes on, and what of them is written down."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.journeys.lifecycle import pause
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.models.listener import Happening
from pipeline.journeys.writing.enroll import enroll
from pipeline.tasks.models import Task
from pipeline.tasks.models.inbound_event import InboundEvent
from pipeline.tasks.models.rules import TaskRules
from pipeline.workspaces.models import User, Workspace
from tests.journeys.blocks.conftest import publish_block as publish_block
from tests.tasks.events.conftest import Post
from tests.tasks.events.conftest import ana as ana
from tests.tasks.events.conftest import issued as issued
from tests.tasks.events.conftest import post as post

from .conftest import MakeJourney, until_nothing_is_due, waits_are_over

THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})
Tell = Callable[..., Any]


@pytest.fixture
def tell(post: Post, ana: Candidate) -> Tell:
    """`tell(name, field=value, …)`: a custom event about Ana without a task, new each time."""
    sent: list[str] = []

    def tell(name: str, **fields: Any) -> Any:
        sent.append(name)
        event = {"id": f"event-{len(sent)}", "type": "custom", "candidate": ana.pk, "name": name}
        answer = post(event | {"task": False} | fields)
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    return tell


def on(name: str, **condition: str) -> tuple[str, dict[str, Any]]:
    return ("event", {"event_name": name, **condition})


def test_the_trigger_s_event_lets_the_candidate_enter(
    make_journey: MakeJourney, tell: Tell, ana: Candidate
):
    journey = make_journey(THREE_DAYS, trigger=on("Contract signed"))

    answer = tell("Contract signed")
    until_nothing_is_due()

    run = Run.objects.get()
    assert answer == {"task": None, "type": "custom", "candidate": ana.pk}
    assert (run.journey, run.candidate, run.state) == (journey, ana, RunState.RUNNING)
    assert not Task.objects.exists()
    assert not Happening.objects.exists()


@pytest.mark.parametrize("sent", ["contract SIGNED", "  Contract signed ", "CONTRACT SIGNED"])
def test_capital_letters_and_blanks_do_not_matter(
    sent: str, make_journey: MakeJourney, tell: Tell, ana: Candidate
):
    make_journey(THREE_DAYS, trigger=on(" Contract Signed"))

    tell(sent)
    until_nothing_is_due()

    assert Run.objects.get().candidate == ana


def test_the_longest_name_is_heard(make_journey: MakeJourney, tell: Tell):
    name = "ß" * 100  # of which capital letters are two each
    wait = ("wait", {"kind": "event", "event": "event", "event_name": name})
    make_journey(wait, trigger=on(name))

    tell(name)
    until_nothing_is_due()
    tell(name)
    until_nothing_is_due()

    assert Run.objects.get().state == RunState.FINISHED


@pytest.mark.parametrize(
    ("condition", "properties", "enters"),
    [
        ({"operator": "is", "value": "pro"}, {"plan": "Pro"}, True),
        ({"operator": "is", "value": "pro"}, {"Plan": "pro"}, True),
        ({"operator": "is", "value": "pro"}, {"plan": "free"}, False),
        ({"operator": "is", "value": "pro"}, {}, False),
        ({"operator": "is_not", "value": "pro"}, {}, True),
        ({"operator": "is_set"}, {"plan": 0}, True),
        ({"operator": "at_least", "value": "3"}, {"plan": 12}, True),
        ({"operator": "at_least", "value": "3"}, {"plan": "2,5"}, False),
        ({"operator": "at_least", "value": "3"}, {"plan": ["x"]}, False),
        ({"operator": "is", "value": "yes"}, {"plan": True}, True),
        ({"operator": "contains", "value": "b"}, {"plan": {"a": "b"}}, True),
    ],
)
def test_a_condition_on_a_property(
    condition: dict[str, str],
    properties: dict[str, Any],
    enters: bool,
    make_journey: MakeJourney,
    tell: Tell,
):
    make_journey(THREE_DAYS, trigger=on("Upgraded", property="plan", **condition))

    tell("Upgraded", properties=properties)
    until_nothing_is_due()

    assert Run.objects.exists() == enters


def test_a_run_that_waits_for_it_goes_on_and_another_times_out(
    publish_block: Callable[..., Journey], tell: Tell, make_candidates: Any, ana: Candidate
):
    paid = {"kind": "event", "event": "event", "event_name": "Paid ", "at_most": 2}
    journey = publish_block("wait", paid)
    other = make_candidates(1).get()
    assert journey.version
    enroll(journey.version, [ana.pk, other.pk], "By hand")
    until_nothing_is_due()

    tell("Refunded")
    until_nothing_is_due()
    assert {run.steps for run in Run.objects.all()} == {1}
    tell("PAID", properties={"amount": 12})
    until_nothing_is_due()
    waits_are_over()
    until_nothing_is_due()

    last = {run.candidate_id: run.log.latest("number") for run in Run.objects.all()}
    assert (last[ana.pk].text, last[ana.pk].way) == ("It happened: the event “Paid”.", "next")
    assert last[other.pk].text == "Timed out: no event “Paid”."
    assert last[other.pk].way == "timed_out"


def test_what_nobody_listens_to_is_not_written_down(
    make_journey: MakeJourney, tell: Tell, stranger: User, owner: User
):
    journey = make_journey(THREE_DAYS, trigger=on("Contract signed"))

    tell("Contract")
    tell("Contract signed!")
    pause(journey, owner)
    tell("Contract signed")

    assert not Happening.objects.exists()
    assert InboundEvent.objects.count() == 3


def test_nobody_hears_the_events_of_another_workspace(
    make_journey: MakeJourney, tell: Tell, workspace: Workspace, stranger: User
):
    journey = make_journey(THREE_DAYS, trigger=on("Contract signed"))
    journey.listeners.update(workspace=stranger.membership.workspace)

    tell("Contract signed")

    assert not Happening.objects.exists()


def test_a_repeat_is_heard_once(make_journey: MakeJourney, tell: Tell):
    journey = make_journey(THREE_DAYS, trigger=on("Contract signed"), reentry={"rule": "always"})

    first = tell("Contract signed", id="same")
    again = tell("Contract signed", id="same")

    assert first == again
    assert Happening.objects.count() == 1
    until_nothing_is_due()
    tell("Contract signed", id="same")
    assert not Happening.objects.exists()
    assert journey.runs.count() == 1


def test_whether_a_task_is_made_belongs_to_the_event(post: Post, ana: Candidate):
    event = {"id": "1", "type": "custom", "candidate": ana.pk, "name": "Signed", "task": False}
    post(event)

    answer = post(event | {"task": True})

    assert (answer.status_code, list(answer.json()["errors"])) == (409, ["id"])
    assert not Task.objects.exists()


def test_with_a_task_both_come_of_it(make_journey: MakeJourney, tell: Tell, ana: Candidate):
    make_journey(THREE_DAYS, trigger=on("Contract signed"))

    answer = tell("Contract signed", task=True)
    until_nothing_is_due()

    assert Task.objects.get().pk == answer["task"]
    assert Run.objects.get().candidate == ana


def test_an_event_that_is_refused_is_not_heard(
    make_journey: MakeJourney, post: Post, ana: Candidate
):
    make_journey(THREE_DAYS, trigger=on("Contract signed"))
    event = {"id": "1", "type": "custom", "candidate": ana.pk, "name": "Contract signed"}

    answer = post(event | {"campaign": "C1"})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["campaign"])
    assert not Happening.objects.exists()


def test_an_event_is_heard_though_the_candidate_has_enough_tasks(
    make_journey: MakeJourney, post: Post, ana: Candidate, workspace: Workspace
):
    make_journey(THREE_DAYS, trigger=on("Contract signed"))
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    event = {"type": "custom", "candidate": ana.pk, "name": "Contract signed"}
    post(event | {"id": "1"})

    answer = post(event | {"id": "2"})

    assert (answer.status_code, answer.json()["reason"]) == (201, "task.enough_waiting")
    assert Task.objects.count() == 1
    assert Happening.objects.count() == 2


@pytest.mark.parametrize("wrong", [0, 1, "false", "no", [], {}])
def test_task_is_true_or_false(wrong: Any, post: Post, ana: Candidate):
    event = {"id": "1", "type": "custom", "candidate": ana.pk, "name": "Signed", "task": wrong}

    answer = post(event)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["task"])
    assert not InboundEvent.objects.exists()


def test_other_types_always_make_what_they_make(post: Post, ana: Candidate):
    event = {"id": "1", "type": "inbound_call", "candidate": ana.pk, "task": False}

    answer = post(event)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["task"])
