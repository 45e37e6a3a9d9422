from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _

from pipeline.candidates.models import Candidate, Folder
from pipeline.journeys.reasons import Code, Reason, because
from pipeline.journeys.writing.batch import Batch
from pipeline.workspaces.models import Membership, Workspace

from .base import Block, BlockForm, Rehearsal
from .rules import RULES
from .rules.base import CHOICES, MOST_DAYS, ROWS, Ids, Rule

MOST_RULES = 5
ALL, ANY = "all", "any"
YES, NO = "yes", "no"
NO_RULE = "There are no rules yet. Choose at least one."
LABELS = {
    "name": "Attribute",
    "operator": "Comparison",
    "value": "Value",
    "folder_kind": "Kind of folder",
    "task_type": "Type of task",
    "task_state": "State",
    "days": "In the last … days",
    "disposition": "Disposition",
    "channel": "Channel",
    **{name: name.capitalize() for name in ROWS},
}


class RowField(forms.ModelChoiceField[Any]):
    """One of the workspace's folders, openings, labels or members, told apart by name."""

    def label_from_instance(self, row: Any) -> str:
        if isinstance(row, Folder):
            return f"{row.opening}: {row}"
        return str(row.user) if isinstance(row, Membership) else str(row)


def field_of(name: str) -> forms.Field:
    """A field of a rule; that it is filled in is asked for where the rule's kind is known."""
    label = LABELS[name]
    if name in ROWS:
        return RowField(None, required=False, label=label, empty_label="Choose")
    if name in CHOICES:
        choices = CHOICES[name]
        empty = [] if choices[0][0] == "" else [("", "Choose")]
        return forms.ChoiceField(choices=[*empty, *choices], required=False, label=label)
    if name == "days":
        return forms.IntegerField(
            min_value=1, max_value=MOST_DAYS, required=False, label=label, help_text="Empty: ever."
        )
    return forms.CharField(max_length=200, required=False, label=label)


def kinds_with(name: str) -> tuple[str, ...]:
    return tuple(key for key, rule in RULES.items() if name in rule.asks)


def fields_of(number: int) -> dict[str, tuple[str, ...]]:
    """Of the rule with that number: each field, and the kinds with which it makes sense."""
    return {f"rule{number}_{name}": (f"rule{number}", *kinds_with(name)) for name in LABELS}


class ConditionForm(BlockForm):
    """Up to five rules, each with a kind and what that kind asks for."""

    only_with: ClassVar[dict[str, tuple[str, ...]]] = {
        field: place for n in range(1, MOST_RULES + 1) for field, place in fields_of(n).items()
    }

    join = forms.ChoiceField(
        choices=[(ALL, "all of the rules are met"), (ANY, "at least one is met")],
        widget=forms.RadioSelect,
        initial=ALL,
        label="Yes, if",
    )

    def offer(self) -> None:
        kinds = [("", "No rule"), *((key, rule.label) for key, rule in RULES.items())]
        rows = {name: of(self.workspace) for name, of in ROWS.items()}
        rows["folder"] = rows["folder"].select_related("opening")
        for number in range(1, MOST_RULES + 1):
            self.fields[f"rule{number}"] = forms.ChoiceField(
                choices=kinds, required=False, label=f"Rule {number}"
            )
            for name in LABELS:
                field = self.fields[f"rule{number}_{name}"] = field_of(name)
                if isinstance(field, forms.ModelChoiceField):
                    field.queryset = rows[name].all()

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        numbers = [n for n in range(1, MOST_RULES + 1) if answers.get(f"rule{n}")]
        for number in numbers:
            rule = self.rule(number)
            for name, sentence in RULES[rule["kind"]](rule).missing().items():
                if f"rule{number}_{name}" not in self.errors:
                    self.add_error(f"rule{number}_{name}", sentence)
        if not numbers and not self.errors:
            self.add_error("rule1", NO_RULE)
        return answers

    def rule(self, number: int) -> dict[str, Any]:
        """As it is kept: its kind, and what that kind asks for."""
        kind = self.cleaned_data[f"rule{number}"]
        found: dict[str, Any] = {"kind": kind}
        for name in RULES[kind].asks:
            answer = self.cleaned_data.get(f"rule{number}_{name}")
            if name in ROWS:
                field = self.fields[f"rule{number}_{name}"]
                assert isinstance(field, RowField)
                found[f"{name}_name"] = field.label_from_instance(answer) if answer else ""
                answer = answer and answer.pk
            found[name] = answer
        return found

    def options(self) -> dict[str, Any]:
        numbers = [n for n in range(1, MOST_RULES + 1) if self.cleaned_data[f"rule{n}"]]
        return {"join": self.cleaned_data["join"], "rules": [self.rule(n) for n in numbers]}

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"join": options.get("join", ALL)}
        for number, rule in enumerate(options.get("rules", ()), start=1):
            found[f"rule{number}"] = rule["kind"]
            for name in RULES[rule["kind"]].asks:
                found[f"rule{number}_{name}"] = rule.get(name)
        return found


