"""The journeys' periodic jobs: every 2 s, and as many at once as there are workers for them."""

import time

from django.conf import settings

from .happenings import tell_some
from .runner import advance_some
from .schedules import enroll_on_schedule
from .slow import hand_over_some


def work() -> None:
    """Let candidates enter and take the steps that are due, until nothing is left or the turn is
    over. In small portions by turns: 100,000 who enter make nobody late who has waited."""
    ends = time.monotonic() + settings.JOURNEY_TURN_SECONDS
    while time.monotonic() < ends and tell_some() + advance_some():
        pass


def work_on_slow() -> None:
    """The same for what may take long: schedules that let thousands enter at once, and the blocks
    that talk to the outside."""
    ends = time.monotonic() + settings.JOURNEY_TURN_SECONDS
    enroll_on_schedule()
    while time.monotonic() < ends and hand_over_some():
        pass
