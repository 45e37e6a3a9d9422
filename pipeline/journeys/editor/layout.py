"""A definition as it is drawn: ways going down, branches side by side, each block once.

Where all ways of a block meet again, what follows is drawn below them. A way that leads to a block
drawn elsewhere ends in a note "continues at …".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _

from pipeline.journeys.blocks.view import Reading, read
from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.definition.edits import BEFORE, Place, can_move_down, can_move_up
from pipeline.journeys.definition.joins import meetings_of

DEEPEST = 8  # branches within branches; what is deeper is drawn on its own, below


@dataclass
class Step:
    """A block in its place, and its branches where it has several ways."""

    node: Node
    place: Place | None  # the way on which it stands; None where nothing leads to it
    branches: list["Way"] = field(default_factory=list)
    is_joined: bool = False  # its branches meet again below
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    mark: str = ""  # in a comparison: "Added", "Changed", "Removed"
    changes: list[str] = field(default_factory=list)
    standing: str = ""  # how many runs are here
    passed: str = ""
    can_move_up: bool = False
    can_move_down: bool = False

    @cached_property
    def reading(self) -> Reading:
        return read(self.node)

    @property
    def summary(self) -> str:
        if self.reading.summary or self.problems or not self.reading.type:
            return self.reading.summary or "Not set up yet"
        return self.reading.type.about  # nothing of it has to be set up

    @property
    def after(self) -> Place:
        """The way on from it, of a block that has one."""
        return Place(self.node.id, next(iter(self.node.ways), ""))

    @property
    def is_last(self) -> bool:
        """It ends its way by itself."""
        return not self.node.ways


@dataclass
class Way:
    """One way down: the blocks on it, and how it ends."""

    place: Place | None  # where it begins
    label: str = ""
    steps: list[Step] = field(default_factory=list)
    last: Place | None = None  # the place at its lower end, where something can be added
    continues_at: Step | None = None  # drawn elsewhere
    is_joined: bool = False  # it flows on into what is drawn below its siblings
    _target: str | None = None

    @property
    def is_ended(self) -> bool:
        """The journey ends here, at a dot of its own: an Exit is its own end."""
        if self.continues_at or self.is_joined:
            return False
        return not self.steps or not (self.steps[-1].is_last or self.steps[-1].branches)

    @property
    def add_text(self) -> str:
        """What the button at its lower end does."""
        if self.steps:
            return f"Add a block after {self.steps[-1].reading.title}"
        return (
            _("Add a block on the path %(label)s") % {"label": self.label}
            if self.label
            else "Add the first block"
        )

    def walk(self) -> Iterator[Step]:
        for step in self.steps:
            yield step
            for way in step.branches:
                yield from way.walk()

    def all_ways(self) -> Iterator["Way"]:
        yield self
        for step in self.steps:
            for way in step.branches:
                yield from way.all_ways()


@dataclass
class Flow:
    """The whole of it: the main way, what is drawn on its own, and what nothing leads to."""

    definition: Definition
    main: Way
    deeper: list[Way]
    loose: list[Way]

    @property
    def ways(self) -> list[Way]:
        return [self.main, *self.deeper, *self.loose]

    @cached_property
    def steps(self) -> dict[str, Step]:
        return {step.node.id: step for way in self.ways for step in way.walk()}

    def title_of(self, pk: str) -> str:
        return self.steps[pk].reading.title if pk in self.steps else pk


def draw(definition: Definition, *, is_editable: bool = False) -> Flow:
    """Lays out each block exactly once, those that nothing leads to last."""
    artist = Artist(definition)
    main = artist.way(Place(), "", definition.start)
    deeper = artist.finish_deeper()
    loose = []
    reached = definition.reached
    for pk in heads(definition, definition.nodes.keys() - reached):
        if pk not in artist.drawn:
            loose.append(artist.way(None, "", pk))
            deeper += artist.finish_deeper()
    flow = Flow(definition, main, deeper, loose)
    for way in flow.ways:
        for one in way.all_ways():
            if one._target is not None:
                one.continues_at = flow.steps[one._target]
    if is_editable:
        for pk, step in flow.steps.items():
            step.can_move_up = pk in reached and can_move_up(definition, pk)
            step.can_move_down = pk in reached and can_move_down(definition, pk)
    return flow


def heads(definition: Definition, loose: set[str]) -> list[str]:
    """Those of `loose` that nothing leads to, then the others: circles among themselves."""
    led_to = {to for pk in loose for to in definition.nodes[pk].ways.values()}
    order = [node.id for node in definition if node.id in loose]
    return [pk for pk in order if pk not in led_to] + [pk for pk in order if pk in led_to]


class Artist:
    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.drawn: set[str] = set()
        self.meetings = meetings_of(definition)
        self.waiting: list[tuple[Way, str]] = []  # too deep: drawn on their own

    def way(
        self,
        place: Place | None,
        label: str,
        target: str | None,
        joins: frozenset[str] = frozenset(),
        depth: int = 0,
    ) -> Way:
        """Down from `target` to an end, a block drawn elsewhere, or one of `joins`."""
        way = Way(place, label, last=place)
        if depth > DEEPEST and target is not None and target not in joins | self.drawn:
            self.waiting.append((way, target))
            return way
        at: Place | None = place
        while target is not None and target not in joins and target not in self.drawn:
            self.drawn.add(target)
            node = self.definition.nodes[target]
            step = Step(node, at)
            way.steps.append(step)
            if len(node.ways) > 1:
                target, at = self.branch(step, joins, depth)
            elif node.ways:
                at = step.after
                target = node.ways[step.after.way]
            else:
                at = target = None
        way.last = at
        way.is_joined = target is not None and target in joins
        way._target = None if way.is_joined else target
        return way

    def branch(
        self, step: Step, joins: frozenset[str], depth: int
    ) -> tuple[str | None, Place | None]:
        """Draw the ways of `step` beside each other; returns what follows below all of them."""
        node = step.node
        meeting = self.meeting_below(node)
        inner = joins | {meeting} if meeting else joins
        labels = step.reading.ways
        step.branches = [
            self.way(Place(node.id, key), labels.get(key) or key, to, inner, depth + 1)
            for key, to in node.ways.items()
        ]
        step.is_joined = meeting is not None and any(way.is_joined for way in step.branches)
        if not step.is_joined or meeting is None:
            return None, None
        return meeting, None if meeting in joins else Place(meeting, BEFORE)

    def meeting_below(self, node: Node) -> str | None:
        """Where at least two of its ways meet, without going back to what is drawn above."""
        meeting = self.meetings.get(node.id)
        if meeting is None or meeting in self.drawn:
            return None
        coming = [to for to in node.ways.values() if meeting in self.ahead_of(to)]
        return meeting if len(coming) > 1 else None

    def ahead_of(self, start: str | None) -> set[str]:
        met: set[str] = set()
        ahead = [start]
        while ahead:
            pk = ahead.pop()
            if pk is not None and pk not in met and pk not in self.drawn:
                met.add(pk)
                ahead.extend(self.definition.nodes[pk].ways.values())
        return met

    def finish_deeper(self) -> list[Way]:
        """The ways that were too deep, each on its own. Where they began, they continue here."""
        deeper = []
        while self.waiting:
            way, target = self.waiting.pop(0)
            if target not in self.drawn:
                deeper.append(self.way(way.place, way.label, target))
            way._target = target
        return deeper
