"""Runs that nothing can be sent to now: tried again later, and the log says why, once."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef

from pipeline.foundation import database_clock
from pipeline.journeys.models import Run, RunState, RunStep
from pipeline.journeys.reasons import Code, Reason, because, sentence_of

from .batch import Batch, Result
from .message_lock import lock, write_each

AWAY_SECONDS = 60
MOST_TRIES = 60  # of a provider that is away: for an hour


@transaction.atomic
def put_off(batch: Batch, runs: list[Run], reason: Reason, until: datetime) -> None:
    """Nothing can be sent before `until`. The log says so, once for each sentence."""
    if locked := lock(batch, runs):
        last, sentence = last_lines(locked), str(reason)
        results = {
            run.pk: Result(
                reason, due_at=until, is_waiting=True, is_logged=last[run.pk] != sentence
            )
            for run in locked
        }
        write_each(batch, locked, results)


@transaction.atomic
def put_off_as_away(batch: Batch, runs: list[Run], reason: str) -> None:
    """The provider is away: again in a minute, and in the end no more."""
    if locked := lock(batch, runs):
        last = last_lines(locked)
        results = {run.pk: try_again(run, reason, last[run.pk]) for run in locked}
        write_each(batch, locked, results)


def try_again(run: Run, problem: str, last: str) -> Result:
    reason = because(Code.MESSAGE_RETRIED, problem=problem)
    tries = run.tries + 1
    if tries >= MOST_TRIES:
        given_up = because(Code.MESSAGE_GIVEN_UP, problem=problem, tries=tries)
        return Result(given_up, state=RunState.FAILED)
    at = database_clock.now() + timedelta(seconds=AWAY_SECONDS)
    return Result(reason, due_at=at, is_waiting=True, tries=tries, is_logged=last != str(reason))


def last_lines(runs: list[Run]) -> dict[int, str]:
    """The last line of each run's log."""
    lines = RunStep.objects.filter(run=OuterRef("pk")).order_by("-number")
    found = Run.objects.filter(pk__in=[run.pk for run in runs]).annotate(
        last_code=lines.values("code")[:1], last_facts=lines.values("facts")[:1]
    )
    return {
        pk: sentence_of(code or "", facts)
        for pk, code, facts in found.values_list("pk", "last_code", "last_facts")
    }
