"""How fast messages go: one after the other, whoever sends them, from whichever machine."""

import random
import time
from typing import Any

from django.db import connection

REFRESH_SECONDS = 5.0  # how long a lane that needs no slots believes so
# A slot that is further away is left to others: a lane waits for its slot, and never for long.
SOON_SECONDS = 0.25


class NotYet(Exception):
    """The next free slot is not soon. Nothing was taken."""


def let_others_send() -> None:
    """After NotYet. Not all ask again together."""
    time.sleep(SOON_SECONDS * random.uniform(0.5, 1))


class Pace:
    """One lane's place in the queue of its workspace and channel."""

    def __init__(self, workspace_id: int, channel: str) -> None:
        self.workspace_id = workspace_id
        self.channel = channel
        self.is_free_until = 0.0

    def wait(self, within: float | None = SOON_SECONDS) -> float:
        """Seconds to wait until the next message may go. Raises NotYet; see `next_slot`."""
        if time.monotonic() < self.is_free_until:
            return 0.0
        seconds = next_slot(self.workspace_id, self.channel, within)
        if seconds is None:
            self.is_free_until = time.monotonic() + REFRESH_SECONDS
        return seconds or 0.0


def next_slot(workspace_id: int, channel: str, within: float | None = None) -> float | None:
    """Take the next free slot and return the seconds until it comes; None without a rate.

    Raises NotYet, and has taken nothing, where it is more than `within` seconds away. Not to be
    called within a transaction: the row is where all lanes meet, and they would wait for its end.
    A slot that is not used is lost, which costs one message's share of a second.
    """
    place: dict[str, Any] = {"workspace": workspace_id, "channel": channel, "within": within}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, place)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(ADD_DEFAULTS, place)
            cursor.execute(TAKE, place)
            row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    if row[1] is None:
        raise NotYet
    return max(0.0, float(row[1]))


# Without a rate nothing is written, but the row is still returned, to be told from a missing one.
TAKE = """
WITH taken AS (
    UPDATE outreach_messagelimit SET next_at =
        greatest(next_at, clock_timestamp()) + interval '1 second' / per_second
    WHERE workspace_id = %(workspace)s AND channel = %(channel)s AND per_second > 0
      AND (%(within)s::float IS NULL
           OR next_at <= clock_timestamp() + %(within)s * interval '1 second')
    RETURNING next_at - interval '1 second' / per_second AS slot
)
SELECT nullif(per_second, 0), extract(epoch FROM (SELECT slot FROM taken) - clock_timestamp())
FROM outreach_messagelimit WHERE workspace_id = %(workspace)s AND channel = %(channel)s
"""

ADD_DEFAULTS = """
INSERT INTO outreach_messagelimit (workspace_id, channel, period, per_second)
VALUES (%(workspace)s, %(channel)s, 'month', 20)
ON CONFLICT (workspace_id, channel) DO NOTHING
"""