class Condition(Block):
    """Sends each candidate one of two ways, by what is true of them at that moment."""

    key = "condition"
    label = "Condition"
    about = "Yes or no, by attributes, labels, folder, tasks and messages."
    form = ConditionForm

    @property
    def ways(self) -> dict[str, str]:
        return {YES: "Yes", NO: "No"}

    @property
    def is_any(self) -> bool:
        return self.options.get("join") == ANY

    @property
    def rules(self) -> list[Rule]:
        """Those that can be read; see `problems`."""
        rules = self.options.get("rules")
        if not isinstance(rules, list):
            return []
        return [RULES[rule["kind"]](rule) for rule in rules if is_rule(rule)]

    @property
    def summary(self) -> str:
        joined = " or " if self.is_any else " and "
        return joined.join(rule.sentence for rule in self.rules) or "no rule chosen"

    def problems(self, workspace: Workspace) -> list[str]:
        rules = self.options.get("rules") or []
        if not self.rules and not rules:
            return [NO_RULE]
        if not isinstance(rules, list) or len(self.rules) != len(rules):
            return [
                _("One of the rules can't be read. Open the block, choose the rule again and save.")
            ]
        if self.options.get("join") not in (ALL, ANY):
            return ["Choose whether all rules must be met, or any one of them."]
        return [problem for rule in self.rules if (problem := rule.problem(workspace))]

    def execute(self, batch: Batch) -> None:
        if self.fail_if_misconfigured(batch):
            return
        decisions = self.decide(batch.candidates, batch.version.journey.workspace)
        for run in batch:
            way, reason = decisions[run.candidate_id]
            batch.go_on(run, reason, way)

    def decide(self, candidates: list[int], workspace: Workspace) -> dict[int, tuple[str, Reason]]:
        """For each the way, and the rule that decided: one query for each rule, at most."""
        met = [(rule, rule.met(candidates, workspace)) for rule in self.rules]
        return {pk: self.decision(pk, met) for pk in candidates}

    def decision(self, candidate: int, met: list[tuple[Rule, Ids]]) -> tuple[str, Reason]:
        is_met = [(rule.sentence, candidate in ids) for rule, ids in met]
        deciding = [sentence for sentence, yes in is_met if yes == self.is_any]
        if deciding and self.is_any:
            return YES, because(Code.CONDITION_MET, rule=deciding[0])
        if deciding:
            return NO, because(Code.CONDITION_NOT_MET, rule=deciding[0])
        if self.is_any:
            return NO, because(Code.CONDITION_NONE_MET, rule=self.summary)
        return YES, because(Code.CONDITION_MET, rule=self.summary)

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        way, reason = self.decide([candidate.pk], candidate.workspace)[candidate.pk]
        return Rehearsal(str(reason), way)


def is_rule(rule: Any) -> bool:
    return isinstance(rule, dict) and isinstance(rule.get("kind"), str) and rule["kind"] in RULES
