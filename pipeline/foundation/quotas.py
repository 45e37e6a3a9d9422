"""How much of something one member or one workspace may have, at a time or in a day."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from . import database_clock

DAY = timedelta(hours=24)
QUOTAS = 0x42E5  # first half of an advisory lock's key; the second is the workspace's id


class QuotaReached(ValueError):
    """A limit is reached. The message says which, that nothing was done, and what to do."""


def one_at_a_time(workspace_id: int) -> None:
    """Lock the workspace's quotas until the transaction ends, so that counts are exact."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s::int, %s::int)", [QUOTAS, workspace_id % 2**31]
        )


def full_until(rows: QuerySet[Any, Any], moment: str, most: int) -> str:
    """Say when one more of `rows` may be made; empty when it may be made now.

    `moment` is the field that says when each was made; `most` may be made in 24 hours.
    """
    lately = rows.filter(**{f"{moment}__gt": database_clock.now() - DAY}).order_by(moment)
    surplus = lately.count() - most
    if surplus < 0:
        return ""
    # There is room again when so many are older that one fewer than the most is left.
    leaves = lately.values_list(moment, flat=True)[surplus : surplus + 1].first() if most else None
    if leaves is None:
        return "the limit is raised"
    return date_format(timezone.localtime(leaves + DAY), "j M, H:i")
