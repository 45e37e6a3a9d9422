"""What stands for an operation that Belay no longer has: old actions keep its key."""

from typing import Any

from pipeline.candidates.models import CandidateQuerySet

from .base import Operation, Preview


class Forgotten(Operation):
    """It describes what was done as well as can be, and can do nothing."""

    key = ""
    label = "Unknown"
    command = "Run"
    title = "Unknown"
    verb = "changed"

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        raise NotImplementedError

    def apply(self) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [""] * len(befores)
