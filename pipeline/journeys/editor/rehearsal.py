"""A test run: one candidate goes through a draft, and nothing is touched."""

import logging
from dataclasses import dataclass

from django.db import connection, transaction

from pipeline.candidates.models import Candidate
from pipeline.journeys.blocks.view import Reading, read
from pipeline.journeys.definition.definition import Definition, Node

log = logging.getLogger(__name__)
MOST_STEPS = 100  # as in a real run without a wait
NOT_SET_UP = "This block is not set up yet, so the run would fail here."


@dataclass(frozen=True)
class Rehearsed:
    """One step: what the block would do, which way it goes on, and which others there are."""

    number: int
    node: Node
    text: str
    way: str  # empty where the journey ends
    is_chosen: bool  # somebody took this way instead of the block's own
    others: dict[str, str]  # way: label

    @property
    def reading(self) -> Reading:
        return read(self.node)

    @property
    def way_label(self) -> str:
        return self.reading.way_label(self.way) if self.way else ""


def rehearse(
    definition: Definition, candidate: Candidate, chosen: dict[int, str], most: int = MOST_STEPS
) -> list[Rehearsed]:
    """The first `most` steps of this candidate's way.

    `chosen` says at which step (from 1) to take which way instead of the one that the block would.
    The database itself refuses to change anything meanwhile, and takes everything back in the end.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        steps = walk(definition, candidate, chosen, most)
        transaction.set_rollback(True)
    return steps


def walk(
    definition: Definition, candidate: Candidate, chosen: dict[int, str], most: int
) -> list[Rehearsed]:
    steps: list[Rehearsed] = []
    at = definition.start
    while at is not None and len(steps) < min(most, MOST_STEPS):
        node = definition.nodes[at]
        text, own = what_of(node, candidate)
        number = len(steps) + 1
        way = chosen.get(number, own)
        if way not in node.ways:
            way = own if own in node.ways else ""
        labels = read(node).ways
        others = {key: labels.get(key) or key for key in node.ways if key != way}
        steps.append(
            Rehearsed(number, node, text, way, is_chosen=way != own, others=others if way else {})
        )
        at = node.ways[way] if way else None
    return steps


def what_of(node: Node, candidate: Candidate) -> tuple[str, str]:
    """What it would do, and the way it would send the candidate."""
    reading = read(node)
    if reading.problem or reading.block is None:
        return reading.problem, ""
    try:
        with transaction.atomic():
            found = reading.block.rehearse(candidate)
    except Exception:  # options that nobody has set yet, or that somebody wrote by hand
        log.info("Block %s can't be rehearsed", node.id, exc_info=True)
        return NOT_SET_UP, ""
    return found.text, found.way
