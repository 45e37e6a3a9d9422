"""Notices that the database was restored from a backup, and has what sends wait for a person.

A backup doesn't know what was sent after it was made: an action that was at work would write to the
same people again. Three things tell:
- the *place* of the tables: the object ids of the database and of some tables. A dump that is
  restored, into this cluster or another, and a copy by CREATE DATABASE … TEMPLATE get new ones.
  Restarts, crashes, failovers, moved clusters and pg_upgrade (to 16 or newer) keep them;
- the *beat*, a number that the database counts up and that Redis is told after each commit. Where
  Redis has heard a higher one, the database went back in time: a restored copy of the cluster's
  files, point-in-time recovery, a standby that had not received everything. A Redis that lost what
  it knew says nothing;
- the *timeline*, which PostgreSQL raises with each recovery and failover. It is asked only where
  Redis knows nothing: a recovered cluster in a new environment.
What leaves all three as they were can't be noticed: a snapshot of whole machines, Redis included,
and a cold copy of a cluster's files that comes up with an empty Redis. `manage.py mark_restored`
is for these.
"""

import logging
from typing import NamedTuple
from uuid import UUID

import django_rq
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from redis.exceptions import RedisError

from pipeline.workspaces.models import Workspace

log = logging.getLogger(__name__)
COPIED = "The database is a copy: its tables have moved."
WENT_BACK = "The database is older than the last state Belay has seen."
RECOVERED = "PostgreSQL was recovered to an unknown point in time."


class Known(NamedTuple):
    """What the database wrote down of itself, and what it finds now."""

    uid: UUID
    beat: int
    place: str
    timeline: int | None
    place_now: str


def look() -> None:
    """Count one up, and hold all messages if the database was restored since the last time.

    Called before anything is sent: before each turn of a lane, a journey, a webhook's sender.
    """
    uid = current_uid()
    heard = None
    try:
        heard = last_heard(uid)
        is_away = False
    except RedisError:
        is_away = True  # tells nothing, and neither does the timeline then
    known = count_up()
    if known.uid != uid:
        return  # another process has just noticed the same
    timeline = timeline_now()
    if why := what_happened(known, heard, None if is_away else timeline):
        mark_restored(why, uid)
        return
    if known.place != known.place_now or (not is_away and known.timeline != timeline):
        remember(known, timeline)
    tell(uid, known.beat)


def holds_messages(workspace_id: int) -> bool:
    """Look, and say whether what this workspace sends has to wait."""
    look()
    held = Workspace.objects.filter(pk=workspace_id, messages_held_since__isnull=False)
    return held.exists()


def what_happened(known: Known, heard: int | None, timeline: int | None) -> str:
    """The sentence for people, or nothing when all is as it should be."""
    if known.place and known.place != known.place_now:
        return COPIED
    if heard is not None:
        return WENT_BACK if heard >= known.beat else ""
    is_recovered = None not in (known.timeline, timeline) and known.timeline != timeline
    return RECOVERED if is_recovered else ""


@transaction.atomic
def mark_restored(why: str, uid: UUID | None = None) -> None:
    """Hold the messages of all workspaces until somebody confirms; begin to count anew.

    With `uid`, only if no other process has done so for that one.
    """
    timeline = timeline_now()
    with connection.cursor() as cursor:
        cursor.execute(BEGIN_ANEW, {"uid": uid, "timeline": timeline})
        if not cursor.rowcount:
            return
    log.warning("Messages are on hold: %s", why)
    Workspace.objects.filter(messages_held_since=None).update(
        messages_held_since=Now(), messages_held_why=why
    )


def current_uid() -> UUID:
    with connection.cursor() as cursor:
        cursor.execute("SELECT uid FROM workspaces_installation WHERE id = 1")
        row = cursor.fetchone()
    return row[0] if row else count_up().uid


def count_up() -> Known:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_UP)
        return Known(*cursor.fetchone()[:-1])


def remember(known: Known, timeline: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, {"uid": known.uid, "timeline": timeline})


def timeline_now() -> int | None:
    """Return PostgreSQL's timeline; None where a managed server doesn't tell."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)")
            return int(cursor.fetchone()[0], 16)
    except DatabaseError:
        return None


# --- what Redis knows ---


def key(uid: UUID) -> str:
    return f"belay:beat:{uid}"


def last_heard(uid: UUID) -> int | None:
    """Return the number Redis heard last; read before the database counts up."""
    heard = django_rq.get_connection().get(key(uid))
    return int(heard) if heard else None


def tell(uid: UUID, beat: int) -> None:
    try:
        django_rq.get_connection().set(key(uid), beat)
    except RedisError as error:
        log.warning("Redis does not know how far the database is: %s", error)


PLACE = """concat_ws(':',
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    'workspaces_installation'::regclass::oid, 'workspaces_workspace'::regclass::oid,
    'workspaces_user'::regclass::oid, 'django_migrations'::regclass::oid,
    'django_session'::regclass::oid)"""
# On the disk before it is told, even where the server's commits may be lost in a crash: that would
# look like a restore.
COUNT_UP = f"""
INSERT INTO workspaces_installation AS it (id, beat, place) VALUES (1, 1, '')
ON CONFLICT (id) DO UPDATE SET beat = it.beat + 1
RETURNING uid, beat, place, timeline, {PLACE}, set_config('synchronous_commit', 'on', true)
"""  # noqa: S608
REMEMBER = f"""
UPDATE workspaces_installation SET place = {PLACE}, timeline = coalesce(%(timeline)s, timeline)
WHERE uid = %(uid)s
"""  # noqa: S608
BEGIN_ANEW = f"""
INSERT INTO workspaces_installation AS it (id, beat, place, timeline)
VALUES (1, 1, {PLACE}, %(timeline)s)
ON CONFLICT (id) DO UPDATE
SET uid = gen_random_uuid(), beat = 1, place = {PLACE}, timeline = %(timeline)s
WHERE %(uid)s::uuid IS NULL OR it.uid = %(uid)s
"""  # noqa: S608
