"""How many messages a workspace may still send: reserved one by one, exactly, across all lanes."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import connection
from django.utils import timezone

from pipeline.foundation import database_clock
from pipeline.workspaces.models import Workspace

from .models import PLURALS, Channel, Message, MessageLimit, MessageUse, Period
from .reasons import Code, Facts, Reason, limit_in, resets_in

WARN_AT = (100, 80)  # percent of a limit that owners and admins hear of


class LimitReached(Exception):
    """Says which limit, and when it resets."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class LimitUsage:
    """Where a workspace stands with the limit of one channel at this moment."""

    channel: str
    number: int | None
    period: str
    begins_on: date
    used: int
    today: date

    @property
    def left(self) -> int | None:
        return None if self.number is None else max(0, self.number - self.used)

    @property
    def percent(self) -> int:
        """Of the limit, rounded down; a limit of none is always used up."""
        if self.number is None:
            return 0
        return self.used * 100 // self.number if self.number else 100

    @property
    def resets_on(self) -> date:
        return next_beginning(self.period, self.begins_on)

    @property
    def resets(self) -> str:
        """The day it resets, as in "It resets on 1 December."; with the year if it is another."""
        return resets_in(self.facts)

    @property
    def limit(self) -> str:
        """As in "the SMS limit of 1,000 a calendar month"."""
        return limit_in(self.facts)

    @property
    def facts(self) -> Facts:
        return {
            "channel": str(self.channel),
            "number": self.number,
            "period": str(self.period),
            "resets_on": self.resets_on.isoformat(),
            "on": self.today.isoformat(),
        }

    @property
    def reached(self) -> Reason:
        return Reason(Code.LIMIT_REACHED, self.facts)

    @property
    def nearly_reached(self) -> str:
        used = f"{intcomma(self.used)} of the {self.limit} are used ({self.percent} %)"
        return f"{used}. It resets on {self.resets}."


@dataclass(frozen=True)
class Alert:
    """That 80 or 100 percent of a limit are used: for the banner, and once for each bell."""

    channel: str
    percent: int
    sentence: str
    about: str  # the same for the same limit, period and percent


def reserve(workspace: Workspace, channel: str) -> date:
    """Take one message off the limit, in the caller's transaction; returns the day it counts for.

    That is for Message.counted_on, so that `give_back` finds what was taken. The counters stay
    locked until the transaction ends, so it is best called last. Raises LimitReached, with the
    reason, and has then taken nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            RESERVE, {"workspace": workspace.pk, "channel": channel, "zone": workspace.tz.key}
        )
        row = cursor.fetchone()
    if row is None:
        raise LimitReached(standing(workspace, channel).reached)
    return date.fromisoformat(row[0])


def give_back(message: Message) -> None:
    """Undo the reservation of a message that the provider definitely did not take.

    In the caller's transaction, and once: `counted_on` of this object is emptied.
    """
    if message.counted_on is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_BACK,
            {
                "workspace": message.workspace_id,
                "channel": message.channel,
                "day": message.counted_on,
            },
        )
    message.counted_on = None


def left(workspace: Workspace, channel: str) -> int | None:
    """How many messages may still go in this period; None without a limit."""
    return standing(workspace, channel).left


def describe_left(workspace: Workspace, channel: str) -> str:
    """As in "4,200 SMS left this calendar month"; empty without a limit."""
    now = standing(workspace, channel)
    if now.left is None:
        return ""
    period = "today" if now.period == Period.DAY else f"this {Period(now.period).label}"
    return f"{intcomma(now.left)} {PLURALS[Channel(channel)]} left {period}"


def resets_on(workspace: Workspace, channel: str) -> date:
    """The first day, in the workspace's time zone, on which the whole limit is there again."""
    return standing(workspace, channel).resets_on


def alerts(workspace: Workspace) -> list[Alert]:
    """What owners and admins should know now, the worst first. One query, two with an alert."""
    found = []
    for limit in workspace.message_limits.filter(number__isnull=False):
        now = standing_of(workspace, limit)
        reached = next((percent for percent in WARN_AT if now.percent >= percent), None)
        if reached is not None:
            sentence = str(now.reached) if reached == 100 else now.nearly_reached
            about = f"limit-{now.channel}-{now.number}-{now.period}-{now.begins_on}-{reached}"
            found.append(Alert(now.channel, reached, sentence, about))
    return sorted(found, key=lambda alert: -alert.percent)


