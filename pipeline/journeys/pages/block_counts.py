"""How many runs stand at each block of a version, and how many passed it."""

from collections.abc import Collection
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import connection

from pipeline.candidates.sql.people import among_openings
from pipeline.foundation.counts import MOST
from pipeline.journeys.models import JourneyVersion
from pipeline.journeys.models.sql import STATES

NEWEST = 10_000  # runs of each state whose log is looked at


def counts_of(
    version: JourneyVersion, blocks: list[str], openings: Collection[int] | None = None
) -> dict[str, tuple[str, str]]:
    """For each of these blocks how many runs are at it now, and how many passed it.

    With `openings` only those of candidates that are in one of them.

    As pages say it: "10,000+" where there are more. Two queries, however many blocks and runs:
    who passed is counted among the newest runs.
    """
    with connection.cursor() as cursor:
        named = STATES | {"seen": "" if openings is None else SEEN}
        places: dict[str, Any] = {"openings": list(openings or ())}
        cursor.execute(
            HERE.format(**named),
            places | {"version": version.pk, "blocks": blocks, "most": MOST + 1},
        )
        here = dict(cursor.fetchall())
        cursor.execute(
            PASSED.format(**named),
            places | {"version": version.pk, "journey": version.journey_id, "newest": NEWEST},
        )
        rows = cursor.fetchall()
    passed = {block: number for block, number, _ in rows}
    is_all = all(is_all for *_, is_all in rows)
    return {
        block: (
            said(here.get(block, 0), here.get(block, 0) <= MOST),
            said(passed.get(block, 0), is_all),
        )
        for block in blocks
    }


def said(number: int, is_all: bool) -> str:
    return f"{intcomma(min(number, MOST) if not is_all else number)}{'' if is_all else '+'}"


SEEN = f"AND {among_openings('candidate_id', '%(openings)s')}"
# Each count is a walk along the index run_at_block, as far as is counted.
HERE = """
SELECT block, (
    SELECT count(*) FROM (
        SELECT FROM journeys_run WHERE version_id = %(version)s AND block = wanted.block
        AND state = {running} {seen} LIMIT %(most)s
    ) AS counted
) FROM unnest(%(blocks)s::text[]) AS wanted (block)
"""
# The newest runs of each state are found along the index run_of_journey, each one's log by its key:
# OFFSET 0 keeps the planner from reading the logs of all journeys instead.
# A line with a way is a block that was left; the last line of a run that ended is where it ended.
PASSED = """
WITH newest AS MATERIALIZED (
    SELECT run.* FROM unnest(ARRAY[{running}, {finished}, {stopped}, {failed}]) AS every (state),
    LATERAL (
        SELECT id, version_id, state, steps FROM journeys_run
        WHERE journey_id = %(journey)s AND state = every.state {seen}
        ORDER BY id DESC LIMIT %(newest)s
    ) AS run
), most AS (
    SELECT max(number) AS most
    FROM (SELECT count(*) AS number FROM newest GROUP BY state) AS of_state
)
SELECT step.block, count(DISTINCT run.id), (SELECT most < %(newest)s FROM most)
FROM newest AS run CROSS JOIN LATERAL (
    SELECT * FROM journeys_runstep WHERE run_id = run.id OFFSET 0
) AS step
WHERE run.version_id = %(version)s
  AND (step.way <> '' OR run.state = {finished} AND step.number = run.steps)
GROUP BY step.block
"""
