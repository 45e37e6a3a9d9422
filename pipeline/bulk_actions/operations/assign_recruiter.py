from typing import Any

from django import forms

from pipeline.workspaces.models import Membership

from .base import OptionsForm, Revert
from .judging import JudgedChange, JudgingOperation
from .recruiters import recruiters_for

NOBODY = "nobody"


class AssignRecruiterForm(OptionsForm):
    # No ModelChoiceField, as nobody has to be told from no answer.
    to_recruiter = forms.ChoiceField(label="Assign to")

    def offer(self) -> None:
        field = self.fields["to_recruiter"]
        assert isinstance(field, forms.ChoiceField)
        self.recruiters = {str(member.pk): member for member in recruiters_for(self.user)}
        names = [(pk, str(member.user)) for pk, member in self.recruiters.items()]
        field.choices = [("", "Choose a recruiter"), (NOBODY, "Nobody"), *names]

    def options(self) -> dict[str, Any]:
        member = self.recruiters.get(self.cleaned_data["to_recruiter"])
        return {
            "recruiter": member and member.pk,
            "recruiter_name": str(member.user) if member else "",
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"to_recruiter": options["recruiter"] or NOBODY}


class AssignRecruiter(JudgingOperation):
    """Give candidates to a recruiter, who has to see their opening; or take them from everybody."""

    key = "assign_recruiter"
    label = "Assign recruiter"
    command = "Assign"
    form = AssignRecruiterForm
    verb = "assigned"
    can_undo = True

    @property
    def name(self) -> str:
        return self.options["recruiter_name"] or "nobody"

    @property
    def title(self) -> str:
        return f"Assign to {self.name}"[:200]

    @property
    def already(self) -> str:  # type: ignore[override]
        return f"Already with {self.name}."

    def change(self) -> JudgedChange:
        params = {
            "recruiter": self.options["recruiter"],
            "starters": [str(role) for role in Membership.STARTERS],
            "gone": f"{self.name} is no longer a recruiter here.",
            "blind": f"{self.name} does not see ",
        }
        return JudgedChange(JUDGING, CHANGING, params)

    def revert(self) -> Revert:
        return Revert(COMPARE, RESTORE, {"recruiter": self.options["recruiter"]})

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        wanted = {before["recruiter"] for before in befores if before.get("recruiter")}
        members = Membership.objects.select_related("user").in_bulk(wanted)
        return [_name(before, members) for before in befores]


def _name(before: dict[str, Any], members: dict[Any, Membership]) -> str:
    if "recruiter" not in before:
        return ""
    if before["recruiter"] is None:
        return "nobody"
    member = members.get(before["recruiter"])
    return str(member.user) if member else "somebody who has left"


# The key-share lock keeps the member from leaving between the look and the change.
JUDGING = """
owner AS (
    SELECT id, is_limited FROM workspaces_membership
    WHERE id = %(recruiter)s::bigint AND role = ANY(%(starters)s) FOR KEY SHARE
), judged AS (
    SELECT seen.*, ruled.reason,
           CASE WHEN ruled.reason <> '' THEN 3
                WHEN seen.recruiter_id IS NOT DISTINCT FROM %(recruiter)s::bigint THEN 2
                ELSE 1 END AS result,
           jsonb_build_object('recruiter', seen.recruiter_id) AS before,
           NULL::jsonb AS facts
    FROM seen LEFT JOIN owner ON true, LATERAL (
        SELECT CASE
            WHEN %(recruiter)s::bigint IS NOT NULL AND owner.id IS NULL THEN %(gone)s
            WHEN owner.is_limited AND NOT EXISTS (
                SELECT FROM candidates_opening_members AS given
                WHERE given.membership_id = owner.id AND given.opening_id = seen.opening_id
            ) THEN %(blind)s || (
                SELECT name FROM candidates_opening WHERE id = seen.opening_id
            ) || '.'
            ELSE '' END AS reason
    ) AS ruled
)
"""

CHANGING = """
assigned AS (
    UPDATE candidates_candidate AS candidate SET recruiter_id = %(recruiter)s::bigint
    FROM judged WHERE candidate.id = judged.id AND judged.result = 1
)
"""

COMPARE = """
owners AS (
    SELECT id FROM workspaces_membership
    WHERE id IN (SELECT (was->>'recruiter')::bigint FROM touched) FOR KEY SHARE
), found AS (
    SELECT touched.id, owners.id AS owner, differs.changed,
           CASE WHEN differs.changed IS NULL THEN NULL
                WHEN touched.recruiter_id IS NULL THEN 'Taken from every recruiter'
                ELSE 'Assigned anew' END AS since,
           CASE WHEN was->>'recruiter' IS NOT NULL AND owners.id IS NULL
                THEN 'The recruiter that it had is no longer in the workspace.'
                ELSE '' END AS reason,
           jsonb_build_object('recruiter', touched.recruiter_id) AS before,
           NULL::jsonb AS facts
    FROM touched
    LEFT JOIN owners ON owners.id = (was->>'recruiter')::bigint, LATERAL (
        SELECT CASE WHEN touched.recruiter_id IS DISTINCT FROM %(recruiter)s::bigint
                    THEN 'recruiter' END AS changed
    ) AS differs
)
"""

RESTORE = """
restored AS (
    UPDATE candidates_candidate AS candidate SET recruiter_id = fit.owner
    FROM fit WHERE candidate.id = fit.id
)
"""