def standing(workspace: Workspace, channel: str) -> LimitUsage:
    limit = workspace.message_limits.filter(channel=channel).first()
    return standing_of(workspace, limit or MessageLimit(channel=channel))


def standing_of(workspace: Workspace, limit: MessageLimit) -> LimitUsage:
    today = timezone.localdate(database_clock.now(), workspace.tz)
    begins_on = beginning(limit.period, today)
    use = MessageUse.objects.filter(
        workspace=workspace, channel=limit.channel, period=limit.period, begins_on=begins_on
    )
    used = use.values_list("used", flat=True).first() or 0
    return LimitUsage(limit.channel, limit.number, limit.period, begins_on, used, today)


def beginning(period: str, day: date) -> date:
    """The first day of the period that `day` is in."""
    if period == Period.YEAR:
        return day.replace(month=1, day=1)
    return day.replace(day=1) if period == Period.MONTH else day


def next_beginning(period: str, begins_on: date) -> date:
    """The first day of the period after the one that begins on that day."""
    if period == Period.YEAR:
        return begins_on.replace(year=begins_on.year + 1)
    days = monthrange(begins_on.year, begins_on.month)[1] if period == Period.MONTH else 1
    return begins_on + timedelta(days=days)


# Common table expressions for a statement that has `allowed`, with a row where a message may be
# reserved; afterwards `reserved (today)` has one where it was. A conflicting counter is read anew
# after the wait for its lock: that makes the number exact in READ COMMITTED. The limited counter
# comes first, here and in GIVE_BACK: so no two lanes wait for each other, and the other two are
# raised only when it was.
RESERVED = """
terms AS MATERIALIZED (
    SELECT (clock_timestamp() AT TIME ZONE %(zone)s)::date AS today,
           coalesce(bound.period, 'month') AS period, bound.number
    FROM workspaces_workspace AS workspace
    LEFT JOIN outreach_messagelimit AS bound
        ON bound.workspace_id = workspace.id AND bound.channel = %(channel)s
    WHERE workspace.id = %(workspace)s AND EXISTS (SELECT FROM allowed)
), limited AS (
    INSERT INTO outreach_messageuse AS counter (workspace_id, channel, period, begins_on, used)
    SELECT %(workspace)s, %(channel)s, period, date_trunc(period, today::timestamp)::date, 1
    FROM terms WHERE number IS NULL OR number > 0
    ON CONFLICT (workspace_id, channel, period, begins_on) DO UPDATE SET used = counter.used + 1
    WHERE EXISTS (SELECT FROM terms WHERE number IS NULL OR counter.used < number)
    RETURNING used
), others AS (
    INSERT INTO outreach_messageuse AS counter (workspace_id, channel, period, begins_on, used)
    SELECT %(workspace)s, %(channel)s, each.period,
           date_trunc(each.period, today::timestamp)::date, 1
    FROM terms, (VALUES (1, 'year'), (2, 'month'), (3, 'day')) AS each (place, period)
    WHERE each.period <> terms.period AND EXISTS (SELECT FROM limited)
    ORDER BY place
    ON CONFLICT (workspace_id, channel, period, begins_on) DO UPDATE SET used = counter.used + 1
), reserved AS (
    SELECT today FROM terms WHERE EXISTS (SELECT FROM limited)
)
"""
RESERVE = f"WITH allowed AS (SELECT), {RESERVED} SELECT today::text FROM reserved"  # noqa: S608

# An upsert only for its order of locks, the one of RESERVED; the counters are there.
GIVE_BACK = """
INSERT INTO outreach_messageuse AS counter (workspace_id, channel, period, begins_on, used)
SELECT %(workspace)s, %(channel)s, period, date_trunc(period, %(day)s::timestamp)::date, 0
FROM (VALUES (1, 'year'), (2, 'month'), (3, 'day')) AS each (place, period)
ORDER BY period <> coalesce((
    SELECT bound.period FROM outreach_messagelimit AS bound
    WHERE bound.workspace_id = %(workspace)s AND bound.channel = %(channel)s
), 'month'), place
ON CONFLICT (workspace_id, channel, period, begins_on)
DO UPDATE SET used = greatest(0, counter.used - 1)
"""
