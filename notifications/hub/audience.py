"""The pages that see the same actions, and what they show of them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils import timezone

from notifications.live import WHOLE, html_of
from notifications.panel import MOST_ACTIVE, in_panel, in_panel_or_active
from notifications.publishing import Message
from pipeline.bulk_actions.models import ACTIVE, BulkAction, BulkActionQuerySet, Status
from pipeline.bulk_actions.seen import all_seen_by
from pipeline.candidates.sight import Sight
from pipeline.workspaces.models import Workspace

from .page import Page

PANEL_SECONDS = 1.0  # a panel says how long ago things were


class Shown(NamedTuple):
    """What the pages show of one action."""

    version: int
    status: str


class Found(NamedTuple):
    """What the database has of the panel, and how pages show it."""

    rows: dict[int, Shown]
    html: str


class FoundRows(NamedTuple):
    """What the database has of some actions, and each one's row."""

    rows: dict[int, Shown]
    html: dict[int, str]


@dataclass(eq=False)
class Audience:
    """Members of one workspace who see the same openings (None: all of them)."""

    workspace: int
    openings: frozenset[int] | None
    pages: set[Page] = field(default_factory=set)
    rows: dict[int, Shown] = field(default_factory=dict)  # also of active ones that aren't listed
    told: set[int] = field(default_factory=set)  # active ones whose rows the pages have
    panel: Found | None = None  # as a page that connects now is to have it
    panel_at: float = 0.0
    changes: int = 0  # how many there have been: whether one came while the panel was looked up
    behind: dict[int, Shown] = field(default_factory=dict)  # as of the check before
    wanted: set[int] = field(default_factory=set)  # rows to be looked up
    is_looking: bool = False
    news_at: dict[str, float] = field(default_factory=dict)  # when what was told last, or will be

    def sees(self, openings: Iterable[int]) -> bool:
        return self.openings is None or not self.openings.isdisjoint(openings)

    @property
    def sight(self) -> Sight:
        """Anew for each question, as names change."""
        return Sight(self.workspace, self.openings)

    @property
    def is_watched(self) -> bool:
        """Whether some page shows it already, and is not about to be sent the whole panel."""
        return any(page.held is None for page in self.pages)

    @property
    def count(self) -> int:
        return sum(row.status in ACTIVE for row in self.rows.values())

    @property
    def listed(self) -> set[int]:
        """The active ones that pages list, as `in_panel` has it."""
        active = [
            (row.status != Status.IN_PROGRESS, -pk)
            for pk, row in self.rows.items()
            if row.status in ACTIVE
        ]
        return {-pk for _, pk in nsmallest(MOST_ACTIVE, active)}

    def lists(self, pk: int) -> bool:
        return self.rows[pk].status not in ACTIVE or pk in self.listed

    def newly_listed(self) -> set[int]:
        """Active ones that pages list from now on, and whose rows they have not got."""
        listed = self.listed
        new, self.told = listed - self.told, listed
        return new

    @property
    def count_html(self) -> str:
        """How many are active, and which of them are listed where that is not all."""
        html = render_to_string("notifications/_count.html", {"count": self.count})
        more = max(0, self.count - MOST_ACTIVE)
        listed = sorted(self.listed) if more else []
        return html + render_to_string("notifications/_more.html", {"more": more, "listed": listed})

    def take(self, message: Message) -> str | None:
        """What to send on a change of an action: "" for one that is older than what is shown.

        None when the row has to be looked up: something before it was lost, or it is a whole row
        about openings of which these members see only some. Ticks are pushed for those as well.
        """
        pk, new = message["action"], Shown(message["version"], message["status"])
        known = self.rows.get(pk)
        if known and new.version < known.version:
            return ""
        is_behind = known is None or known.status != new.status
        if is_behind and not message["is_whole"] and self.is_watched:
            return None
        is_partly = not self.sight.sees_all(message["openings"])
        if is_partly and (message["is_whole"] or "html_for_part" not in message):
            return None
        self.changed({pk: new})
        html: str = ""
        if self.lists(pk):
            self.told.add(pk)
            html = message["html_for_part" if is_partly else "html"]
        return html + self.count_html if message["is_whole"] else html

    def changed(self, rows: dict[int, Shown]) -> None:
        for pk, row in rows.items():
            if pk not in self.rows or row.version >= self.rows[pk].version:
                self.rows[pk] = row
        self.changes += 1
        self.panel = None

    def took_rows(self, found: FoundRows) -> str:
        """What to send of rows that were looked up: those that are listed now."""
        self.changed(found.rows)
        listed = [pk for pk in found.html if self.lists(pk)]
        self.told.update(listed)
        return "".join(found.html[pk] for pk in listed)

    @property
    def fresh_panel(self) -> Found | None:
        """What was looked up last, unless something changed since. Its times soon grow old."""
        return self.panel if time.monotonic() - self.panel_at < PANEL_SECONDS else None

    def took_panel(self, found: Found, changes: int) -> list[int]:
        """Keep what was looked up, for pages that connect. Returns what the others were not told.

        `changes` is how many there were before the question.
        """
        if changes == self.changes:
            self.panel, self.panel_at = found, time.monotonic()
        if not self.is_watched:
            newer = {
                pk: row
                for pk, row in self.rows.items()
                if changes != self.changes
                and (pk not in found.rows or row.version > found.rows[pk].version)
            }
            self.rows = found.rows | newer
            self.told = self.listed - newer.keys()
            return []
        return self.untold(found.rows)

    def untold(self, now: dict[int, Shown]) -> list[int]:
        """Of what the database has `now`, the rows that pages lack or show in another status."""
        known = self.rows
        return [pk for pk, row in now.items() if pk not in known or row.status != known[pk].status]

    def missed(self, now: dict[int, Shown]) -> list[int]:
        """As `untold`, and rows that were behind at the last check and are at the same point still.

        A version that is only newer may be on its way.
        """
        behind = {
            pk: self.rows[pk]
            for pk, row in now.items()
            if pk in self.rows and row.version > self.rows[pk].version
        }
        untold = self.untold(now)
        still = [pk for pk, row in behind.items() if self.behind.get(pk) == row]
        self.behind = behind
        # Those that have left the panel need no more thought.
        self.rows = {
            pk: row for pk, row in self.rows.items() if pk in now or pk > max(now, default=0)
        }
        return [*untold, *(pk for pk in still if pk not in untold)]

    # --- these ask the database ---

    @property
    def actions(self) -> BulkActionQuerySet:
        return BulkAction.objects.visible_in(self.workspace, self.openings)

    def look(self) -> dict[int, Shown]:
        rows = in_panel_or_active(self.actions).values_list("pk", "version", "status")
        return {pk: Shown(version, status) for pk, version, status in rows}

    def find_panel(self) -> Found:
        """The count and the whole list."""
        actions = all_seen_by(self.sight, in_panel(self.actions).for_rows())
        rows = rows_of(actions)
        listed = sum(action.is_active for action in actions)
        if listed >= MOST_ACTIVE:
            rows = self.look() | rows
        count = sum(row.status in ACTIVE for row in rows.values())
        panel = {"actions": actions, "more": max(0, count - MOST_ACTIVE)}
        with timezone.override(Workspace.objects.get(pk=self.workspace).tz):
            html = render_to_string("notifications/_count.html", {"count": count})
            html += render_to_string("notifications/_list.html", {"panel": panel})
        return Found(rows, html)

    def find_rows(self, pks: Iterable[int]) -> FoundRows:
        found = self.actions.filter(pk__in=list(pks)).for_rows()
        actions = all_seen_by(self.sight, found)
        return FoundRows(
            rows_of(actions), {action.pk: html_of(action, WHOLE) for action in actions}
        )


def rows_of(actions: Iterable[BulkAction]) -> dict[int, Shown]:
    return {action.pk: Shown(action.version, action.status) for action in actions}
