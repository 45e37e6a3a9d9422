"""The journeys' periodic jobs: every 2 s, and as many at once as there are workers for them."""

from django.conf import settings

from pipeline.foundation.turns import Turn
from pipeline.workspaces.restores.detection import look

from .dispatch import dispatch_events
from .external import execute_external_some
from .lost_messages import settle_lost_messages
from .runner import advance_some
from .schedules import enroll_on_schedule


def work() -> None:
    """Let candidates enter and take the steps that are due, until nothing is left or the turn is
    over. In small portions by turns: 100,000 who enter make nobody late who has waited."""
    turn = Turn(settings.JOURNEY_TURN_SECONDS)
    while not turn.is_over() and dispatch_events() + advance_some():
        pass


def work_on_slow() -> None:
    """The same for what may take long: schedules that let thousands enter at once, and the blocks
    that talk to the outside."""
    turn = Turn(settings.JOURNEY_TURN_SECONDS)
    look()
    settle_lost_messages()
    enroll_on_schedule()
    while not turn.is_over() and execute_external_some():
        pass
