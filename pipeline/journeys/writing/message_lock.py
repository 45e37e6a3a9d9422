"""Lock runs for an external block and write each result exactly once.

Whoever writes holds the run and looks at it once more: it may have been stopped, or taken by
somebody else, while a provider was thinking.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F
from django.db.models.functions import Now

from pipeline.journeys.models import Journey, Run, RunQuerySet, RunStep, definition_of
from pipeline.journeys.models.sql import with_states
from pipeline.journeys.reasons import Code, Reason, because, fact_of
from pipeline.outreach import delivery
from pipeline.outreach.delivery import INTERRUPTED
from pipeline.outreach.models import Message, MessageStatus

from . import step_log
from .batch import Batch, Result

SENT, NOT_SENT = "next", "not_sent"  # the ways on from a message


def at_block(batch: Batch, runs: RunQuerySet) -> RunQuerySet:
    """Those of `runs` that are at the batch's block."""
    return runs.running().filter(version=batch.version, block=batch.node.id)


def due(batch: Batch, runs: list[Run]) -> RunQuerySet:
    live = Journey.objects.live().filter(pk=batch.version.journey_id)
    mine = Run.objects.filter(pk__in=[run.pk for run in runs])
    return at_block(batch, mine).filter(Exists(live), due_at__lte=Now())


def lock(batch: Batch, runs: list[Run]) -> list[Run]:
    """Lock those that nobody else has in hand, in the caller's transaction, as they are now.

    The journey is held with them, so that a pause comes before or after. What somebody began to
    send and did not end is settled here, and not among them.
    """
    live = Journey.objects.raw(HOLD_JOURNEY, [batch.version.journey_id])
    if not list(live):
        return []
    held = due(batch, runs).order_by("pk").select_for_update(no_key=True, skip_locked=True)
    mine = {run.pk: run for run in held}
    for message in Message.objects.sending().filter(journey_run_id__in=list(mine)):
        assert message.journey_run_id
        run = mine.pop(message.journey_run_id)
        settle(batch, run, message)
    return list(mine.values())


@transaction.atomic
def is_still_wanted(batch: Batch, message: Message) -> bool:
    """Whether a message that was begun a while ago may still go; its lease then begins anew."""
    if not list(Journey.objects.raw(HOLD_JOURNEY, [batch.version.journey_id])):
        return False
    assert message.journey_run_id
    assert message.journey_step
    at_its_step = Run.objects.filter(pk=message.journey_run_id, steps=message.journey_step - 1)
    held = at_block(batch, at_its_step).select_for_update(no_key=True)
    if not held or not Message.objects.sending().filter(pk=message.pk).exists():
        return False
    Run.objects.filter(pk=message.journey_run_id).update(due_at=Now() + lease())
    return True


def lease() -> timedelta:
    """Longer than the longest conversation with a provider, each of whose waits is limited."""
    return timedelta(seconds=max(60.0, 10 * settings.MESSAGE_TIMEOUT_SECONDS))


HOLD_JOURNEY = with_states("""
SELECT id FROM journeys_journey WHERE id = %s AND state = {live} FOR KEY SHARE
""")


def settle(batch: Batch, run: Run, message: Message) -> None:
    """Its sender died: nobody knows, so it is not sent again, and the run goes on."""
    delivery.write_result(message, INTERRUPTED)
    write(batch, [run], unconfirmed(batch, message))


def unconfirmed(batch: Batch, message: Message) -> Result:
    reason = outcome(message, INTERRUPTED)
    return Result(reason, way=SENT, due_at=batch.now, details={"message": message.pk})


def outcome(message: Message, result: delivery.Result, template: str = "") -> Reason:
    """What the log says became of the message."""
    code = {
        MessageStatus.SENT: Code.MESSAGE_SENT,
        MessageStatus.FAILED: Code.MESSAGE_FAILED,
    }.get(result.status, Code.MESSAGE_UNCONFIRMED)
    facts = {"channel": str(message.channel), "template": template, "address": message.address}
    problem = {"problem": fact_of(result.reason)} if result.reason else {}
    return because(code, **facts, **problem)


# --- what is written of them ---


@transaction.atomic
def conclude(batch: Batch, runs: list[Run], result: Result) -> None:
    """The step of those that still stand there; none is waited for."""
    if mine := lock(batch, runs):
        write(batch, mine, result)


@transaction.atomic
def record(batch: Batch, message: Message, result: delivery.Result, step: Result) -> None:
    """What became of a message, once: the message, the limit, the log and the run's place.

    A run that was stopped while the provider thought stays where it is, and its log tells of it.
    """
    runs = Run.objects.select_for_update(no_key=True)
    run = runs.filter(pk__in=[message.journey_run_id]).first()
    if not delivery.write_result(message, result) or run is None:
        return  # it was given up for lost meanwhile, or the candidate was deleted
    if at_block(batch, Run.objects.filter(pk=run.pk, steps=run.steps)).exists():
        write(batch, [run], step)
    else:
        add_line(batch, run, step)


def write(batch: Batch, runs: list[Run], result: Result) -> None:
    write_each(batch, runs, {run.pk: result for run in runs})


def write_each(batch: Batch, runs: list[Run], results: dict[int, Result]) -> None:
    definition = definition_of(batch.version.pk)
    step_log.write(runs, results, definition, batch.node, batch.label)


def add_line(batch: Batch, run: Run, result: Result) -> None:
    Run.objects.filter(pk=run.pk).update(steps=F("steps") + 1)
    RunStep.objects.create(
        run=run,
        number=run.steps + 1,
        block=batch.node.id,
        summary=batch.label[:300],
        code=result.reason.code,
        facts=result.reason.facts or None,
        details=result.details,
    )
