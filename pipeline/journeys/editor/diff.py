"""What differs between two definitions, in words: for each block, and for the trigger."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from pipeline.journeys.blocks.view import read
from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.definition.triggers import reentry_of, text_of

from .layout import Flow


@dataclass(frozen=True)
class BlockDiff:
    """`mark` is Added, Removed or Changed; `details` say what is changed."""

    title: str
    mark: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Differences:
    blocks: dict[str, BlockDiff]  # by the block's id; one of another type in its place is Changed
    trigger: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.blocks or self.trigger)

    @property
    def lines(self) -> Iterable[BlockDiff]:
        if self.trigger:
            yield BlockDiff("Trigger", "Changed", self.trigger)
        yield from self.blocks.values()

    def write_into(self, flow: Flow) -> None:
        """Mark the blocks of one of the two, as it is drawn."""
        for pk, step in flow.steps.items():
            if change := self.blocks.get(pk):
                step.mark, step.changes = change.mark, list(change.details)


def compare(old: Definition, new: Definition) -> Differences:
    blocks = {}
    for node in [*new, *(one for one in old if one.id not in new.nodes)]:
        was, now = old.nodes.get(node.id), new.nodes.get(node.id)
        title = read(node).title
        if was is None:
            blocks[node.id] = BlockDiff(title, "Added")
        elif now is None:
            blocks[node.id] = BlockDiff(title, "Removed")
        elif details := changes_of(was, now, old, new):
            blocks[node.id] = BlockDiff(title, "Changed", details)
    return Differences(blocks, tuple(trigger_changes(old, new)))


def changes_of(was: Node, now: Node, old: Definition, new: Definition) -> tuple[str, ...]:
    before, after = read(was), read(now)
    found = []
    if before.title != after.title:
        found.append(f"“{before.title}” became “{after.title}”")
    elif was.options != now.options:
        keys = {**was.options, **now.options}
        names = [words(key) for key in keys if was.options.get(key) != now.options.get(key)]
        found.append(f"Other settings: {', '.join(names)}")
    for way in {**was.ways, **now.ways}:
        from_, to = was.ways.get(way), now.ways.get(way)
        if from_ != to:
            label = after.way_label(way) or before.way_label(way)
            name = f"The path “{label}”" if label else "The next path"
            found.append(
                _("%(name)s now leads to %(new)s instead of %(old)s")
                % {"name": name, "new": target(new, to), "old": target(old, from_)}
            )
    return tuple(found)


def target(definition: Definition, pk: str | None) -> str:
    return f"“{read(definition.nodes[pk]).title}”" if pk else "the end"


def words(name: str) -> str:
    """An option's name as people say it: "due in"."""
    return name.replace("_", " ")


def trigger_changes(old: Definition, new: Definition) -> Iterable[str]:
    before, after = text_of(old.trigger), text_of(new.trigger)
    if before != after:
        yield f"“{before}” became “{after}”"
    elif old.trigger != new.trigger:
        yield _("Other trigger settings")
    if old.reentry != new.reentry:
        yield f"“{reentry_of(old.reentry)}” became “{reentry_of(new.reentry)}”"
    if old.start != new.start:
        yield _("The first block is now %(new)s instead of %(old)s") % {
            "new": target(new, new.start),
            "old": target(old, old.start),
        }
