"""States as they stand in SQL: written into it, as partial indexes are found by them alone."""

from .journey import JourneyState
from .run import RunState

STATES = {state.name.lower(): f"'{state}'" for state in (*RunState, *JourneyState)}


def with_states(statement: str) -> str:
    """The statement with its {running}, {live} … filled in."""
    return statement.format(**STATES)
