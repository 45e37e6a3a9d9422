from typing import Any

from django import forms
from django.db.models import F, Func, TextField
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pipeline.bulk_actions.models.bulk_action import LONGEST_TITLE
from pipeline.bulk_actions.reasons import Code
from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.candidates.models.attributes import LARGEST, MOST, too_large_sql, too_many_sql
from pipeline.candidates.sql import people
from pipeline.foundation.words import clipped

from .base import OptionsForm, Revert
from .judging import JudgedChange, JudgingOperation, by_code, changing

SAMPLE = 500  # of the newest candidates, whose attributes are offered


class Keys(Func):
    function = "jsonb_object_keys"
    set_returning = True
    output_field = TextField()


def names_in_use(candidates: CandidateQuerySet) -> list[str]:
    """The attributes that the newest of `candidates` have. Looking at all would take too long."""
    newest = candidates.order_by("-pk").values("pk")[:SAMPLE]
    keys = Candidate.objects.filter(pk__in=newest).order_by().annotate(name=Keys(F("attributes")))
    return sorted(set(keys.values_list("name", flat=True)), key=str.casefold)


class Suggesting(forms.TextInput):
    """A text field with a list to choose from; anything else can be typed."""

    suggestions: tuple[str, ...] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"{(attrs or {}).get('id', name)}_suggestions"
        field = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        offers = format_html_join("", '<option value="{}">', ((name,) for name in self.suggestions))
        return field + format_html("<datalist{}>{}</datalist>", flatatt({"id": listed}), offers)


class SetAttributeForm(OptionsForm):
    attribute = forms.CharField(max_length=100, widget=Suggesting({"autocomplete": "off"}))
    value = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Empty to take the attribute away.",
    )

    def offer(self) -> None:
        widget = self.fields["attribute"].widget
        assert isinstance(widget, Suggesting)
        widget.suggestions = tuple(names_in_use(Candidate.objects.visible_to(self.user)))

    def clean_attribute(self) -> str:
        """As it is spelled already, where only the case differs."""
        name: str = self.cleaned_data["attribute"]
        widget = self.fields["attribute"].widget
        assert isinstance(widget, Suggesting)
        spelled = {known.casefold(): known for known in reversed(widget.suggestions)}
        return name if name in widget.suggestions else spelled.get(name.casefold(), name)

    def options(self) -> dict[str, Any]:
        return {
            "attribute": self.cleaned_data["attribute"],
            "value": self.cleaned_data["value"],
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return options


class SetAttribute(JudgingOperation):
    """Give an attribute a value, or take it away.

    What was there is kept as a list of one, or none, under a key of the attribute's own: so a
    number comes back as a number, and what was not there does not come back as nothing.
    """

    key = "set_attribute"
    label = "Set attribute"
    command = "Set for"
    form = SetAttributeForm
    verb = "updated"
    can_undo = True

    @property
    def title(self) -> str:
        name, value = self.options["attribute"], self.options["value"]
        title = f"Set {name} to “{value}”" if value else f"Take away {name}"
        return clipped(title, LONGEST_TITLE)

    @property
    def already(self) -> str:  # type: ignore[override]
        return "Already has that value." if self.options["value"] else "Does not have it."

    @property
    def kept_as(self) -> str:
        return f"attribute {self.options['attribute']}"

    @property
    def params(self) -> dict[str, Any]:
        return {
            "name": self.options["attribute"],
            "value": self.options["value"] or None,
            "kept_as": self.kept_as,
            "facts": FACTS,
        }

    def change(self) -> JudgedChange:
        return JudgedChange(JUDGING, CHANGING, self.params, columns=("attributes",))

    def revert(self) -> Revert:
        return Revert(COMPARE, RESTORE, self.params, columns=("attributes",))

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [_was(before[self.kept_as]) if self.kept_as in before else "" for before in befores]


def _was(kept: list[Any]) -> str:
    return str(kept[0]) if kept else "nothing"


FACTS = by_code(
    {Code.TOO_MANY_ATTRIBUTES: {"most": MOST}, Code.ATTRIBUTES_TOO_LARGE: {"most": LARGEST}}
)
WAS = """
jsonb_build_object(%(kept_as)s::text, CASE WHEN attributes ? %(name)s
    THEN jsonb_build_array(attributes->%(name)s) ELSE '[]' END)
"""

# A number and the same in words read alike, so they are alike.
JUDGING = f"""
judged AS (
    SELECT id, fits.reason,
           CASE WHEN fits.reason <> '' THEN %(FAILED)s
                WHEN attributes->>%(name)s IS DISTINCT FROM %(value)s::text
                  OR %(value)s::text IS NULL AND attributes ? %(name)s
                THEN %(CHANGED)s ELSE %(UNCHANGED)s END AS result,
           %(facts)s::jsonb -> fits.reason AS facts, {WAS} AS before
    FROM seen, LATERAL (
        SELECT attributes || jsonb_build_object(%(name)s::text, %(value)s::text) AS wanted
        OFFSET 0  -- made once for a candidate
    ) AS after, LATERAL (
        SELECT CASE WHEN %(value)s::text IS NULL THEN ''
            WHEN {too_many_sql("after.wanted", "attributes")} THEN %(TOO_MANY_ATTRIBUTES)s
            WHEN {too_large_sql("after.wanted", "attributes")} THEN %(ATTRIBUTES_TOO_LARGE)s
            ELSE '' END AS reason
        OFFSET 0  -- judged once
    ) AS fits
)
"""  # noqa: S608
SETTING = """
CASE WHEN %(value)s::text IS NULL THEN attributes - %(name)s::text
ELSE attributes || jsonb_build_object(%(name)s::text, %(value)s::text) END
"""
CHANGING = changing({"attributes": SETTING})

COMPARE = f"""
found AS (
    SELECT id, was->%(kept_as)s->0 AS old, differs.changed,
           CASE WHEN differs.changed IS NULL THEN '' ELSE %(SET_OTHERWISE)s END AS reason,
           NULL::jsonb AS facts, {WAS} AS before
    FROM touched, LATERAL (
        SELECT CASE WHEN attributes->%(name)s IS DISTINCT FROM to_jsonb(%(value)s::text)
                    THEN %(kept_as)s::text END AS changed
    ) AS differs
)
"""  # noqa: S608
SETTING_BACK = """
CASE WHEN fit.old IS NULL THEN attributes - %(name)s::text
ELSE attributes || jsonb_build_object(%(name)s::text, fit.old) END
"""
RESTORE = people.updating({"attributes": SETTING_BACK}, "fit")
