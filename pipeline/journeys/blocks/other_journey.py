"""What starting and stopping other journeys have in common: the journey that they name.

Neither waits for a lock while it holds those of its own runs and their candidates: two journeys
that start or stop each other at the same moment would wait for each other. Whoever comes second
tries again a moment later, when the first is through.
"""

import random
from datetime import timedelta
from typing import Any, ClassVar

from django import forms

from pipeline.journeys.models import Journey, JourneyState
from pipeline.journeys.reasons import Code, Reason, Sentence, because
from pipeline.journeys.writing.batch import Batch
from pipeline.workspaces.models import Workspace

from .base import Block, BlockForm, chosen, gone, row_of, text_in
from .condition import RowField

NONE_CHOSEN = "No journey is chosen."
NOT_NOW = because(Code.OTHERS_AT_IT)


class JourneyForm(BlockForm):
    journey = RowField(None, empty_label="Choose a journey")

    def offer(self) -> None:
        field = self.fields["journey"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = in_use(self.workspace)

    def options(self) -> dict[str, Any]:
        return chosen("journey", self.cleaned_data["journey"])


def in_use(workspace: Workspace) -> Any:
    return Journey.objects.filter(workspace=workspace).exclude(state=JourneyState.ARCHIVED)


class OtherJourney(Block):
    """A block that names another journey."""

    not_itself: ClassVar[Code]

    @property
    def name(self) -> str:
        return text_in(self.options, "journey_name")

    @property
    def summary(self) -> str:
        return self.name or "No journey chosen"

    def problems(self, workspace: Workspace) -> list[str]:
        if not self.options.get("journey"):
            return [NONE_CHOSEN]
        if self.journey_in(workspace) is None:
            return [gone("journey", self.name)]
        return []

    def problems_in(self, journey: Journey) -> list[str]:
        return (
            [Sentence(because(self.not_itself))]
            if self.options.get("journey") == journey.pk
            else []
        )

    def journey_in(self, workspace: Workspace) -> Journey | None:
        return row_of(Journey.objects.filter(workspace=workspace), self.options.get("journey"))

    def fail_if_misconfigured(self, batch: Batch) -> bool:
        if self.problems_in(batch.version.journey):
            for run in batch:
                batch.fail(run, because(self.not_itself))
            return True
        return super().fail_if_misconfigured(batch)


def about(code: Code, journey: Journey, **facts: Any) -> Reason:
    """A reason that names the journey."""
    return because(code, journey=journey.pk, name=journey.name, **facts)


def soon(batch: Batch) -> Any:
    """Not all at the same moment: of two who stop each other one is to be first."""
    return batch.now + timedelta(seconds=random.uniform(0.2, 1.5))
