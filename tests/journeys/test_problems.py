"""What keeps a draft from being published: each problem at its block, and never an error."""

import random
from typing import Any

import pytest

from pipeline.candidates.models import Label, Opening
from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.blocks.problems import CIRCLE, ENDLESS, TRIGGER, problems_of, warnings_of
from pipeline.journeys.blocks.view import read
from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.editor.layout import draw
from pipeline.outreach.models import Campaign
from pipeline.workspaces.models import User, Workspace

from .definitions import definition, each_seed, garbage

D3 = {"kind": "time", "number": 3, "unit": "days"}
CALLS = {"scope": "type", "types": ["outbound_call"]}
TWO = {"shares": [50, 50]}


def with_trigger(type: str, options: Any) -> Definition:
    one = definition(b1=("wait", None, D3))
    return Definition({"type": type, "options": options}, one.reentry, one.start, one.nodes)


def trigger_problems(type: str, options: Any, workspace: Workspace) -> list[str]:
    return problems_of(with_trigger(type, options), workspace).get(TRIGGER, [])


# --- circles ---


def test_a_circle_without_end_or_wait_is_a_problem_of_its_blocks_alone(workspace: Workspace):
    one = definition(
        b1=("cancel_task", "b2", CALLS), b2=("cancel_task", "b3", CALLS),
        b3=("cancel_task", "b2", CALLS),
    )  # fmt: skip

    assert problems_of(one, workspace) == {"b2": [ENDLESS], "b3": [ENDLESS]}


@pytest.mark.parametrize(
    "circle",
    [
        {"b1": ("wait", "b2", D3), "b2": ("cancel_task", "b1", CALLS)},
        {"b1": ("split", {"a": "b2", "b": None}, TWO), "b2": ("cancel_task", "b1", CALLS)},
        {"b1": ("cancel_task", "b2", CALLS), "b2": ("split", {"a": "b1", "b": "b3"}, TWO),
         "b3": ("exit", None, {})},
    ],
)  # fmt: skip
def test_a_circle_with_a_wait_or_a_way_out_is_none(circle: Any, workspace: Workspace):
    assert problems_of(definition(**circle), workspace) == {}


def test_a_circle_without_a_wait_is_to_be_confirmed():
    out = definition(b1=("split", {"a": "b2", "b": None}, TWO), b2=("cancel_task", "b1", CALLS))
    waits = definition(b1=("split", {"a": "b2", "b": None}, TWO), b2=("wait", "b1", D3))

    assert warnings_of(out) == {"b1": [CIRCLE], "b2": [CIRCLE]}
    assert warnings_of(waits) == {}


# --- blocks ---


def test_what_is_not_chosen_and_what_is_gone(workspace: Workspace, campaign: Campaign):
    chosen = {"scope": "campaign", "campaign": campaign.pk, "campaign_name": "Win back"}
    one = definition(
        b1=("cancel_task", "b2", {"scope": "campaign"}), b2=("cancel_task", None, chosen)
    )
    before = problems_of(one, workspace)
    campaign.delete()

    assert before == {"b1": ["No campaign is chosen."]}
    assert problems_of(one, workspace)["b2"] == ["The campaign “Win back” no longer exists."]


def test_a_block_that_belay_does_not_know(workspace: Workspace):
    found = problems_of(definition(b1=("teleport", None)), workspace)

    assert found == {"b1": ["Belay no longer knows the block “teleport”. Delete it."]}


def test_ways_of_an_older_version(workspace: Workspace):
    found = problems_of(definition(b1=("wait", {"then": None}, D3)), workspace)

    assert found == {
        "b1": ["The paths of this block are out of date. Open the block and save it again."]
    }


def test_a_journey_without_a_block(workspace: Workspace):
    assert problems_of(definition(), workspace) == {
        TRIGGER: ["The journey has no blocks yet. Add the first one."]
    }


