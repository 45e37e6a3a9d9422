"""What the reasons of an action's outcomes say to people."""

from collections import Counter

from pipeline.bulk_actions.models import BulkAction, Outcome
from pipeline.bulk_actions.reasons import sentence_of


def told(outcome: Outcome) -> str:
    return sentence_of(outcome.reason, outcome.facts, outcome.action.workspace.tz)


def reasons_of(action: BulkAction) -> dict[str, int]:
    """How many candidates failed, by the reason that people read."""
    return dict(Counter(map(told, action.outcomes.failed().select_related("action__workspace"))))
