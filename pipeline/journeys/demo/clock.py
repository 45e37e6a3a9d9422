"""Runs the demo's past: the real runner takes each step, and what it wrote is put back in time.

All within one transaction, whose now() stands still: what is not before it is what the last step
wrote, and is not put back yet.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import connection

from pipeline.journeys.blocks.send_message import SendMessage
from pipeline.journeys.definition.triggers import text_of
from pipeline.journeys.engine import runner
from pipeline.journeys.engine.events import wake
from pipeline.journeys.models import Journey, Run
from pipeline.journeys.models.listener import Happening, Kind
from pipeline.journeys.models.sql import with_states
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.messages import RunMessage, Sending
from pipeline.outreach import delivery
from pipeline.outreach.sql import PUT_BACK_MESSAGES
from pipeline.tasks.demo.clock import CANCELED_AT, CREATED_AT

MOST_STEPS = 50  # of one run


def enter_at(journey: Journey, moments: Mapping[int, datetime], why: str = "") -> None:
    """Let the candidates with these ids enter, each as if at its moment; by the trigger, if no
    other `why` is told."""
    assert journey.version
    why = why or text_of(journey.version.definition["trigger"])
    enroll(journey.version, list(moments), why)
    execute(ENTERED_AT, moments, journey.pk)


def wake_at(journey: Journey, event: str, moments: Mapping[int, datetime]) -> None:
    """Let the event happen to the candidates with these ids, each as if at its moment."""
    wake([Happening(candidate_id=pk, kind=Kind.EVENT, name=event) for pk in moments])
    execute(HEARD_AT, moments, journey.pk)


def take_steps(journeys: Sequence[Journey], most: int = MOST_STEPS) -> None:
    """Take the steps that are due, and those that are due after them, each as if on time."""
    for _ in range(most):
        due = Run.objects.running().filter(journey__in=journeys, due_at__lte=TransactionNow())
        moments = {pk: moment for pk, moment in due.values_list("pk", "due_at") if moment}
        if not moments:
            return
        for journey in journeys:
            advance(journey.pk)
        for statement in PUT_BACK:
            execute(statement, moments)


def advance(journey_id: int) -> None:
    for group in runner.by_place(runner.claim(journey_id)):
        if group.is_slow:
            send(group)
        else:
            runner.advance(group)


def send(group: runner.BlockGroup) -> None:
    block, batch = group.block, group.batch
    assert isinstance(block, SendMessage)
    template = block.template_in(batch.version.journey.workspace)
    assert template
    OnPaper(batch, template).work()


class OnPaper(Sending):
    """Sends as in life, but hands nothing to a provider: nobody is to hear of a demo."""

    def deliver(self, owner: RunMessage) -> None:
        if message := owner.begin(owner.draft()):
            owner.record(message, delivery.SENT)


def execute(statement: str, moments: Mapping[int, datetime], *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(moments), list(moments.values()), *values])


ENTERED_AT = with_states("""
UPDATE journeys_run AS run SET started_at = person.moment, due_at = person.moment
FROM unnest(%s::bigint[], %s::timestamptz[]) AS person (id, moment)
WHERE run.candidate_id = person.id AND run.journey_id = %s AND run.state = {running}
  AND run.steps = 0
""")
HEARD_AT = """
UPDATE journeys_run AS run SET due_at = person.moment
FROM unnest(%s::bigint[], %s::timestamptz[]) AS person (id, moment)
WHERE run.candidate_id = person.id AND run.journey_id = %s AND run.heard
"""
# The log goes last: by its newest lines the others know which runs took a step.
PUT_BACK = (
    CREATED_AT,
    CANCELED_AT,
    PUT_BACK_MESSAGES,
    with_states("""
UPDATE journeys_run AS run SET due_at = run.due_at - (now() - moved.moment),
    ended_at = CASE WHEN run.state <> {running} THEN moved.moment END
FROM unnest(%s::bigint[], %s::timestamptz[]) AS moved (id, moment)
WHERE run.id = moved.id AND EXISTS (
    SELECT FROM journeys_runstep AS line WHERE line.run_id = run.id AND line.at >= now()
)
"""),
    """
UPDATE journeys_runstep AS line SET at = moved.moment
FROM unnest(%s::bigint[], %s::timestamptz[]) AS moved (id, moment)
WHERE line.run_id = moved.id AND line.at >= now()
""",
)
