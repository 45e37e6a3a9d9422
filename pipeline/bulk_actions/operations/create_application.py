import json
from typing import Any

from django import forms

from pipeline.candidates.models import Opening
from pipeline.candidates.sql import copies, people, places

from .base import OptionsForm
from .judging import JudgedChange, JudgingOperation


class CreateApplicationForm(OptionsForm):
    to_opening = forms.ModelChoiceField(
        Opening.objects.none(),
        label="In the Inbox of",
        empty_label="Choose an opening",
        help_text="A copy is made there. Who is selected stays as is.",
    )

    def offer(self) -> None:
        field = self.fields["to_opening"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Opening.objects.visible_to(self.user)

    def options(self) -> dict[str, Any]:
        opening = self.cleaned_data["to_opening"]
        return {"opening": opening.pk, "opening_name": opening.name}

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"to_opening": options["opening"]}


class CreateApplication(JudgingOperation):
    """Let candidates apply for another opening too: a copy of each, in its Inbox.

    Nobody gets two: neither by the same e-mail nor, without one, as a second copy of the same
    application. Of several selected ones, the lowest id is copied. A copy has a life of its own
    from the first moment on, so there is no way back.
    """

    key = "create_application"
    label = "Create application"
    command = "Copy"
    form = CreateApplicationForm
    verb = "copied"

    @property
    def title(self) -> str:
        return f"Create application for {self.options['opening_name']}"

    @property
    def reached(self) -> set[int]:
        return {self.options["opening"]}

    @property
    def is_ordered(self) -> bool:
        return True

    def change(self) -> JudgedChange:
        params = {
            "opening": self.options["opening"],
            "facts": json.dumps({"opening": self.options["opening_name"]}),
        }
        return JudgedChange(JUDGING, CHANGING, params, columns=("email", "copied_from_id"))

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [""] * len(befores)


JUDGING = f"""
target AS ({places.first_folder("%(opening)s")}), queued AS (
    SELECT seen.*, target.id AS to_folder, coalesce(copied_from_id, seen.id) AS origin,
           row_number() OVER (
               PARTITION BY seen.opening_id <> %(opening)s, email <> '',
                            CASE WHEN email = ''
                            THEN coalesce(copied_from_id, seen.id)::text
                            ELSE email END
               ORDER BY seen.id
           ) AS turn
    FROM seen LEFT JOIN target ON true
), judged AS (
    SELECT queued.*, CASE WHEN ruled.reason = '' THEN %(CHANGED)s ELSE %(FAILED)s END AS result,
           ruled.reason, CASE WHEN ruled.reason <> '' THEN %(facts)s::jsonb END AS facts,
           '{{}}'::jsonb AS before
    FROM queued, LATERAL (
        SELECT CASE
            WHEN to_folder IS NULL THEN %(OPENING_GONE)s
            WHEN opening_id = %(opening)s THEN %(IN_OPENING)s
            WHEN email <> '' AND (turn > 1 OR {people.has_email("%(opening)s", "queued.email")})
            THEN %(SAME_EMAIL)s
            WHEN email = '' AND turn > 1 OR {copies.has_copy("%(opening)s", "queued.id", "origin")}
            THEN %(HAS_APPLICATION)s
            ELSE '' END AS reason
        OFFSET 0  -- judged once for a candidate
    ) AS ruled
)
"""  # noqa: S608
CHANGING = copies.copying(
    "%(opening)s", "judged.to_folder", "judged", "judged.result = %(CHANGED)s"
)
