"""Runs that nothing can be sent to now: tried again later, and the log says why, once."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef

from pipeline.foundation import database_clock
from pipeline.journeys.models import Run, RunState, RunStep

from .batch import Batch, Result
from .message_lock import lock, write_each

AWAY_SECONDS = 60
MOST_TRIES = 60  # of a provider that is away: for an hour
GAVE_UP = "{reason} Gave up after {tries} tries."


@transaction.atomic
def put_off(batch: Batch, runs: list[Run], text: str, until: datetime) -> None:
    """Nothing can be sent before `until`. The log says so, once for each text."""
    if mine := lock(batch, runs):
        told = last_lines(mine)
        results = {
            run.pk: Result(text, due_at=until, is_waiting=True, is_logged=told[run.pk] != text)
            for run in mine
        }
        write_each(batch, mine, results)


@transaction.atomic
def put_off_as_away(batch: Batch, runs: list[Run], reason: str) -> None:
    """The provider is away: again in a minute, and in the end no more."""
    if mine := lock(batch, runs):
        told = last_lines(mine)
        results = {run.pk: try_again(run, reason, told[run.pk]) for run in mine}
        write_each(batch, mine, results)


def try_again(run: Run, reason: str, told: str | None) -> Result:
    text = f"{reason} Tries again every minute."
    tries = run.tries + 1
    if tries >= MOST_TRIES:
        return Result(GAVE_UP.format(reason=reason, tries=tries), state=RunState.FAILED)
    at = database_clock.now() + timedelta(seconds=AWAY_SECONDS)
    return Result(text, due_at=at, is_waiting=True, tries=tries, is_logged=told != text)


def last_lines(runs: list[Run]) -> dict[int, str | None]:
    """The last line of each run's log."""
    latest = RunStep.objects.filter(run=OuterRef("pk")).order_by("-number").values("text")[:1]
    found = Run.objects.filter(pk__in=[run.pk for run in runs]).annotate(last=latest)
    return dict(found.values_list("pk", "last"))
