from typing import Any

from django import forms

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.journeys.definition.definition import BadDefinition
from pipeline.journeys.models import Journey
from pipeline.journeys.reasons import Code
from pipeline.journeys.writing import enroll

from . import with_runs
from .base import OptionsForm, Revert
from .judging import JudgedChange, JudgingOperation
from .with_tasks import STARTER

GROUPS = {True: "Started by hand", False: "Started by a trigger"}


class StartJourneyForm(OptionsForm):
    into_journey = forms.ModelChoiceField(
        Journey.objects.none(),
        label="Journey",
        empty_label="Choose a journey",
        help_text="Each begins at its first block, in the version that is live then.",
        error_messages={"invalid_choice": "Choose one of the live journeys."},
    )

    def offer(self) -> None:
        """The live ones, before all those that nothing else starts."""
        field = self.fields["into_journey"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Journey.objects.visible_to(self.user).live()
        triggers = field.queryset.values_list("version__definition__trigger__type", "pk", "name")
        groups: dict[str, list[tuple[int, str]]] = {name: [] for name in GROUPS.values()}
        for trigger, pk, name in triggers:
            groups[GROUPS[trigger == "by_hand"]].append((pk, name))
        offered = [(name, choices) for name, choices in groups.items() if choices]
        field.choices = [("", field.empty_label), *offered]

    def options(self) -> dict[str, Any]:
        return with_runs.naming(self.cleaned_data["into_journey"])

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"into_journey": options["journey"]}


class StartJourney(JudgingOperation):
    """Let the candidates enter a journey, by its rule for coming again, as any trigger does.

    Any live one may be started by hand. Undo stops the runs that are still under way.
    """

    key = "start_journey"
    label = "Start journey"
    changes = ("runs",)
    command = "Start it for"
    form = StartJourneyForm
    verb = "put into the journey"
    already = "Is in it already."
    on_cancel = "Their runs go on; Undo stops them."
    tells_what_was = False
    can_undo = True
    locks_first = True

    @property
    def title(self) -> str:
        return f"Start journey: {self.options['journey_name']}"

    def change(self) -> JudgedChange:
        journey = Journey.objects.filter(pk=self.options["journey"])
        found = journey.select_related("version__journey").first()
        if reason := self.closed(found):
            return JudgedChange(judging=CLOSED, changing="", params={"closed": reason})
        assert found
        assert found.version
        entering = enroll.entering("judged AS person, starter WHERE person.result = 1", STARTED_BY)
        reentry = found.version.parse().reentry
        ours = {"already": self.already, "not_again": not_again(reentry)}
        return JudgedChange(
            judging=f"{enroll.ruling('seen')}, {JUDGED}",
            changing=f"{STARTER}, {entering}",
            params=enroll.entry_into(found.version) | ours,
            outcome=ENTERED,
        )

    def closed(self, journey: Journey | None) -> str:
        """Why nobody can enter it now; empty when it is live."""
        name = f"The journey “{self.options['journey_name']}”"
        if journey is None:
            return f"{name} no longer exists."
        if not journey.is_live or journey.version is None:
            return f"{name} is {journey.get_state_display().lower()}: nobody enters it."
        try:
            journey.version.parse()  # whether it can be read
        except BadDefinition as reason:
            return f"{name} can’t be started: {reason}"
        return ""

    def lock_before_candidates(self, action: BulkAction, chunk: Chunk) -> None:
        """Nobody else enrolls in it, pauses or archives it while the chunk is written."""
        enroll.hold_live([self.options["journey"]])

    def revert(self) -> Revert:
        return Revert(
            judging=FOUND,
            changing=f"{STARTER}, {with_runs.stopping('fit, starter', 'fit.run')}",
            params=with_runs.stop_params(Code.STOPPED_BY_UNDO, title=self.title),
            stops_runs_of=self.options["journey"],
        )

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return with_runs.named(befores)


def not_again(reentry: dict[str, Any]) -> str:
    if reentry["rule"] != "after":
        return "Was in it, and may not come again (rule: never)."
    days = f"{reentry['days']} day{'' if reentry['days'] == 1 else 's'}"
    return f"Was in it, and may not come again yet (rule: after {days})."


STARTED_BY = (
    "left('Started by hand by ' || starter.name || ', bulk action ' || starter.action_id, 200)"
)

CLOSED = """
judged AS (
    SELECT id, 3 AS result, %(closed)s AS reason, NULL::jsonb AS facts, '{}'::jsonb AS before
    FROM seen
)
"""
JUDGED = """
judged AS (
    SELECT ruled.*,
           CASE WHEN is_in_it THEN 2 WHEN was_in_it THEN 3 ELSE 1 END AS result,
           CASE WHEN is_in_it THEN %(already)s WHEN was_in_it THEN %(not_again)s ELSE '' END
           AS reason,
           '{}'::jsonb AS before, NULL::jsonb AS facts
    FROM ruled
)
"""
# Undo finds the run by it.
ENTERED = """
outcome AS (
    SELECT judged.id AS candidate_id, result, reason,
           CASE WHEN entered.id IS NULL THEN before
                ELSE jsonb_build_object('run', entered.id) END AS before, facts
    FROM judged LEFT JOIN entered ON entered.candidate_id = judged.id
)
"""
FOUND = """
found AS (
    SELECT touched.id, run.id AS run, NULL::text AS changed, NULL::text AS since,
           CASE
               WHEN run.id IS NULL THEN 'The run no longer exists.'
               WHEN run.state = 'running' THEN ''
               WHEN run.state = 'finished' THEN 'The run has come to its end.'
               WHEN run.state = 'stopped' THEN 'The run was stopped before.'
               ELSE 'The run had failed.'
           END AS reason,
           '{}'::jsonb AS before, NULL::jsonb AS facts
    FROM touched
    LEFT JOIN LATERAL (
        SELECT * FROM journeys_run WHERE id = (touched.was->>'run')::bigint OFFSET 0
    ) AS run ON run.candidate_id = touched.id
)
"""
