from typing import Any

from django import forms

from pipeline.candidates.models import Opening

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
        name = self.options["opening_name"]
        params = {
            "opening": self.options["opening"],
            "gone": f"The opening {name} no longer exists.",
            "there": f"Already in {name}.",
            "taken": f"Already in {name} with the same e-mail.",
            "copied": f"Already has an application in {name}.",
        }
        return JudgedChange(JUDGING, CHANGING, params, columns=("email", "copied_from_id"))

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [""] * len(befores)


# Two applications are the same person's when one was copied from the other, or both from a third.
JUDGING = """
target AS (
    SELECT id, opening_id FROM candidates_folder WHERE opening_id = %(opening)s
    ORDER BY kind <> 'inbox', position, id LIMIT 1 FOR KEY SHARE
), queued AS (
    SELECT seen.*, target.id AS to_folder, coalesce(copied_from_id, seen.id) AS origin,
           row_number() OVER (
               PARTITION BY seen.opening_id <> %(opening)s, email <> '',
                            CASE WHEN email = '' THEN coalesce(copied_from_id, seen.id)::text
                            ELSE email END
               ORDER BY seen.id
           ) AS turn
    FROM seen LEFT JOIN target ON true
), judged AS (
    SELECT queued.*, CASE WHEN ruled.reason = '' THEN 1 ELSE 3 END AS result, ruled.reason,
           '{}'::jsonb AS before, NULL::jsonb AS facts
    FROM queued, LATERAL (
        SELECT CASE
            WHEN to_folder IS NULL THEN %(gone)s
            WHEN opening_id = %(opening)s THEN %(there)s
            WHEN email <> '' AND (turn > 1 OR EXISTS (
                SELECT FROM candidates_candidate AS other
                WHERE other.opening_id = %(opening)s AND other.email = queued.email
                  AND other.email <> '' -- what the index says of itself
            )) THEN %(taken)s
            WHEN email = '' AND turn > 1 OR EXISTS (
                SELECT FROM candidates_candidate AS other
                WHERE other.copied_from_id IN (queued.id, origin)
                  AND other.copied_from_id IS NOT NULL -- what the index says of itself
                  AND other.opening_id + 0 = %(opening)s -- or all of the opening is read for each
            ) OR EXISTS (
                SELECT FROM candidates_candidate AS other
                WHERE other.opening_id = %(opening)s AND other.id = origin
            ) THEN %(copied)s
            ELSE '' END AS reason
    ) AS ruled
)
"""

CHANGING = """
copied AS (
    INSERT INTO candidates_candidate (
        workspace_id, opening_id, folder_id, first_name, last_name, full_name, email, phone,
        source, attributes, copied_from_id
    )
    SELECT workspace_id, %(opening)s, judged.to_folder, first_name, last_name, full_name,
           original.email, phone, source, attributes, original.id
    FROM judged JOIN candidates_candidate AS original USING (id)
    WHERE judged.result = 1 ORDER BY id
    RETURNING id, copied_from_id
), labelled AS (
    INSERT INTO candidates_candidatelabel (label_id, candidate_id)
    SELECT held.label_id, copied.id
    FROM copied JOIN candidates_candidatelabel AS held ON held.candidate_id = copied.copied_from_id
)
"""
