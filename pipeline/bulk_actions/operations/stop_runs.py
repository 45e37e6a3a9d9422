from typing import Any

from django import forms

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.bulk_actions.reasons import Code, sentence_of
from pipeline.journeys.filters import in_use
from pipeline.journeys.models import Journey, RunState
from pipeline.journeys.reasons import Code as OfRun
from pipeline.journeys.writing.found import runs_of
from pipeline.journeys.writing.stop import hold_runs_of

from . import with_runs
from .base import OptionsForm
from .judging import JudgedChange, JudgingOperation
from .with_tasks import STARTER


class StopRunsForm(OptionsForm):
    from_journey = forms.ModelChoiceField(
        Journey.objects.none(), label="Journey", empty_label="Choose a journey"
    )
    stop_reason = forms.CharField(
        label="Reason (optional)",
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text="Kept with each run, for whoever looks for it later.",
    )

    def offer(self) -> None:
        field = self.fields["from_journey"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = in_use(self.user)

    def options(self) -> dict[str, Any]:
        reason = {"reason": self.cleaned_data["stop_reason"]}
        return with_runs.naming(self.cleaned_data["from_journey"]) | reason

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"from_journey": options["journey"], "stop_reason": options["reason"]}


class StopRuns(JudgingOperation):
    """Take the candidates out of a journey: their runs there take no further step.

    What the runs have done stays, and a stopped run does not go on again.
    """

    key = "stop_runs"
    label = "Stop journey runs"
    changes = ("runs",)
    command = "Stop the runs of"
    form = StopRunsForm
    verb = "taken out of the journey"
    already = sentence_of(Code.NOT_IN_JOURNEY)
    on_cancel = "Their runs stay stopped."
    way_out = "Keep the runs"
    tells_what_was = False
    locks_first = True

    @property
    def title(self) -> str:
        return f"Stop journey runs: {self.options['journey_name']}"

    @property
    def details(self) -> str:
        return f"Reason: {self.options['reason']}" if self.options["reason"] else ""

    def change(self) -> JudgedChange:
        reason = self.options["reason"]
        stopping = with_runs.stopping("judged, starter", "judged.run")
        return JudgedChange(
            judging=JUDGED,
            changing=f"{STARTER}, {stopping}",
            params={
                "journey": self.options["journey"],
                "running": RunState.RUNNING,
            }
            | with_runs.stop_params(OfRun.STOPPED_BY_ACTION, reason=reason),
        )

    def lock_before_candidates(self, action: BulkAction, chunk: Chunk) -> None:
        hold_runs_of(self.options["journey"], chunk.candidate_ids)

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return with_runs.named(befores)


JUDGED = f"""
judged AS (
    SELECT seen.id, run.id AS run,
           CASE WHEN run.id IS NULL THEN %(UNCHANGED)s ELSE %(CHANGED)s END AS result,
           CASE WHEN run.id IS NULL THEN %(NOT_IN_JOURNEY)s ELSE '' END AS reason,
           NULL::jsonb AS facts,
           CASE WHEN run.id IS NULL THEN '{{}}'
                ELSE jsonb_build_object('run', run.id) END AS before
    FROM seen LEFT JOIN LATERAL {runs_of("seen.id")} AS run
      ON run.journey_id = %(journey)s AND run.state = %(running)s
)
"""  # noqa: S608
