"""What the operations with journeys' runs have in common."""

from typing import Any

from pipeline.journeys.models import Journey
from pipeline.journeys.writing import stop as journeys

STOPPED_BY = (
    "'Stopped by ' || starter.name || ', bulk action ' || starter.action_id || %(stop_told)s"
)


def naming(journey: Journey) -> dict[str, Any]:
    return {"journey": journey.pk, "journey_name": journey.name}


def stopping(source: str, run: str) -> str:
    """As the journeys' own, told with who started the action; `source` has `starter`. Takes the
    parameter `stop_told`: the rest of the sentence."""
    return journeys.stopping(source, run, STOPPED_BY)


def named(befores: list[dict[str, Any]]) -> list[str]:
    """Which run it was that was started or stopped."""
    return [f"Run {before['run']}" if "run" in before else "" for before in befores]
