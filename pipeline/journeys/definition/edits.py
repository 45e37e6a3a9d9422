"""What an edit makes of a definition: pure functions, each from one definition to the next.

None of them loses a block unasked: what no way leads to any more stays, and is drawn apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext

from .definition import MOST_BLOCKS, Definition, Node

FIRST = "start"  # the way of no block, to the first one
BEFORE = "^"  # no way of a block, but all that lead to it


class CantEdit(ValueError):
    """Says in a sentence why not."""


@dataclass(frozen=True)
class Place:
    """A way: what comes next on it, and where something can be put in. No block: the beginning.

    With BEFORE as its way it is all ways that lead to the block: where branches meet.
    """

    block: str = ""
    way: str = FIRST

    def __str__(self) -> str:
        return f"{self.block}.{self.way}"

    @classmethod
    def read(cls, text: str) -> "Place":
        block, _, way = text.partition(".")
        return cls(block, way)


def target_of(definition: Definition, place: Place) -> str | None:
    """The block to which that way leads; None where it ends. Raises CantEdit if it is gone."""
    if place == Place():
        return definition.start
    node = definition.nodes.get(place.block)
    if node and place.way == BEFORE:
        return node.id
    if node is None or place.way not in node.ways:
        raise CantEdit(gettext("That place no longer exists. This is the current version."))
    return node.ways[place.way]


def lead(definition: Definition, place: Place, to: str | None) -> Definition:
    """The same, but for that way: it leads on to the block `to`, or ends."""
    target_of(definition, place)
    if to is not None:
        node_of(definition, to)
    if place == Place():
        if to is None and definition.nodes:
            raise CantEdit(
                gettext(
                    "A journey must begin with a block. Delete the block, or connect the "
                    "path to another one."
                )
            )
        return replace(definition, start=to)
    if place.way == BEFORE:
        return definition if to == place.block else bypass(definition, place.block, to)
    node = definition.nodes[place.block]
    return definition.with_node(replace(node, ways=node.ways | {place.way: to}))


def enter_by(
    definition: Definition, trigger: dict[str, Any], reentry: dict[str, Any]
) -> Definition:
    return replace(definition, trigger=trigger, reentry=reentry)


def insert(
    definition: Definition,
    place: Place,
    type: str,
    options: dict[str, Any],
    ways: Iterable[str],
) -> tuple[Definition, str]:
    """A new block there; its first way leads on to what followed. Returns its id, too."""
    follows = target_of(definition, place)
    ways = list(ways)
    if len(definition.nodes) >= MOST_BLOCKS:
        raise CantEdit(
            gettext(
                "A journey can have up to %(most_blocks)s blocks. Continue in another "
                "journey instead."
            )
            % {"most_blocks": MOST_BLOCKS}
        )
    if follows is not None and not ways:
        raise CantEdit(gettext("Nothing can follow this kind of block. Add it where a path ends."))
    pk = definition.new_id()
    node = Node(pk, type, options, dict.fromkeys(ways))
    led = lead(definition.with_node(node), place, pk)
    return led.with_node(replace(node, ways=node.ways | dict.fromkeys(ways[:1], follows))), pk


def change(
    definition: Definition, pk: str, options: dict[str, Any], ways: Iterable[str]
) -> Definition:
    """Other options. Its ways that are still there lead where they led; new ones end."""
    node = node_of(definition, pk)
    kept = {way: node.ways.get(way) for way in ways}
    return definition.with_node(replace(node, options=options, ways=kept))


def delete(definition: Definition, pk: str, keep: str | None = None) -> Definition:
    """Without that block: what led to it leads to where its way `keep` did, or its first.

    What only its other ways led to goes with it; `lost_with` tells which that would be.
    """
    node = node_of(definition, pk)
    lost = lost_with(definition, pk, keep)
    bridged = bypass(definition, pk, kept_of(node, keep))
    nodes = {key: one for key, one in bridged.nodes.items() if key != pk and key not in lost}
    left = {
        key: replace(one, ways={way: to if to in nodes else None for way, to in one.ways.items()})
        for key, one in nodes.items()
    }
    start = bridged.start if bridged.start in left else next(iter(left), None)
    return replace(bridged, start=start, nodes=left)


def kept_of(node: Node, keep: str | None) -> str | None:
    return node.ways.get(next(iter(node.ways), "") if keep is None else keep)


def lost_with(definition: Definition, pk: str, keep: str | None = None) -> list[str]:
    """The ids of the other blocks that nothing would lead to any more, in the order drawn."""
    bridged = bypass(definition, pk, kept_of(node_of(definition, pk), keep))
    gone = definition.reached_from(pk) - bridged.reached - {pk}
    others = [one for one in definition.nodes if one not in definition.reached_from(pk)]
    loose = bridged.reached_from(*(one for one in others if one not in definition.reached))
    return [one.id for one in definition if one.id in gone - loose]


def bypass(definition: Definition, pk: str, to: str | None) -> Definition:
    """Whatever leads to that block leads past it, on to `to`. The block stays."""
    onward = None if to == pk else to
    nodes = {
        key: one
        if key == pk
        else replace(one, ways={way: onward if at == pk else at for way, at in one.ways.items()})
        for key, one in definition.nodes.items()
    }
    start = onward if definition.start == pk else definition.start
    return replace(definition, start=start, nodes=nodes)


def move(definition: Definition, pk: str, place: Place) -> Definition:
    """Put that block there. What followed it on its first way closes the gap; its other ways, if
    it has any, go along with what is on them."""
    node = node_of(definition, pk)
    target_of(definition, place)
    if place.block == pk:
        raise CantEdit("A block can't follow itself. Choose another place.")
    main = next(iter(node.ways), None)
    without = bypass(definition, pk, node.ways[main] if main else None)
    follows = target_of(without, place)
    if follows is not None and main is None:
        raise CantEdit(
            gettext("Nothing can follow this kind of block. Move it to where a path ends.")
        )
    led = lead(without, place, pk)
    ways = led.nodes[pk].ways | ({main: follows} if main else {})
    moved = led.with_node(replace(node, ways=ways))
    if (definition.reached | {pk}) - moved.reached:
        raise CantEdit(
            gettext(
                "That place is on one of this block’s own paths, so nothing would lead "
                "there any more. Move the blocks on that path first."
            )
        )
    return moved


def move_up(definition: Definition, pk: str) -> Definition:
    """Change places with the block before it on its way."""
    before = first_way_to(definition, pk)
    if before is None or not before.block:
        raise CantEdit(gettext("This is already the first block."))
    return swap(definition, before, pk)


def move_down(definition: Definition, pk: str) -> Definition:
    """Change places with the block after it on its (first) way."""
    ways = node_of(definition, pk).ways
    main = next(iter(ways), "")
    following = ways.get(main)
    if following is None or following == pk:
        raise CantEdit(gettext("This is already the last block of its path."))
    return swap(definition, Place(pk, main), following)


def swap(definition: Definition, place: Place, second: str) -> Definition:
    """The block of `place`, whose way leads to `second`, comes after it instead.

    Whatever led to either leads to `second`; that one's other ways stay with it.
    """
    first = place.block
    node = definition.nodes[second]
    if not node.ways or first == second:
        raise CantEdit(gettext("Nothing can follow the next block, so this block can’t move down."))
    main = next(iter(node.ways))
    follows = second if node.ways[main] == first else node.ways[main]
    turned = bypass(definition, first, second)
    before = turned.nodes[first]
    after = turned.nodes[second]
    nodes = turned.nodes | {
        first: replace(before, ways=before.ways | {place.way: follows}),
        second: replace(after, ways=after.ways | {main: first}),
    }
    return replace(turned, nodes=nodes)


def can_move_up(definition: Definition, pk: str) -> bool:
    return can(move_up, definition, pk)


def can_move_down(definition: Definition, pk: str) -> bool:
    return can(move_down, definition, pk)


def can(moving: Any, definition: Definition, pk: str) -> bool:
    try:
        moving(definition, pk)
    except CantEdit:
        return False
    return True


def places(definition: Definition) -> list[Place]:
    """Every way there is, in the order drawn, the beginning first."""
    return [Place(), *(Place(node.id, way) for node in definition for way in node.ways)]


def ways_to(definition: Definition, pk: str) -> list[Place]:
    return [place for place in places(definition) if target_of(definition, place) == pk]


def first_way_to(definition: Definition, pk: str) -> Place | None:
    """The way by which it is reached first, when drawn; None where nothing leads to it."""
    return next(iter(ways_to(definition, pk)), None)


def node_of(definition: Definition, pk: str) -> Node:
    if pk not in definition.nodes:
        raise CantEdit(gettext("That block no longer exists. This is the current version."))
    return definition.nodes[pk]
