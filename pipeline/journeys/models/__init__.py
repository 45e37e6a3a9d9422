"""The models of this room, one file each."""

from .journey import Journey, JourneyEdit, JourneyState, JourneyVersion, definition_of
from .listener import Happening, Listener
from .rules import JourneyRules
from .run import Run, RunQuerySet, RunState, RunStep

__all__ = [
    "Happening",
    "Journey",
    "JourneyEdit",
    "JourneyRules",
    "JourneyState",
    "JourneyVersion",
    "Listener",
    "Run",
    "RunQuerySet",
    "RunState",
    "RunStep",
    "definition_of",
]
