from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Count, Q

from pipeline.candidates.models import CandidateQuerySet, Folder

from .base import Operation, OptionsForm, Preview, Skip


class MoveToFolderForm(OptionsForm):
    to_folder = forms.ModelChoiceField(Folder.objects.none(), label="Move to")

    def offer(self) -> None:
        field = self.fields["to_folder"]
        assert isinstance(field, forms.ModelChoiceField)
        folders = Folder.objects.visible_to(self.user).select_related("opening")
        field.queryset = folders.order_by("opening__name", "position", "pk")
        field.choices = [("", "Choose a folder"), *_by_opening(field.queryset)]

    def options(self) -> dict[str, Any]:
        folder = self.cleaned_data["to_folder"]
        return {
            "folder": folder.pk,
            "folder_name": folder.name,
            "opening": folder.opening_id,
            "opening_name": folder.opening.name,
        }


def _by_opening(folders: Any) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    groups: dict[str, list[tuple[int, str]]] = {}
    for folder in folders:
        groups.setdefault(folder.opening.name, []).append((folder.pk, folder.name))
    yield from groups.items()


class MoveToFolder(Operation):
    """Put candidates into a folder of the opening that they are in."""

    key = "move_to_folder"
    label = "Move to folder"
    command = "Move"
    form = MoveToFolderForm
    verb = "moved"

    @property
    def title(self) -> str:
        return f"Move to {self.options['folder_name']}"

    @property
    def details(self) -> str:
        return f"The folder is in {self.options['opening_name']}."

    @property
    def _elsewhere(self) -> str:
        return f"In another opening than {self.options['opening_name']}."

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        counts = candidates.order_by().aggregate(
            total=Count("pk"),
            elsewhere=Count("pk", filter=~Q(opening=self.options["opening"])),
            there=Count("pk", filter=Q(folder=self.options["folder"])),
        )
        skips = [
            Skip(counts["elsewhere"], self._elsewhere),
            Skip(counts["there"], f"Already in {self.options['folder_name']}."),
        ]
        return Preview(counts["total"], [skip for skip in skips if skip.count])

    def apply(self) -> tuple[str, dict[str, Any]]:
        return SQL, {
            "folder": self.options["folder"],
            "elsewhere": self._elsewhere,
            "gone": f"The folder {self.options['folder_name']} no longer exists.",
        }

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        names = Folder.objects.in_bulk({before["folder"] for before in befores if before})
        return [
            names[before["folder"]].name if before and before["folder"] in names else ""
            for before in befores
        ]


# The key-share lock keeps the folder from being deleted between the look and the change.
SQL = """
target AS (
    SELECT id, opening_id FROM candidates_folder WHERE id = %(folder)s FOR KEY SHARE
), moved AS (
    UPDATE candidates_candidate AS candidate SET folder_id = target.id
    FROM picked, target
    WHERE candidate.id = picked.id
      AND picked.opening_id = target.opening_id AND picked.folder_id <> target.id
), outcome AS (
    SELECT picked.id AS candidate_id,
           CASE WHEN target.id IS NULL OR picked.opening_id <> target.opening_id THEN 3
                WHEN picked.folder_id = target.id THEN 2
                ELSE 1 END AS result,
           CASE WHEN target.id IS NULL THEN %(gone)s
                WHEN picked.opening_id <> target.opening_id THEN %(elsewhere)s
                ELSE '' END AS reason,
           jsonb_build_object('folder', picked.folder_id) AS before
    FROM picked LEFT JOIN target ON true
)
"""
