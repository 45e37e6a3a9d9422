"""What the operations with journeys' runs have in common."""

import json
from typing import Any

from pipeline.journeys.models import Journey
from pipeline.journeys.reasons import Code
from pipeline.journeys.writing import stop as journeys

STOPPED_BY = """
jsonb_build_object('by', starter.name, 'action', starter.action_id) || %(stop_facts)s::jsonb
"""


def naming(journey: Journey) -> dict[str, Any]:
    return {"journey": journey.pk, "journey_name": journey.name}


def stopping(source: str, run: str) -> str:
    """As the journeys' own, with who started the action as facts; `source` has `starter`. Takes
    the parameters of `stop_params`."""
    return journeys.stopping(source, run, "%(stop_code)s", STOPPED_BY)


def stop_params(code: Code, **facts: Any) -> dict[str, Any]:
    return {"stop_code": code, "stop_facts": json.dumps(facts)}


def named(befores: list[dict[str, Any]]) -> list[str]:
    """Which run it was that was started or stopped."""
    return [f"Run {before['run']}" if "run" in before else "" for before in befores]
