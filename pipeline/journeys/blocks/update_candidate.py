from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Candidate, Folder, FolderKind, Label
from pipeline.journeys.reasons.sentences import quoted
from pipeline.journeys.writing.batch import Batch
from pipeline.workspaces.models import Workspace

from .base import Block, BlockForm, Rehearsal, gone, row_of, text_in
from .candidate_changes import (
    ASSIGN,
    KEEP,
    NOBODY,
    Judge,
    Wanted,
    keep_what_is_named,
    names_of,
    recruiters_of,
    write,
)
from .condition import RowField

NOTHING = "Choose at least one change."
LABEL_LISTS = ("add_labels", "remove_labels")


class UpdateCandidateForm(BlockForm):
    only_with: ClassVar = {"recruiter": ("recruiter_change", ASSIGN)}

    folder_kind = forms.ChoiceField(
        choices=[("", "Don't move"), *FolderKind.choices],
        required=False,
        label="Move to the folder of the kind",
        help_text=gettext_lazy("In the candidate's opening."),
    )
    folder = RowField(
        None,
        required=False,
        label="Or to this folder",
        empty_label="Don't move",
        help_text=gettext_lazy(
            "Candidates in other openings stay where they are, and the log says so."
        ),
    )
    add_labels = forms.ModelMultipleChoiceField(
        Label.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    remove_labels = forms.ModelMultipleChoiceField(
        Label.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    recruiter_change = forms.ChoiceField(
        choices=[(KEEP, "Leave as it is"), (ASSIGN, "Assign"), (NOBODY, "Nobody")],
        required=False,
        initial=KEEP,
        label="Recruiter",
    )
    recruiter = RowField(None, required=False, label="Assign to", empty_label="Choose")
    attribute = forms.CharField(max_length=100, required=False, label="Set the attribute")
    value = forms.CharField(
        max_length=500,
        required=False,
        label="To",
        help_text=gettext_lazy("Leave empty to remove the attribute."),
    )

    def offer(self) -> None:
        folders = Folder.objects.filter(opening__workspace=self.workspace)
        for name, rows in {
            "folder": folders.select_related("opening").order_by("opening__name", "position"),
            "add_labels": Label.objects.filter(workspace=self.workspace),
            "remove_labels": Label.objects.filter(workspace=self.workspace),
            "recruiter": recruiters_of(self.workspace),
        }.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        if answers.get("folder_kind") and answers.get("folder"):
            self.add_error("folder", "Choose a kind of folder or one folder, not both.")
        for label in set(answers.get("add_labels") or ()) & set(answers.get("remove_labels") or ()):
            self.add_error("remove_labels", f"{label} can't be both added and removed.")
        is_assigned = answers.get("recruiter_change") == ASSIGN
        if is_assigned and not answers.get("recruiter") and "recruiter" not in self.errors:
            self.add_error("recruiter", "Choose the recruiter.")
        if answers.get("value") and not answers.get("attribute"):
            self.add_error("attribute", _("Enter the name of the attribute to set."))
        if not self.errors and not Wanted.read(self.options()).is_something:
            raise forms.ValidationError(NOTHING)
        return answers

    def options(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        change = chosen["recruiter_change"] or KEEP
        recruiter = chosen["recruiter"] if change == ASSIGN else None
        options = {
            "folder_kind": chosen["folder_kind"],
            "folder": chosen["folder"] and chosen["folder"].pk,
            "folder_name": chosen["folder"].name if chosen["folder"] else "",
            "recruiter_change": change,
            "recruiter": recruiter and recruiter.pk,
            "recruiter_name": str(recruiter.user) if recruiter else "",
            "attribute": chosen["attribute"],
            "value": chosen["value"],
        }
        for name in LABEL_LISTS:
            options[name] = [{"id": label.pk, "name": label.name} for label in chosen[name]]
        return options

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        ids = {name: [label["id"] for label in options.get(name, ())] for name in LABEL_LISTS}
        return options | ids


class UpdateCandidate(Block):
    """Changes the candidate: folder, labels, recruiter, one attribute."""

    key = "update_candidate"
    label = "Update candidate"
    about = "Move to a folder, add or remove labels, assign a recruiter, set an attribute."
    form = UpdateCandidateForm

    @property
    def wanted(self) -> Wanted:
        return Wanted.read(self.options)

    @property
    def summary(self) -> str:
        wanted = self.wanted
        kinds = dict(FolderKind.choices)
        names = {
            "move to": text_in(self.options, "folder_name") or kinds.get(wanted.folder_kind, ""),
            "add": quoted(names_of(wanted.add)),
            "remove": quoted(names_of(wanted.remove)),
            "recruiter": {NOBODY: "nobody", ASSIGN: text_in(self.options, "recruiter_name")}.get(
                wanted.recruiter_change, ""
            ),
            f"set {wanted.attribute} to": f"“{wanted.value}”" * bool(wanted.value),
            "take away": wanted.attribute * (not wanted.value),
        }
        parts = [f"{what} {name}" for what, name in names.items() if name]
        return ", ".join(parts) or "nothing chosen"

    def problems(self, workspace: Workspace) -> list[str]:
        wanted = self.wanted
        if not wanted.is_something:
            return [NOTHING]
        problems = []
        if wanted.folder_kind and wanted.folder_kind not in FolderKind.values:
            problems.append("This kind of folder no longer exists. Choose again.")
        folders = Folder.objects.filter(opening__workspace=workspace)
        if wanted.folder and row_of(folders, wanted.folder) is None:
            problems.append(gone("folder", text_in(self.options, "folder_name")))
        labels = Label.objects.filter(workspace=workspace)
        problems += [
            gone("label", text_in(label, "name"))
            for label in [*wanted.add, *wanted.remove]
            if row_of(labels, label.get("id")) is None
        ]
        if wanted.recruiter_change not in (KEEP, NOBODY, ASSIGN):
            problems.append("Choose what to do with the recruiter.")
        recruiters = recruiters_of(workspace)
        if wanted.recruiter_change == ASSIGN and row_of(recruiters, wanted.recruiter) is None:
            name = text_in(self.options, "recruiter_name") or _("The chosen recruiter")
            problems.append(f"{name} is no longer a recruiter here.")
        return problems

    def execute(self, batch: Batch) -> None:
        keep_what_is_named(self.wanted)
        if self.fail_if_misconfigured(batch):
            return
        found = Candidate.objects.filter(pk__in=batch.candidates).order_by("pk")
        people = list(found.select_related("folder", "opening", "recruiter__user"))
        changes = Judge(self.wanted, people).changes()
        write(changes, people)
        for run in batch:
            change = changes[run.candidate_id]
            details: dict[str, Any] = {}
            if change.done:
                details = {"before": change.before, "after": change.after}
            batch.go_on(run, change.reason, **details)

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        change = Judge(self.wanted, [candidate]).changes()[candidate.pk]
        return Rehearsal(f"Would do this: {change.reason}" if change.done else str(change.reason))
