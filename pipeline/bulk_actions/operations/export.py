import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.core.files.base import File
from django.utils import timezone

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.bulk_actions.writing import export_files
from pipeline.candidates.models import CandidateQuerySet
from pipeline.foundation import private_files
from pipeline.foundation.exports.csv_export import csv_lines
from pipeline.foundation.exports.xlsx_export import MOST_ROWS, TooLarge, write_xlsx

from .base import Operation, OptionsForm, Preview, Unfinished

log = logging.getLogger(__name__)
FORMATS = {"csv": "CSV", "xlsx": "XLSX (Excel)"}
HEADINGS = {name: column.heading for name, column in export_files.COLUMNS.items()} | {
    export_files.ATTRIBUTES: "Attributes, a column for each"
}


class ExportForm(OptionsForm):
    file_format = forms.ChoiceField(choices=list(FORMATS.items()), label="Format")
    columns = forms.MultipleChoiceField(
        choices=list(HEADINGS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one column."},
    )
    defaults = {"file_format": "csv", "columns": list(HEADINGS)}  # noqa: RUF012

    def options(self) -> dict[str, Any]:
        return {
            "format": self.cleaned_data["file_format"],
            "columns": self.cleaned_data["columns"],
        }

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {"file_format": options["format"], "columns": options["columns"]}


class Export(Operation):
    """Write candidates into a file that is downloaded from the review page and the bell.

    Each chunk leaves its candidates as a part (writing/export_files.py); the
    conclusion joins the parts.
    """

    key = "export"
    label = "Export"
    changes = ()
    command = "Export"
    form = ExportForm
    verb = "exported"
    has_conclusion = True
    needs_export = True
    concluding = "Writing the file…"
    on_cancel = "No file is made, and what was written of it is deleted."

    @property
    def title(self) -> str:
        return f"Export as {self.options['format'].upper()}"

    @property
    def queue(self) -> str:
        return "exports"

    @property
    def details(self) -> str:
        left_out = [name for name in HEADINGS if name not in self.options["columns"]]
        if len(left_out) * 2 < len(HEADINGS):
            return f"All columns but {names_of(left_out)}." if left_out else "All columns."
        return f"Columns: {names_of(self.options['columns'])}."

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        total = candidates.count()
        too_many = (
            f"XLSX holds {MOST_ROWS:,} candidates at most. Choose CSV, or select fewer."
            if self.options["format"] == "xlsx" and total > MOST_ROWS
            else ""
        )
        return Preview(total, obstacle=too_many)

    def apply(self) -> tuple[str, dict[str, Any]]:
        return SQL, {}

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [""] * len(befores)

    def after_write(self, action: BulkAction, chunk: Chunk) -> None:
        export_files.write_part(action, chunk, self.options["columns"])

    def conclude(self, action: BulkAction) -> dict[str, Any]:
        try:
            name = self.join_parts(action)
        except export_files.NoLongerWanted:
            return {}
        except export_files.TooManyColumns as reason:
            raise Unfinished(f"{reason} Export fewer, or without attributes.") from None
        except TooLarge as reason:
            raise Unfinished(f"{reason} Export again, as CSV.") from None
        except OSError:
            log.exception("Bulk action %s: its file could not be written", action.pk)
            raise Unfinished(
                "The file could not be written. Export again, and tell support if it fails again."
            ) from None
        return {"file": name}

    def join_parts(self, action: BulkAction) -> str:
        """Returns the file's name in the storage. Raises what conclude answers for."""
        parts = export_files.Parts(action, self.options["columns"], action.heartbeat)
        begun = timezone.localtime(action.created_at, action.workspace.tz)
        name = f"belay-candidates-{begun:%Y-%m-%d-%H%M}.{self.options['format']}"
        export_files.forget_scratch(f"{action.pk}-*")
        with TemporaryDirectory(prefix=f"{export_files.SCRATCH}{action.pk}-") as scratch:
            path = Path(scratch) / name
            if self.options["format"] == "xlsx":
                write_xlsx(path, "Candidates", parts.headings, parts.rows())
            else:
                with open(path, "w", encoding="utf-8", newline="", opener=private) as whole:
                    whole.writelines(csv_lines(parts.headings, parts.rows()))
            action.refresh_from_db(fields=["changed"])
            if parts.rows_read != action.changed:
                raise Unfinished(f"{PARTS_LOST} Export again, and tell support.")
            if not action.heartbeat():
                raise export_files.NoLongerWanted
            with path.open("rb") as whole_file:
                return export_files.replace(
                    f"{export_files.folder_of(action.pk)}/{name}", File(whole_file)
                )


def private(path: str, flags: int) -> int:
    return os.open(path, flags, private_files.FILE)


def names_of(columns: list[str]) -> str:
    return ", ".join(HEADINGS[name].partition(", ")[0] for name in columns if name in HEADINGS)


PARTS_LOST = "A part of the file was lost before it could be put together."

# Whoever may have the file is told by the openings that the action began with.
SQL = """
outcome AS (
    SELECT picked.id AS candidate_id,
           CASE WHEN is_there THEN %(CHANGED)s ELSE %(FAILED)s END AS result,
           CASE WHEN is_there THEN '' ELSE %(MOVED_AWAY)s END AS reason,
           NULL::jsonb AS facts, '{}'::jsonb AS before
    FROM picked
    JOIN bulk_actions_bulkaction AS action ON action.id = %(engine_action)s
    CROSS JOIN LATERAL (SELECT picked.opening_id = ANY(action.opening_ids)) AS look (is_there)
)
"""
