"""What a bulk action says to people: numbers, time left, sentences. Everybody reads the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import localize
from django.utils.translation import gettext as _

from pipeline.foundation import database_clock
from pipeline.foundation.words import clock, duration, is_today, roughly

from .models import BulkAction, Delivery, Status
from .operations import is_on_hold, operation_of, sends

STALLED_AFTER = timedelta(seconds=30)
# No guess before this much is known: the first chunks say little about the rest.
GUESS_AFTER = timedelta(seconds=5)
GUESS_FROM = 0.02
UNCONFIRMED = (
    "Belay was restored from a backup, so messages are on hold until an Owner confirms. "
    "Anything sent after the backup may go out twice."
)
PARTLY = "partly in another opening"  # instead of how many

COMPLETED = (Status.COMPLETED, Status.COMPLETED_WITH_FAILURES)
COLORS = {
    Status.IN_QUEUE: "secondary",
    Status.IN_PROGRESS: "blue",
    Status.COMPLETED: "green",
    Status.COMPLETED_WITH_FAILURES: "yellow",
    Status.FAILED: "red",
    Status.CANCELED: "orange",
    Status.HALTED: "yellow",
}


@dataclass(frozen=True)
class Progress:
    """`action` as of now, in its workspace's time zone. Needs what `for_rows()` fetches."""

    action: BulkAction

    # --- numbers ---

    @property
    def color(self) -> str:
        return COLORS[Status(self.action.status)]

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all; it never goes back, as `processed` never does.

        Of the whole action, also for who sees a part of it: it says how far the work is.
        """
        return self.whole.processed * 100 // self.whole.total if self.whole.total else 0

    @property
    def whole(self) -> BulkAction:
        return self.action.whole or self.action

    @property
    def steps(self) -> tuple[int, int]:
        """How far it is, and of how much: without numbers that the member may not read."""
        if self.action.whole:
            return self.percent, 100
        return self.action.processed, self.action.total

    @property
    def how_far(self) -> str:
        """ "12,480 of 50,000"; "24 %" where the numbers are not shown."""
        if self.action.hides_counts:
            return f"{self.percent} %"
        return f"{localize(self.action.processed)} of {localize(self.action.total)}"

    @property
    def selected(self) -> str:
        """ "50,000 selected", of them those that the member sees."""
        if self.action.hides_counts:
            return PARTLY
        count = f"{localize(self.action.total)} selected"
        return f"{count} that you can see" if self.action.whole else count

    @property
    def quarter(self) -> int:
        return self.percent // 25 * 25

    @property
    def verb(self) -> str:
        """What has become of a changed candidate: "moved"."""
        return operation_of(self.action).verb

    @property
    def changes(self) -> str:
        """What has changed with it, in the words of the pages' `data-shows`."""
        followed = [f"action-{self.action.follows_id}"] if self.action.follows_id else []
        return " ".join(["actions", f"action-{self.action.pk}", *followed])

    @property
    def moves(self) -> str:
        """And what besides has changed if it has moved on."""
        return " ".join(["timelines", *operation_of(self.action).changes])

    @property
    def tells_what_was(self) -> bool:
        """Whether what an outcome is described by was there before, and not done."""
        return operation_of(self.action).tells_what_was

    @property
    def comes_to_nothing(self) -> bool:
        """Whether a cancel would leave nobody done: what is made of all is not made yet."""
        return self.action.is_active and self.action.delivery == Delivery.NOTHING_LEFT

    @property
    def on_cancel(self) -> str:
        """What a cancel does to the changed, where they don't just stay so."""
        return operation_of(self.action).on_cancel

    # --- time ---

    @property
    def starts_in(self) -> int:
        """Whole seconds of the start delay that are left, rounded up; 0 when it is over."""
        if self.action.status != Status.IN_QUEUE:
            return 0
        left = (self.action.starts_at - database_clock.now()).total_seconds()
        return max(0, -int(-left // 1))

    @property
    def quiet_seconds(self) -> int:
        """How long nothing has happened though something should have; 0 while it may be fine."""
        if not self.action.is_active or is_on_hold(self.action):
            return 0
        quiet = database_clock.now() - (self.action.progressed_at or self.action.starts_at)
        # In steps, so that what is shown is never much older than what it says.
        return int(quiet.total_seconds()) // 10 * 10 if quiet > STALLED_AFTER else 0

    @property
    def quiet_for(self) -> str:
        """ "30 s", "4 min", "2 h"; empty while it moves."""
        seconds = self.quiet_seconds
        return duration(timedelta(seconds=seconds)) if seconds else ""

    @property
    def time_left(self) -> str:
        """ "about 4 min", from the average speed so far; empty while nobody can know.

        Both times are the database's, so the clocks of other machines play no part.
        """
        action = self.whole
        if action.status != Status.IN_PROGRESS or not action.started_at or self.quiet_seconds:
            return ""
        if not action.untouched:
            return ""  # only its conclusion is left, and that follows no candidate's speed
        worked = (action.progressed_at or action.started_at) - action.started_at
        if worked < GUESS_AFTER or action.processed < action.total * GUESS_FROM:
            return ""
        return roughly(worked / action.processed * action.untouched)

    @property
    def concluding(self) -> str:
        """What is still done when no candidate is left; empty before that, and mostly."""
        action = self.whole
        if action.status != Status.IN_PROGRESS or action.untouched:
            return ""
        return operation_of(action).concluding

    @property
    def support_url(self) -> str:
        return self.action.workspace.support_url

    @property
    def started_time(self) -> str:
        return clock(self.action.created_at, self.action.workspace.tz)

    # --- sentences ---

    @property
    def counts(self) -> str:
        """ "12,480 done, 334 unchanged, 3 failed, 37,520 untouched", without what is none.

        In every place the same: together they are the number selected, and the done are those
        that the preview said would be changed. Empty where the numbers are not shown.
        """
        action = self.action
        if action.hides_counts:
            return ""
        is_none = action.is_completed and not action.changed
        parts = [f"no candidate was {self.verb}" if is_none else f"{localize(action.changed)} done"]
        if action.unchanged:
            parts.append(f"{localize(action.unchanged)} unchanged")
        if action.failed:
            parts.append(f"{localize(action.failed)} failed")
        if action.untouched:
            parts.append(f"{localize(action.untouched)} untouched{self._under_way()}")
        return ", ".join(parts)

    def _under_way(self) -> str:
        """That some of the untouched may still get a message: it had left before the end."""
        if self.action.is_active or self.action.whole or not self.is_sending:
            return ""
        count = self.action.being_sent
        return (
            _(" (%(count)s of them still being sent)") % {"count": localize(count)} if count else ""
        )

    @property
    def is_sending(self) -> bool:
        return sends(operation_of(self.action))

    @property
    def ended_sentence(self) -> str:
        """How it ended and what that left; empty while it is active."""
        action = self.action
        if action.is_active or action.ended_at is None:
            return ""
        ended = f"{self._how_it_ended()} {self._at(action.ended_at)}"
        return f"{ended}: {self.counts}." if self.counts else f"{ended}."

    def _how_it_ended(self) -> str:
        action = self.action
        if action.status == Status.CANCELED:
            return f"Canceled by {action.canceled_by or 'Belay'}"
        return "Completed" if action.status in COMPLETED else action.get_status_display()

    @property
    def why(self) -> str:
        """Why it did not complete, for one that failed, was halted or was canceled by Belay."""
        return self.action.failure

    @property
    def waits_for(self) -> str:
        """What keeps an active one from going on: a person's word, or a provider that is away."""
        if not self.action.is_active:
            return ""
        return UNCONFIRMED if is_on_hold(self.action) else self.action.failure

    @property
    def already_sentence(self) -> str:
        """For who wanted to cancel and came too late."""
        ended = self.ended_sentence
        return f"Already {ended[0].lower()}{ended[1:]}" if ended else ""

    @property
    def announcement(self) -> str:
        """What a screen reader is told. It changes at the start, at quarters, at the first
        failure and at the end, and only then."""
        action = self.action
        if ended := self.ended_sentence:
            return f"{action.title}: {ended}"
        if action.status == Status.IN_QUEUE:
            return f"{action.title}: in queue."
        how_far = f"{self.quarter} percent" if self.quarter else "in progress"
        return f"{action.title}: {how_far}{', some failed' if self._failed else ''}."

    @property
    def _failed(self) -> int:
        return 0 if self.action.hides_counts else self.action.failed

    def _at(self, moment: datetime) -> str:
        tz = self.action.workspace.tz
        return f"{'at' if is_today(moment, tz) else 'on'} {clock(moment, tz)}"
