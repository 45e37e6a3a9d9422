"""Advances the runs that are due: batch by batch, several processes at once.

Three rules make a crash harmless and a step single:
- the runs of a batch are locked, and others skip them: no run is in two hands;
- a step's effect, its line in the log and the run's new place commit together or not at all;
- the database knows what is due; a job is only a wake-up call.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from django.db import connection, transaction
from rq.timeouts import BaseTimeoutException

from pipeline.candidates.sql.people import LOCKING_LISTED
from pipeline.foundation.outages import outage_of
from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.blocks.base import Block
from pipeline.journeys.definition.definition import BadDefinition, Definition, Node
from pipeline.journeys.models import JourneyVersion, Run, RunState, definition_of
from pipeline.journeys.models.sql import with_states
from pipeline.journeys.reasons import Code, Reason, because
from pipeline.journeys.signals import announce_runs
from pipeline.journeys.writing.batch import Batch, Result
from pipeline.journeys.writing.step_log import failure
from pipeline.journeys.writing.step_log import write as write
from pipeline.workspaces.setbacks.isolation import Isolation

from .put_aside import advance_with_care, for_each_journey

log = logging.getLogger(__name__)
BATCH = 1000

END = because(Code.ENDED)


def advance_some() -> int:
    """One batch of each live journey that has runs due. Returns how many runs that were.

    A journey that fails as a whole is put off; what fails in it alone, see engine/put_aside.py.
    """
    due = journeys_with_due_runs()
    return for_each_journey("journey_steps", due, advance_batch) if due else 0


def journeys_with_due_runs(*, is_slow: bool = False) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(DUE_JOURNEYS, [is_slow])
        return [pk for (pk,) in cursor.fetchall()]


@transaction.atomic
def advance_batch(journey_id: int, isolation: Isolation | None = None) -> int:
    """Returns how many runs were due. Those at slow blocks are left to whoever is not in a hurry:
    see engine/external.py."""
    isolation = isolation or Isolation("journey_steps")
    runs = claim(journey_id)
    for group in by_place(runs):
        advance_with_care(group, isolation, advance_or_mark)
    tell_of(runs)
    return len(runs)


def advance_or_mark(group: "BlockGroup") -> None:
    if group.is_slow:
        Run.objects.filter(pk__in=[run.pk for run in group.runs]).update(is_slow=True)
    else:
        advance(group)


def tell_of(runs: list[Run]) -> None:
    """That these moved on: all of one journey, and so of one workspace."""
    if runs:
        announce_runs(runs[0].workspace_id, (run.candidate_id for run in runs))


def claim(journey_id: int) -> list[Run]:
    """Due runs of the journey that nobody else has in hand, and their candidates, locked.

    The candidates in the order of their ids, as bulk actions lock them, too.
    """
    runs = list(Run.objects.raw(CLAIM, [journey_id, BATCH]))
    if runs:
        with connection.cursor() as cursor:
            cursor.execute(LOCKING_LISTED, [",".join(str(run.candidate_id) for run in runs)])
    return runs


class BlockGroup:
    """Runs that stand at the same block of the same version, and what that block is."""

    def __init__(self, version: JourneyVersion, block: str, runs: list[Run]) -> None:
        self.version = version
        self.place = block
        self.runs = runs
        self.problem: Reason | None = None
        self.node: Node | None = None
        self.definition = Definition()
        try:
            self.definition = definition_of(version.pk)
        except BadDefinition as reason:
            self.problem = because(Code.UNREADABLE, problem=str(reason))
            return
        self.node = self.definition.nodes.get(block)
        if self.node is None and block:
            self.problem = because(Code.BLOCK_GONE)
        elif self.node and self.node.type not in BLOCKS:
            self.problem = because(Code.BLOCK_UNKNOWN, type=self.node.type)

    def only(self, runs: Sequence[Run]) -> "BlockGroup":
        """Some of them."""
        return BlockGroup(self.version, self.place, list(runs))

    @property
    def is_slow(self) -> bool:
        return self.node is not None and not self.problem and self.block.is_slow

    @cached_property
    def block(self) -> Block:
        assert self.node
        return BLOCKS[self.node.type](self.node.options)

    @cached_property
    def batch(self) -> Batch:
        assert self.node
        label = f"{self.block.label}: {self.block.summary}"
        return Batch(self.version, self.node, label, self.runs, now())


def now() -> datetime:
    """By the database's clock, as it tells what is due; the time when the transaction began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def by_place(runs: Iterable[Run]) -> list[BlockGroup]:
    places: dict[tuple[int, str], list[Run]] = defaultdict(list)
    for run in runs:
        places[run.version_id, run.block].append(run)
    versions = JourneyVersion.objects.select_related("journey__workspace").in_bulk(
        {version_id for version_id, _ in places}
    )
    return [
        BlockGroup(versions[version_id], block, at_block)
        for (version_id, block), at_block in places.items()
    ]


def advance(group: BlockGroup) -> None:
    """Take the step of all these runs, in the caller's transaction."""
    if group.problem:
        failed = {run.pk: failure(group.problem) for run in group.runs}
        write(group.runs, failed, group.definition)
    elif group.node is None:  # an empty journey, or the end of a way
        ended = {run.pk: Result(END, state=RunState.FINISHED) for run in group.runs}
        write(group.runs, ended, group.definition)
    else:
        execute(group.block, group.batch)
        write(
            group.runs,
            group.batch.results,
            group.definition,
            group.node,
            group.batch.label,
        )


def execute(block: Block, batch: Batch) -> None:
    """All runs together; where that fails, each alone, so that one can't take the others along."""
    try:
        with transaction.atomic():
            block.execute(batch)
    except BaseTimeoutException:
        raise
    except Exception as error:
        log.exception("Block %s of %s", batch.node.id, batch.version)
        if outage_of(error) or not connection.is_usable():
            raise  # the database is away, or a lock was not to be had: all is tried again
        for run in batch.runs:
            execute_alone(block, batch, run)


def execute_alone(block: Block, batch: Batch, run: Run) -> None:
    alone = replace(batch, runs=[run], results={})
    try:
        with transaction.atomic():
            block.execute(alone)
        batch.results[run.pk] = alone.results[run.pk]
    except BaseTimeoutException:
        raise
    except Exception as error:
        if outage_of(error):
            raise
        reason = because(Code.ERROR, run=run.pk, block=batch.node.id)
        batch.results[run.pk] = failure(reason)


# One probe of an index for each live journey; the one that waited longest comes first.
DUE_JOURNEYS = with_states("""
SELECT journey.id FROM journeys_journey AS journey, LATERAL (
    SELECT run.due_at FROM journeys_run AS run
    WHERE run.journey_id = journey.id AND run.state = {running} AND run.is_slow = %s
      AND run.due_at <= now()
    ORDER BY run.due_at LIMIT 1
) AS first
WHERE journey.state = {live} ORDER BY first.due_at
""")
# The journey's row is read with the runs: one that was paused meanwhile gives none, and for one
# that is being paused or published nobody waits.
CLAIM = with_states("""
SELECT run.* FROM journeys_run AS run
WHERE run.journey_id = %s AND run.state = {running} AND NOT run.is_slow AND run.due_at <= now()
  AND EXISTS (
    SELECT FROM journeys_journey WHERE id = run.journey_id AND state = {live}
    FOR KEY SHARE SKIP LOCKED
  )
ORDER BY run.due_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
""")
