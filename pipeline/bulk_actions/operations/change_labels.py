import json
from typing import Any

from django import forms
from django.db.models import Count, Exists, OuterRef, Q

from pipeline.bulk_actions.models.bulk_action import LONGEST_TITLE
from pipeline.candidates.models import CandidateLabel, CandidateQuerySet, Label
from pipeline.candidates.sql import labels
from pipeline.foundation.words import clipped

from .base import Operation, OptionsForm, Preview, Revert, Skip


class ChangeLabelsForm(OptionsForm):
    add_labels = forms.ModelMultipleChoiceField(Label.objects.none(), required=False, label="Add")
    remove_labels = forms.ModelMultipleChoiceField(
        Label.objects.none(), required=False, label="Remove"
    )

    def offer(self) -> None:
        for name in ("add_labels", "remove_labels"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelMultipleChoiceField)
            field.queryset = Label.objects.visible_to(self.user)

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        add, remove = answers.get("add_labels"), answers.get("remove_labels")
        if not self.errors and not add and not remove:
            raise forms.ValidationError("Choose at least one label to add or to remove.")
        for label in set(add or ()) & set(remove or ()):
            raise forms.ValidationError(f"{label} can't be both added and removed.")
        return answers

    def options(self) -> dict[str, Any]:
        return {
            verb: [{"id": label.pk, "name": label.name} for label in self.cleaned_data[field]]
            for verb, field in (("add", "add_labels"), ("remove", "remove_labels"))
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {
            f"{verb}_labels": [label["id"] for label in options[verb]] for verb in ("add", "remove")
        }


class ChangeLabels(Operation):
    """Add labels to candidates, remove others, or both."""

    key = "change_labels"
    label = "Change labels"
    command = "Label"
    form = ChangeLabelsForm
    verb = "labelled"
    can_undo = True
    locks_first = True

    def _names(self, verb: str) -> str:
        return ", ".join(f"“{label['name']}”" for label in self.options[verb])

    def _ids(self, verb: str) -> list[int]:
        return [label["id"] for label in self.options[verb]]

    def _facts(self, verb: str) -> str:
        return json.dumps({"labels": [label["name"] for label in self.options[verb]]})

    @property
    def title(self) -> str:
        return clipped(f"Labels: {self._all_names}", LONGEST_TITLE)

    @property
    def details(self) -> str:
        return "" if self.title.endswith(self._all_names) else f"All labels: {self._all_names}."

    @property
    def _all_names(self) -> str:
        parts = [f"{verb} {self._names(verb)}" for verb in ("add", "remove") if self.options[verb]]
        return "; ".join(parts)

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        held = CandidateLabel.objects.filter(candidate=OuterRef("pk"))
        as_ordered = Q()
        for label in self._ids("add"):
            as_ordered &= Q(Exists(held.filter(label=label)))
        if self._ids("remove"):
            as_ordered &= ~Q(Exists(held.filter(label__in=self._ids("remove"))))
        counts = candidates.order_by().aggregate(
            total=Count("pk"), as_ordered=Count("pk", filter=as_ordered)
        )
        skips = [Skip(counts["as_ordered"], "Already labelled like this.")]
        return Preview(counts["total"], [skip for skip in skips if skip.count])

    def apply(self) -> tuple[str, dict[str, Any]]:
        return SQL, {
            "add": self._ids("add"),
            "remove": self._ids("remove"),
            "facts": self._facts("add"),
        }

    def revert(self) -> Revert:
        params = {
            "add": self._ids("add"),
            "remove": self._ids("remove"),
            "facts": self._facts("remove"),
        }
        return Revert(COMPARE, RESTORE, params)

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        wanted = {label for before in befores for label in before.get("labels", ())}
        names = Label.objects.in_bulk(wanted)
        return [
            ", ".join(names[label].name for label in before.get("labels", ()) if label in names)
            for before in befores
        ]


BOTH = "%(add)s::bigint[] || %(remove)s::bigint[]"
REMOVED = """
possible.yes AND held.candidate_id = picked.id AND held.label_id = ANY(%(remove)s)
"""
ADDED_SINCE = """
held.candidate_id = fit.id AND held.label_id = ANY(%(add)s::bigint[])
AND held.label_id <> ALL(fit.old)
"""
TAKEN_SINCE = """
fit, known WHERE known.id = ANY(fit.old) AND known.id = ANY(%(remove)s::bigint[])
"""

# All or nothing for each candidate: where a label to add is gone, none is removed either.
SQL = f"""
wanted AS ({labels.labels("%(add)s")}), possible AS (
    SELECT count(*) = cardinality(%(add)s::bigint[]) AS yes FROM wanted
), had AS ({labels.held_by_each("picked", BOTH)}), added AS (
    {labels.giving("wanted.id", "picked.id", "picked, wanted, possible WHERE possible.yes")}
), removed AS (
    {labels.taking("picked, possible", REMOVED)}
), outcome AS (
    SELECT had.id AS candidate_id,
           CASE WHEN NOT possible.yes THEN %(FAILED)s
                WHEN had.labels @> %(add)s::bigint[] AND NOT had.labels && %(remove)s::bigint[]
                THEN %(UNCHANGED)s ELSE %(CHANGED)s END AS result,
           CASE WHEN possible.yes THEN '' ELSE %(LABEL_GONE)s END AS reason,
           CASE WHEN NOT possible.yes THEN %(facts)s::jsonb END AS facts,
           jsonb_build_object('labels', had.labels) AS before
    FROM had, possible
)
"""  # noqa: S608

# A label that was added and is deleted since can't be missed.
COMPARE = f"""
known AS ({labels.labels(BOTH)}), has AS (
    SELECT id, ARRAY(SELECT jsonb_array_elements(was->'labels')::bigint) AS old,
           ARRAY({labels.held("touched.id", BOTH)}) AS labels
    FROM touched
), left_with AS (
    SELECT coalesce(array_agg(id ORDER BY id), '{{}}') AS labels
    FROM known WHERE id = ANY(%(add)s::bigint[])
), found AS (
    SELECT has.id, has.old,
           CASE WHEN has.labels <> left_with.labels THEN 'labels' END AS changed,
           ruled.reason,
           CASE ruled.reason WHEN %(LABEL_GONE)s THEN %(facts)s::jsonb END AS facts,
           jsonb_build_object('labels', has.labels) AS before
    FROM has, left_with, LATERAL (
        SELECT CASE WHEN has.labels <> left_with.labels THEN %(LABELLED_OTHERWISE)s
            WHEN EXISTS (
                SELECT FROM unnest(has.old) AS label
                WHERE label = ANY(%(remove)s::bigint[]) AND label NOT IN (SELECT id FROM known)
            ) THEN %(LABEL_GONE)s ELSE '' END AS reason
    ) AS ruled
)
"""  # noqa: S608

RESTORE = f"""
taken AS (
    {labels.taking("fit", ADDED_SINCE)}
), given AS (
    {labels.giving("known.id", "fit.id", TAKEN_SINCE)}
)
"""
