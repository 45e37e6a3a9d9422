"""How fast messages go: one after the other, whoever sends them, from whichever machine."""

import time
from typing import Any

from django.db import connection

REFRESH_SECONDS = 5.0  # how long a lane that needs no slots believes so


class Pace:
    """One lane's place in the queue of its workspace and channel."""

    def __init__(self, workspace_id: int, channel: str) -> None:
        self.workspace_id = workspace_id
        self.channel = channel
        self.is_free_until = 0.0

    def wait(self) -> float:
        """Seconds to wait until the next message may go; see `next_slot`."""
        if time.monotonic() < self.is_free_until:
            return 0.0
        seconds = next_slot(self.workspace_id, self.channel)
        if seconds is None:
            self.is_free_until = time.monotonic() + REFRESH_SECONDS
        return seconds or 0.0


def next_slot(workspace_id: int, channel: str) -> float | None:
    """Take the next free slot and return the seconds until it comes; None without a rate.

    Not within a transaction: the row is where all lanes meet, and they would wait for its end.
    A slot that is not used is lost, which costs one message's share of a second.
    """
    place: dict[str, Any] = {"workspace": workspace_id, "channel": channel}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, place)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(ADD_DEFAULTS, place)
            cursor.execute(TAKE, place)
            row = cursor.fetchone()
    return None if row is None or row[0] is None else max(0.0, float(row[0]))


# Without a rate nothing is written, but the row is still returned, to be told from a missing one.
TAKE = """
WITH taken AS (
    UPDATE outreach_messagelimit SET next_at =
        greatest(next_at, clock_timestamp()) + interval '1 second' / per_second
    WHERE workspace_id = %(workspace)s AND channel = %(channel)s AND per_second > 0
    RETURNING next_at - interval '1 second' / per_second AS slot
)
SELECT extract(epoch FROM (SELECT slot FROM taken) - clock_timestamp())
FROM outreach_messagelimit WHERE workspace_id = %(workspace)s AND channel = %(channel)s
"""

ADD_DEFAULTS = """
INSERT INTO outreach_messagelimit (workspace_id, channel, period, per_second)
VALUES (%(workspace)s, %(channel)s, 'month', 20)
ON CONFLICT (workspace_id, channel) DO NOTHING
"""
