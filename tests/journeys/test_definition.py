"""Reading a definition: what `as_json` wrote, or a sentence that says what is wrong with it."""

import random
from contextlib import suppress
from typing import Any

import pytest

from pipeline.journeys.definition.definition import BadDefinition, Definition
from pipeline.journeys.editor.layout import draw

from .definitions import definition, each_seed, garbage, random_definition


def test_what_was_written_is_read_again():
    one = definition(b1=("wait", "b2"), b2=("cancel_task", None))

    assert Definition.from_json(one.as_json()) == one


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"blocks": []}, "The list of blocks must be an object."),
        ({"start": "b9"}, "A path leads to the block “b9”, which does not exist."),
        ({"start": ["b1"]}, "The journey does not say which block comes first."),
        ({"start": None}, "The first block does not exist."),
        ({"trigger": {}}, "The trigger has no type."),
        ({"trigger": {"type": "label", "options": 3}}, "The trigger's options must be an object."),
        ({"reentry": {"rule": "after"}}, "The number of days before a candidate may enter again"),
        ({"reentry": {"rule": []}}, "The rule for entering again must be"),
        ({"blocks": {"a b": {"type": "wait"}}}, "“a b” is not a block name."),
        ({"blocks": {"b1": {"type": 3}}}, "The block “b1” has no type."),
        (
            {"blocks": {"b1": {"type": "wait", "ways": {"next": 3}}}},
            "A path of the block “b1” has an invalid target.",
        ),
    ],
)
def test_what_was_edited_by_hand_is_refused_with_a_sentence(change: dict[str, Any], sentence: str):
    data = definition(b1=("wait", None)).as_json()

    with pytest.raises(BadDefinition, match=sentence):
        Definition.from_json(data | change)


@each_seed(200)
def test_whatever_it_is_it_is_a_definition_or_a_sentence(seed: int):
    chance = random.Random(seed)
    data = random_definition(chance).as_json()
    spoil(data, chance)

    with suppress(BadDefinition):
        found = Definition.from_json(data)
        assert Definition.from_json(found.as_json()) == found


def spoil(data: Any, chance: random.Random) -> None:
    """Put something else in one place of it."""
    while isinstance(data, dict) and data:
        key = chance.choice(list(data))
        if not isinstance(data[key], dict) or chance.random() < 0.3:
            data[key] = garbage(chance)
            return
        data = data[key]


@each_seed(300)
def test_each_block_is_drawn_exactly_once(seed: int):
    """And each of its ways ends, flows on, or says where it continues."""
    one = random_definition(random.Random(seed), most=14)

    flow = draw(one, is_editable=True)

    drawn = [step.node.id for way in flow.ways for step in way.walk()]
    assert sorted(drawn) == sorted(one.nodes)
    for way in flow.ways:
        for part in way.all_ways():
            ends = [part.is_ended, part.is_joined, part.continues_at is not None]
            assert sum(ends) == 1 or ends_by_itself(part)


def ends_by_itself(way: Any) -> bool:
    return bool(way.steps and (way.steps[-1].is_last or way.steps[-1].branches))


def test_branches_that_meet_again_flow_on_below():
    one = definition(
        b1=("condition", {"yes": "b2", "no": "b3"}), b2=("wait", "b4"), b3=("wait", "b4"),
        b4=("cancel_task", None),
    )  # fmt: skip

    flow = draw(one)

    first, below = flow.main.steps
    assert [way.is_joined for way in first.branches] == [True, True]
    assert (below.node.id, str(below.place)) == ("b4", "b4.^")


def test_a_way_back_is_a_note_and_no_meeting():
    one = definition(
        b1=("wait", "b2"), b2=("condition", {"yes": "b3", "no": "b1"}), b3=("cancel_task", None)
    )

    flow = draw(one)

    yes, no = flow.steps["b2"].branches
    assert [step.node.id for step in yes.steps] == ["b3"]
    assert no.continues_at is flow.steps["b1"]


def test_what_nothing_leads_to_is_drawn_apart():
    one = definition(b1=("wait", None), b2=("wait", "b3"), b3=("cancel_task", None))

    flow = draw(one)

    assert [[step.node.id for step in way.steps] for way in flow.loose] == [["b2", "b3"]]


def test_a_hundred_branches_within_each_other_are_drawn():
    nodes = {
        f"b{n}": ("condition", {"yes": f"b{n + 1}" if n < 150 else None, "no": None})
        for n in range(1, 151)
    }

    flow = draw(definition(**nodes))

    assert len(flow.steps) == 150
    assert flow.deeper
