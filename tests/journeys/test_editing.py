"""Edits as functions: what is put in, moved and taken out, and what no edit ever loses."""

import random
from contextlib import suppress

import pytest

from pipeline.journeys.definition import edits
from pipeline.journeys.definition.definition import Definition
from pipeline.journeys.definition.edits import BEFORE, CantEdit, Place

from .definitions import WAYS, definition, each_seed, random_definition

THREE = definition(b1=("wait", "b2"), b2=("cancel_task", "b3"), b3=("wait", None))
FORK = definition(
    b1=("condition", {"yes": "b2", "no": "b3"}),
    b2=("wait", "b4"),
    b3=("cancel_task", "b4"),
    b4=("wait", None),
)


def order(one: Definition) -> list[str]:
    return [node.id for node in one]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place(), ["b4", "b1", "b2", "b3"]),
        (Place("b1", "next"), ["b1", "b4", "b2", "b3"]),
        (Place("b3", "next"), ["b1", "b2", "b3", "b4"]),
    ],
)
def test_a_block_is_put_in_and_the_way_goes_on_after_it(place: Place, expected: list[str]):
    after, pk = edits.insert(THREE, place, "wait", {}, ["next"])

    assert pk == "b4"
    assert order(after) == expected


def test_a_block_with_ways_goes_on_by_its_first():
    after, pk = edits.insert(THREE, Place("b1", "next"), "condition", {}, ["yes", "no"])

    assert after.nodes[pk].ways == {"yes": "b2", "no": None}


def test_where_ways_meet_a_block_is_put_in_for_all_of_them():
    after, pk = edits.insert(FORK, Place("b4", BEFORE), "wait", {}, ["next"])

    assert (after.nodes["b2"].ways, after.nodes["b3"].ways) == ({"next": pk}, {"next": pk})
    assert after.nodes[pk].ways == {"next": "b4"}


def test_an_exit_cuts_nothing_off():
    with pytest.raises(CantEdit, match="Nothing can follow this kind of block"):
        edits.insert(THREE, Place("b1", "next"), "exit", {}, [])


def test_two_hundred_blocks_are_the_most():
    full = definition(
        **{f"b{n}": ("wait", f"b{n + 1}" if n < 200 else None) for n in range(1, 201)}
    )

    with pytest.raises(CantEdit, match="A journey can have up to 200 blocks"):
        edits.insert(full, Place(), "wait", {}, ["next"])


def test_up_and_down_are_each_others_opposite():
    up = edits.move_up(THREE, "b3")

    assert order(up) == ["b1", "b3", "b2"]
    assert edits.move_down(up, "b3") == THREE


@pytest.mark.parametrize(
    ("moving", "pk", "sentence"),
    [
        (edits.move_up, "b1", "This is already the first block."),
        (edits.move_down, "b3", "This is already the last block of its path."),
        (edits.move_up, "b9", "This is already the first block."),
        (edits.move_down, "b9", "That block no longer exists."),
    ],
)
def test_the_first_goes_no_further_up_and_the_last_no_further_down(moving, pk, sentence):
    with pytest.raises(CantEdit, match=sentence):
        moving(THREE, pk)


def test_a_block_moves_onto_another_branch():
    after = edits.move(FORK, "b2", Place("b3", "next"))

    assert after.nodes["b1"].ways == {"yes": "b4", "no": "b3"}
    assert after.nodes["b3"].ways == {"next": "b2"}
    assert after.nodes["b2"].ways == {"next": "b4"}


def test_a_block_does_not_move_onto_a_way_of_its_own():
    with pytest.raises(CantEdit, match="nothing would lead there"):
        edits.move(definition(b1=("condition", {"yes": None, "no": "b2"}), b2=("wait", None)),
                     "b1", Place("b2", "next"))  # fmt: skip


def test_deleting_keeps_the_way_that_was_chosen_and_says_what_else_goes():
    apart = definition(
        b1=("condition", {"yes": "b2", "no": "b3"}), b2=("wait", None), b3=("cancel_task", None)
    )

    assert edits.lost_with(apart, "b1", "yes") == ["b3"]
    assert order(edits.delete(apart, "b1", "yes")) == ["b2"]
    assert edits.lost_with(FORK, "b1", "yes") == ["b3"]
    assert order(edits.delete(FORK, "b1", "yes")) == ["b2", "b4"]


def test_what_is_led_away_from_stays_in_the_draft():
    after = edits.lead(THREE, Place("b1", "next"), "b3")

    assert order(after) == ["b1", "b3", "b2"]
    assert after.reached == {"b1", "b3"}


def test_ways_that_a_block_no_longer_has_are_gone_and_new_ones_end():
    after = edits.change(FORK, "b1", {"x": 1}, ["yes", "maybe"])

    assert after.nodes["b1"].ways == {"yes": "b2", "maybe": None}
    assert "b3" in after.nodes


@each_seed(300)
def test_any_edits_in_any_order_keep_it_a_definition(seed: int):
    """And only a deletion takes blocks away: the one, and those that it said."""
    chance = random.Random(seed)
    one = random_definition(chance)
    for _ in range(12):
        before = set(one.nodes)
        expected = before
        place = chance.choice([*edits.places(one), Place("b99", "next"), Place("b1", BEFORE)])
        pk = chance.choice([*one.nodes, "b99"])
        with suppress(CantEdit):
            match chance.choice(["insert", "up", "down", "move", "delete", "lead", "change"]):
                case "insert":
                    type = chance.choice(list(WAYS))
                    one, new = edits.insert(one, place, type, {}, WAYS[type])
                    expected = before | {new}
                case "up":
                    one = edits.move_up(one, pk)
                case "down":
                    one = edits.move_down(one, pk)
                case "move":
                    one = edits.move(one, pk, place)
                case "delete":
                    keep = chance.choice([*one.nodes[pk].ways, ""]) if pk in one.nodes else ""
                    lost = set(edits.lost_with(one, pk, keep))
                    one = edits.delete(one, pk, keep)
                    expected = before - lost - {pk}
                case "lead":
                    one = edits.lead(one, place, pk)
                case "change":
                    one = edits.change(one, pk, {}, chance.choice(list(WAYS.values())))
        assert set(one.nodes) == expected
        assert Definition.from_json(one.as_json()) == one
        if not one.nodes:
            return
