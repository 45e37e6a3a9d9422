"""A journey as it is drawn: a trigger, a rule for coming again, blocks and the ways between them.

It is kept as JSON, and read here with every part checked: what somebody edited by hand, or what an
older Belay wrote, is either a definition or a BadDefinition that says what is wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

MOST_BLOCKS = 200
NAME = re.compile(r"[A-Za-z0-9_-]{1,20}")  # of a block or a way: it stands in addresses


class BadDefinition(ValueError):
    """Says what is wrong with it, in a sentence."""


@dataclass(frozen=True)
class Node:
    """A block in its place. A way that leads to None is the end of the journey."""

    id: str
    type: str
    options: dict[str, Any] = field(default_factory=dict)
    ways: dict[str, str | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"type": self.type, "options": self.options, "ways": self.ways}


@dataclass(frozen=True)
class Definition:
    trigger: dict[str, Any] = field(default_factory=lambda: {"type": "by_hand", "options": {}})
    reentry: dict[str, Any] = field(default_factory=lambda: {"rule": "never"})
    start: str | None = None
    nodes: dict[str, Node] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "trigger": self.trigger,
            "reentry": self.reentry,
            "start": self.start,
            "blocks": {node.id: node.as_json() for node in self.nodes.values()},
        }

    @classmethod
    def from_json(cls, data: Any) -> "Definition":
        """Raises BadDefinition for anything that `as_json` can't have written."""
        checked = _dict(data, "The journey")
        blocks = _dict(checked.get("blocks", {}), "The list of blocks")
        if len(blocks) > MOST_BLOCKS:
            raise BadDefinition(
                _("The journey has %(blocks)s blocks; the limit is %(most_blocks)s.")
                % {"blocks": len(blocks), "most_blocks": MOST_BLOCKS}
            )
        nodes = {str(pk): _node(str(pk), block) for pk, block in blocks.items()}
        trigger = _dict(checked.get("trigger", {}), "The trigger")
        if not isinstance(trigger.get("type"), str):
            raise BadDefinition("The trigger has no type.")
        _dict(trigger.get("options", {}), "The trigger's options")
        reentry = _dict(checked.get("reentry", {"rule": "never"}), _("The rule for entering again"))
        if reentry.get("rule") not in ("never", "after", "always"):
            raise BadDefinition(_("The rule for entering again must be never, after or always."))
        if reentry["rule"] == "after" and not _is_days(reentry.get("days")):
            raise BadDefinition(
                _("The number of days before a candidate may enter again is missing.")
            )
        start = checked.get("start")
        if not (start is None or isinstance(start, str)):
            raise BadDefinition(_("The journey does not say which block comes first."))
        definition = cls(trigger, reentry, start, nodes)
        definition.check_ways()
        return definition

    def check_ways(self) -> None:
        targets = [self.start, *(to for node in self.nodes.values() for to in node.ways.values())]
        for target in targets:
            if target is not None and target not in self.nodes:
                raise BadDefinition(
                    _("A path leads to the block “%(target)s”, which does not exist.")
                    % {"target": target}
                )
        if self.nodes and self.start is None:
            raise BadDefinition(_("The first block does not exist."))

    def __iter__(self) -> Iterator[Node]:
        """The blocks as they are met, going down from the first; then what nothing leads to."""
        met: dict[str, Node] = {}
        ahead = [self.start]
        while ahead:
            pk = ahead.pop()
            if pk is None or pk in met:
                continue
            met[pk] = self.nodes[pk]
            ahead.extend(reversed(list(self.nodes[pk].ways.values())))
        yield from met.values()
        yield from (node for pk, node in self.nodes.items() if pk not in met)

    @property
    def reached(self) -> set[str]:
        """The blocks that some way from the first one leads to."""
        return self.reached_from(self.start)

    def reached_from(self, *starts: str | None) -> set[str]:
        """These blocks, and all that a way from them leads to."""
        met: set[str] = set()
        ahead = list(starts)
        while ahead:
            pk = ahead.pop()
            if pk is not None and pk not in met:
                met.add(pk)
                ahead.extend(self.nodes[pk].ways.values())
        return met

    def with_node(self, node: Node) -> "Definition":
        return replace(self, nodes=self.nodes | {node.id: node})

    def new_id(self) -> str:
        """One that no block of this definition has: "b7"."""
        numbers = [int(pk[1:]) for pk in self.nodes if pk[0] == "b" and pk[1:].isdecimal()]
        return f"b{max(numbers, default=0) + 1}"


def _dict(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadDefinition(_("%(what)s must be an object.") % {"what": what})
    return value


def _is_days(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 3650


def _node(pk: str, data: Any) -> Node:
    block = _dict(data, f"The block “{pk}”")
    ways = _dict(block.get("ways", {}), _("The paths of the block “%(pk)s”") % {"pk": pk})
    options = _dict(block.get("options", {}), f"The options of the block “{pk}”")
    if not NAME.fullmatch(pk):
        raise BadDefinition(
            _("“%(name)s” is not a block name. Use up to 20 letters and digits.")
            % {"name": pk[:40]}
        )
    if not isinstance(block.get("type"), str):
        raise BadDefinition(f"The block “{pk}” has no type.")
    for way, target in ways.items():
        if not NAME.fullmatch(way) or not (target is None or isinstance(target, str)):
            raise BadDefinition(
                _("A path of the block “%(pk)s” has an invalid target.") % {"pk": pk}
            )
    return Node(pk, block["type"], options, ways)
