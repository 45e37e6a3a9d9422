"""Exports that are carried out at once, and what is in their files."""

import csv
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.export import HEADINGS, Export
from pipeline.bulk_actions.writing import export_files
from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import User, Workspace

Start = Callable[..., BulkAction]
FORMATS = ["csv", "xlsx"]


@pytest.fixture
def storage(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def start(recruiter: User) -> Start:
    """Orders the export of all that the one who starts it sees."""
    Workspace.objects.update(start_delay_seconds=0)

    def start(
        file_format: str = "csv", columns: Any = HEADINGS, by: User = recruiter
    ) -> BulkAction:
        action, _ = start_bulk_action(
            user=User.objects.get(pk=by.pk),
            operation=Export({"format": file_format, "columns": list(columns)}),
            candidates=Candidate.objects.visible_to(by),
            key=uuid4(),
        )
        return action

    return start


def run(action: BulkAction) -> BulkAction:
    lane.work_on(action.pk, 0)
    action.refresh_from_db()
    return action


def table(action: BulkAction) -> list[dict[str, Any]]:
    """The rows of the file, by heading; no text where there is nothing."""
    if name_of(action).endswith(".csv"):
        data = action.file.open().read()
        return list(csv.DictReader(StringIO(data.decode("utf-8-sig"))))
    headings, *rows = sheet_of(action).iter_rows(values_only=True)
    return [dict(zip(headings, [value or "" for value in row], strict=True)) for row in rows]


def sheet_of(action: BulkAction) -> Any:
    return openpyxl.load_workbook(BytesIO(action.file.open().read())).active


def name_of(action: BulkAction) -> str:
    return Path(action.file.name or "").name


def stored() -> list[str]:
    """All that lies in the exports' folders."""
    try:
        folders = default_storage.listdir(export_files.ROOM)[0]
    except FileNotFoundError:
        return []
    return [f for folder in folders for f in default_storage.listdir(f"exports/{folder}")[1]]


def download(client: Client, action: BulkAction) -> Any:
    return client.get(reverse("bulk_actions:file", args=[action.pk]))
