"""The journeys' periodic job: every 2 s, and as many at once as there are workers for it."""

from .happenings import tell_all
from .runner import advance_due
from .schedules import enroll_on_schedule


def work() -> None:
    """Let candidates enter, then take the steps that are due."""
    tell_all()
    enroll_on_schedule()
    advance_due()
