"""Keeps one broken record from stopping a loop over the records of all workspaces.

What fails is logged, put off with a delay that grows from one failure to the next, and shown to its
owner: on the page that `link` names (the tag `setbacks`), and from the second failure on by a
notice. The delay is stored, so that a restart does not shorten it.
"""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, TypeVar

from django.db import Error, connection, transaction
from redis.exceptions import RedisError
from rq.timeouts import BaseTimeoutException

from pipeline.foundation import database_clock
from pipeline.foundation.outages import outage_of
from pipeline.foundation.parts import raise_if_lost
from pipeline.foundation.turns import Interrupted
from pipeline.workspaces.models.setback import FACTOR, FIRST_SECONDS, MOST_SECONDS, Setback

log = logging.getLogger(__name__)
T = TypeVar("T")
Key = tuple[int, str]


@dataclass(frozen=True)
class Subject:
    """The record that is worked on. `what` and `link` are for its owner."""

    record: int
    workspace_id: int | None
    what: str
    link: str = ""
    part: str = ""

    @property
    def key(self) -> Key:
        return self.record, self.part


class Known(NamedTuple):
    until: datetime
    failures: int


class Isolation:
    """One pass of a loop: `Isolation("webhooks").attempt(subject, call)` for each record."""

    def __init__(self, loop: str) -> None:
        self.loop = loop

    @cached_property
    def known(self) -> dict[Key, Known]:
        """Records that failed before, read once with the first record."""
        rows = Setback.objects.of(self.loop).values_list("record", "part", "retry_at", "failures")
        return {(record, part): Known(at, number) for record, part, at, number in rows}

    def put_off_until(self, record: int, part: str = "") -> datetime | None:
        """When it may be tried again; None for now."""
        known = self.known.get((record, part))
        return known.until if known and known.until > database_clock.now() else None

    def failures(self, record: int, part: str = "") -> int:
        """How often the record failed in a row."""
        known = self.known.get((record, part))
        return known.failures if known else 0

    @property
    def put_off(self) -> set[int]:
        """The records that are not to be tried yet."""
        return {record for record, part in self.known if self.put_off_until(record, part)}

    def attempt(self, subject: Subject, call: Callable[[], T], *, waits: bool = True) -> T | None:
        """Call and return the result; None when it fails, or may not be tried yet (if `waits`).

        In a transaction it gets a savepoint. Raises what would fail for every record: the end of
        the job's time, a process that is asked to stop, a database or Redis that is away.
        """
        if waits and self.put_off_until(*subject.key):
            return None
        try:
            with transaction.atomic() if connection.in_atomic_block else nullcontext():
                done = call()
        except BaseTimeoutException as error:
            self.note_timeout(subject, error)
            raise
        except Interrupted:
            raise
        except Exception as error:
            if isinstance(error, RedisError) and outage_of(error):
                raise
            raise_if_lost(error)
            self.fail(subject, error)
            return None
        self.succeed(subject)
        return done

    def note_timeout(self, subject: Subject, error: Exception) -> None:
        """Put off a record that used up the job's time, so that the others get theirs."""
        try:
            if not connection.in_atomic_block:
                connection.close()  # it may be in the middle of a statement
                self.fail(subject, error)
        except Error as trouble:
            log.warning("%s took too long, which can't be noted: %s", subject.what, trouble)

    def fail(self, subject: Subject, error: Exception) -> datetime:
        """Log it and put it off. Returns until when."""
        log.error("%s %s: %s", self.loop, subject.key, subject.what, exc_info=error)
        with connection.cursor() as cursor:
            cursor.execute(
                FAIL,
                {
                    "loop": self.loop,
                    "record": subject.record,
                    "part": subject.part[:100],
                    "workspace": subject.workspace_id,
                    "what": clean(subject.what, 250),
                    "link": subject.link[:200],
                    "error": clean(f"{type(error).__name__}: {error}", 500),
                    "first": FIRST_SECONDS,
                    "factor": FACTOR,
                    "most": MOST_SECONDS,
                },
            )
            known = Known(*cursor.fetchone())
        self.known[subject.key] = known
        return known.until

    def succeed(self, subject: Subject) -> None:
        """Forget the record's failures."""
        if self.known.pop(subject.key, None):
            Setback.objects.of(self.loop).filter(record=subject.record, part=subject.part).delete()


def clean(text: str, most: int) -> str:
    """Remove what PostgreSQL can't store, and cut the text to `most` characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:most]


def clear_setbacks() -> None:
    """The hourly job: forget those whose record is gone."""
    Setback.objects.all().forgotten().delete()


# Of two processes that fail at the same moment both count; the delay is only the longer for it. A
# workspace that was deleted meanwhile has nobody to be shown anything.
FAIL = """
INSERT INTO workspaces_setback AS it
    (loop, record, part, workspace_id, what, link, failures, error, retry_at)
VALUES (%(loop)s, %(record)s, %(part)s,
    (SELECT id FROM workspaces_workspace WHERE id = %(workspace)s FOR KEY SHARE),
    %(what)s, %(link)s, 1, %(error)s, clock_timestamp() + %(first)s * interval '1 s')
ON CONFLICT (loop, record, part) DO UPDATE SET
    workspace_id = excluded.workspace_id, what = excluded.what, link = excluded.link,
    error = excluded.error, failures = it.failures + 1, failed_at = clock_timestamp(),
    retry_at = clock_timestamp() + interval '1 s'
        * least(%(most)s, %(first)s * %(factor)s ^ least(it.failures, 20))
RETURNING retry_at, failures
"""
