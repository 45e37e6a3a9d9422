import json
from typing import Any

from django import forms

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.bulk_actions.reasons import Code, Reason, sentence_of
from pipeline.journeys.definition.definition import BadDefinition
from pipeline.journeys.models import Journey, RunState
from pipeline.journeys.reasons import Code as OfRun
from pipeline.journeys.writing import enroll
from pipeline.journeys.writing.found import run_with_id

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
    already = sentence_of(Code.IN_JOURNEY)
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
            params = {"closed": reason.code, "facts": json.dumps(reason.facts)}
            return JudgedChange(judging=CLOSED, changing="", params=params)
        assert found
        assert found.version
        entering = enroll.entering(
            "judged AS person, starter WHERE person.result = %(CHANGED)s", STARTED_BY
        )
        not_again = not_again_by(found.version.parse().reentry)
        ours = {"not_again": not_again.code, "facts": json.dumps(not_again.facts)}
        return JudgedChange(
            judging=f"{enroll.ruling('seen')}, {JUDGED}",
            changing=f"{STARTER}, {entering}",
            params=enroll.entry_into(found.version) | ours,
            outcome=ENTERED,
        )

    def closed(self, journey: Journey | None) -> Reason | None:
        """Why nobody can enter it now; None when it is live."""
        facts = {"journey": self.options["journey_name"]}
        if journey is None:
            return Reason(Code.JOURNEY_GONE, facts)
        if not journey.is_live or journey.version is None:
            return Reason(Code.JOURNEY_CLOSED, facts | {"state": journey.state})
        try:
            journey.version.parse()  # whether it can be read
        except BadDefinition as reason:
            return Reason(Code.JOURNEY_BROKEN, facts | {"why": str(reason)})
        return None

    def lock_before_candidates(self, action: BulkAction, chunk: Chunk) -> None:
        """Nobody else enrolls in it, pauses or archives it while the chunk is written."""
        enroll.hold_live([self.options["journey"]])

    def revert(self) -> Revert:
        return Revert(
            judging=FOUND,
            changing=f"{STARTER}, {with_runs.stopping('fit, starter', 'fit.run')}",
            params=with_runs.stop_params(OfRun.STOPPED_BY_UNDO, title=self.title) | STATES,
            stops_runs_of=self.options["journey"],
        )

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return with_runs.named(befores)


def not_again_by(reentry: dict[str, Any]) -> Reason:
    """Why somebody who was in it may not enter, by its rule for coming again."""
    if reentry["rule"] != "after":
        return Reason(Code.NOT_AGAIN)
    return Reason(Code.NOT_AGAIN_YET, {"days": reentry["days"]})


STARTED_BY = (
    "left('Started by hand by ' || starter.name || ', bulk action ' || starter.action_id, 200)"
)

CLOSED = """
judged AS (
    SELECT id, %(FAILED)s AS result, %(closed)s AS reason, %(facts)s::jsonb AS facts,
           '{}'::jsonb AS before
    FROM seen
)
"""
JUDGED = """
judged AS (
    SELECT ruled.*,
           CASE WHEN is_in_it THEN %(UNCHANGED)s WHEN was_in_it THEN %(FAILED)s
                ELSE %(CHANGED)s END AS result,
           CASE WHEN is_in_it THEN %(IN_JOURNEY)s WHEN was_in_it THEN %(not_again)s ELSE '' END
           AS reason,
           CASE WHEN was_in_it AND NOT is_in_it THEN nullif(%(facts)s::jsonb, 'null') END AS facts,
           '{}'::jsonb AS before
    FROM ruled
)
"""
# Undo finds the run by it.
ENTERED = """
outcome AS (
    SELECT judged.id AS candidate_id, result, reason, facts,
           CASE WHEN entered.id IS NULL THEN before
                ELSE jsonb_build_object('run', entered.id) END AS before
    FROM judged LEFT JOIN entered ON entered.candidate_id = judged.id
)
"""
FOUND = f"""
found AS (
    SELECT touched.id, run.id AS run, NULL::text AS changed,
           CASE
               WHEN run.id IS NULL THEN %(RUN_GONE)s
               WHEN run.state = %(running)s THEN ''
               WHEN run.state = %(finished)s THEN %(RUN_FINISHED)s
               WHEN run.state = %(stopped)s THEN %(RUN_STOPPED)s
               ELSE %(RUN_FAILED)s
           END AS reason,
           CASE WHEN run.state IN (%(stopped)s, %(failed)s)
                THEN jsonb_build_object('why', jsonb_build_object(
                    'code', run.end_reason, 'facts', run.end_facts)) END AS facts,
           '{{}}'::jsonb AS before
    FROM touched
    LEFT JOIN LATERAL {run_with_id("(touched.was->>'run')::bigint")} AS run
      ON run.candidate_id = touched.id
)
"""  # noqa: S608
STATES = {state.value: state.value for state in RunState}
