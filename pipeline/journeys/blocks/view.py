"""A block as pages show it, whatever its options are: edited by hand, or of an older Belay."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from pipeline.journeys.definition.definition import Node
from pipeline.workspaces.models import User, Workspace

from . import BLOCKS, Block

log = logging.getLogger(__name__)
UNREADABLE = "The options of this block can't be read. Open the block, choose them again and save."
T = TypeVar("T")


@dataclass(frozen=True)
class Reading:
    """What a node says of itself. Nothing here raises, and nothing is kept."""

    node: Node

    @property
    def type(self) -> type[Block] | None:
        return BLOCKS.get(self.node.type)

    @cached_property
    def block(self) -> Block | None:
        return self.type(self.node.options) if self.type else None

    @property
    def label(self) -> str:
        return self.type.label if self.type else self.node.type[:40]

    @cached_property
    def problem(self) -> str:
        """Why nothing can be said of it; empty for most."""
        if self.block is None:
            return f"Belay no longer knows the block “{self.label}”. Delete it."
        try:
            str(self.block.summary), dict(self.block.ways)
        except Exception:  # its options are whatever somebody wrote into them
            log.info("Block %s can't be read", self.node.id, exc_info=True)
            return UNREADABLE
        return ""

    @property
    def summary(self) -> str:
        """Nothing of a block that is not set up yet."""
        if self.problem or not self.block or not self.node.options:
            return ""
        return str(self.block.summary)

    @property
    def ways(self) -> dict[str, str]:
        """Those that it has: by its options, or as they are drawn where these can't be read."""
        if self.problem or not self.block:
            return dict.fromkeys(self.node.ways, "")
        return dict(self.block.ways)

    @property
    def title(self) -> str:
        """ "Wait: 3 days"."""
        return f"{self.label}: {self.summary}" if self.summary else self.label

    def problems(self, workspace: Workspace) -> list[str]:
        return self.tried(lambda block: list(block.problems(workspace)), [UNREADABLE])

    @cached_property
    def warnings(self) -> list[str]:
        return self.tried(lambda block: list(block.warnings()), [])

    def preview(self, workspace: Workspace, user: User) -> str:
        return self.tried(lambda block: block.preview(workspace, user), "")

    @property
    def has_preview(self) -> bool:
        return self.type is not None and self.type.preview is not Block.preview

    def way_label(self, way: str) -> str:
        labels = self.ways
        return labels.get(way, way) or ""

    @cached_property
    def answers(self) -> dict[str, Any]:
        """What its form's fields hold; nothing for a new block, or one that can't be read."""
        if not self.node.options or self.type is None:
            return {}
        form = self.type.form
        return self.tried(lambda _: dict(form.answers(self.node.options)), {})

    def tried(self, ask: Callable[[Block], T], otherwise: T) -> T:
        if self.block is None:
            return otherwise
        try:
            return ask(self.block)
        except Exception:  # as above
            log.info("Block %s can't be read", self.node.id, exc_info=True)
            return otherwise


def read(node: Node) -> Reading:
    return Reading(node)


def ways_of_new(kind: type[Block]) -> list[str]:
    """Those of a block that has just been added, and is not set up yet."""
    try:
        return list(kind({}).ways)
    except Exception:  # it says so itself once its form is saved
        return ["next"]
