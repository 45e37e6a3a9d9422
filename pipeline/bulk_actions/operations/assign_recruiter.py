import json
from typing import Any

from django import forms

from pipeline.bulk_actions.models.bulk_action import LONGEST_TITLE
from pipeline.candidates.sql import people, places
from pipeline.foundation.words import clipped
from pipeline.workspaces import sql as workspaces
from pipeline.workspaces.models import Membership

from .base import OptionsForm, Revert
from .judging import JudgedChange, JudgingOperation, changing
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
        return clipped(f"Assign to {self.name}", LONGEST_TITLE)

    @property
    def already(self) -> str:  # type: ignore[override]
        return f"Already with {self.name}."

    def change(self) -> JudgedChange:
        params = {
            "recruiter": self.options["recruiter"],
            "starters": [str(role) for role in Membership.STARTERS],
            "facts": json.dumps({"recruiter": self.name}),
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


JUDGING = f"""
owner AS ({workspaces.member_with_role("%(recruiter)s", "%(starters)s")}), judged AS (
    SELECT seen.*, ruled.reason,
           CASE WHEN ruled.reason <> '' THEN %(FAILED)s
                WHEN seen.recruiter_id IS NOT DISTINCT FROM %(recruiter)s::bigint
                THEN %(UNCHANGED)s ELSE %(CHANGED)s END AS result,
           CASE ruled.reason
                WHEN %(RECRUITER_GONE)s THEN %(facts)s::jsonb
                WHEN %(RECRUITER_BLIND)s THEN %(facts)s::jsonb
                     || jsonb_build_object('opening', {places.opening_name("seen.opening_id")})
                END AS facts,
           jsonb_build_object('recruiter', seen.recruiter_id) AS before
    FROM seen LEFT JOIN owner ON true, LATERAL (
        SELECT CASE
            WHEN %(recruiter)s::bigint IS NOT NULL AND owner.id IS NULL THEN %(RECRUITER_GONE)s
            WHEN owner.is_limited AND NOT {places.is_given("seen.opening_id", "owner.id")}
            THEN %(RECRUITER_BLIND)s ELSE '' END AS reason
        OFFSET 0  -- judged once for a candidate
    ) AS ruled
)
"""  # noqa: S608
CHANGING = changing({"recruiter_id": "%(recruiter)s::bigint"})

COMPARE = f"""
owners AS (
    {workspaces.members_among("SELECT (was->>'recruiter')::bigint FROM touched")}
), found AS (
    SELECT touched.id, owners.id AS owner, differs.changed,
           CASE WHEN differs.changed IS NOT NULL THEN
                     CASE WHEN touched.recruiter_id IS NULL THEN %(UNASSIGNED)s
                     ELSE %(REASSIGNED)s END
                WHEN was->>'recruiter' IS NOT NULL AND owners.id IS NULL
                THEN %(OLD_RECRUITER_GONE)s ELSE '' END AS reason,
           NULL::jsonb AS facts,
           jsonb_build_object('recruiter', touched.recruiter_id) AS before
    FROM touched
    LEFT JOIN owners ON owners.id = (was->>'recruiter')::bigint, LATERAL (
        SELECT CASE WHEN touched.recruiter_id IS DISTINCT FROM %(recruiter)s::bigint
                    THEN 'recruiter' END AS changed
    ) AS differs
)
"""  # noqa: S608
RESTORE = people.updating({"recruiter_id": "fit.owner"}, "fit")