@pytest.mark.parametrize("rounds", [30, pytest.param(300, marks=pytest.mark.soak)])
@pytest.mark.parametrize("type", sorted(BLOCKS))
def test_whatever_its_options_are_a_block_gives_sentences(
    type: str, rounds: int, workspace: Workspace, owner: User
):
    """As a definition that somebody edited by hand has them: right ones with one thing wrong."""
    chance = random.Random(type)
    names = [*BLOCKS[type].form(workspace=workspace).fields, "shares", "rules", "groups"]
    for _ in range(rounds):
        right = {"scope": "campaign", "kind": "event", "event": "label", "type": "reminder"}
        options = {name: right[name] for name in right if chance.random() < 0.5}
        options |= {chance.choice(names): garbage(chance) for _ in range(chance.randint(0, 4))}
        node = Node("b1", type, options, {"next": None})
        one = Definition(start="b1", nodes={"b1": node})

        found = problems_of(one, workspace).get("b1", []) + warnings_of(one).get("b1", [])
        flow = draw(one, is_editable=True)
        reading = read(node)
        shown = [*found, flow.steps["b1"].summary, reading.preview(workspace, owner)]
        BLOCKS[type].form(workspace=workspace, initial=reading.answers).as_p()

        assert all(isinstance(sentence, str) for sentence in shown), options
        assert all(sentence for sentence in found), options


# --- the trigger ---


def test_triggers_that_are_right(
    workspace: Workspace, labels: list[Label], opening: Opening, owner: User
):
    filters = f"opening={opening.pk}&label={labels[0].pk}&recruiter={owner.membership.pk}&q=Ana"

    for type, options in {
        "by_hand": {},
        "created": {},
        "label": {"label": labels[0].pk},
        "folder": {"folder": opening.inbox.pk},
        "event": {"event_name": "paid", "property": "plan", "operator": "is", "value": "pro"},
        "schedule": {"filters": filters, "at_time": "09:00", "weekday": "0"},
    }.items():
        assert trigger_problems(type, options, workspace) == []


@pytest.mark.parametrize(
    ("type", "options", "sentence"),
    [
        ("teleport", {}, "Belay does not know the trigger “teleport”. Choose one."),
        ("label", {}, "No label is chosen."),
        ("folder", {}, "No folder is chosen."),
        ("folder", {"folder": 10**12, "folder_name": "Hired"},
         "The folder “Hired” no longer exists."),
        ("label", {"label": [1]}, "The label “[1]” no longer exists."),
        ("event", {"event_name": " "},
         "The event has no name yet. Enter the name of the event that lets candidates enter."),
        ("event", {"event_name": "x", "property": ["y"], "operator": "is"},
         "The event's property can't be read. Enter it again."),
        ("event", {"event_name": "x", "property": "y", "operator": "like"},
         "Choose how to compare the event's property."),
        ("schedule", {"at_time": "25:00"}, "The schedule has no time of day."),
        ("schedule", {"at_time": "09:00", "weekday": "8"},
         "Choose a day of the week for the schedule."),
        ("schedule", {"at_time": "09:00", "filters": "folder=999999"},
         "The schedule's filter names a folder that no longer exists."),
    ],
)  # fmt: skip
def test_triggers_that_are_not(type: str, options: Any, sentence: str, workspace: Workspace):
    assert sentence in trigger_problems(type, options, workspace)


def test_a_trigger_of_another_workspace_is_gone(workspace: Workspace, stranger: User):
    secret = stranger.membership.workspace.labels.get()

    found = trigger_problems("label", {"label": secret.pk, "label_name": "x"}, workspace)

    assert found == ["The label “x” no longer exists."]


@each_seed(150)
def test_whatever_a_triggers_options_are_it_is_sentences(seed: int, workspace: Workspace):
    chance = random.Random(seed)
    names = [
        "folder",
        "label",
        "event_name",
        "property",
        "operator",
        "at_time",
        "weekday",
        "filters",
    ]
    options = {chance.choice(names): garbage(chance) for _ in range(4)}
    for type in ("by_hand", "folder", "label", "created", "event", "schedule"):
        found = trigger_problems(type, options, workspace)
        assert all(isinstance(sentence, str) and sentence for sentence in found)
