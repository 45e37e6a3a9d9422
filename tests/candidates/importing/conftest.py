"""Files to import, and a shortcut from a file to what became of it."""

import csv
import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from pipeline.candidates.importing import jobs
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Opening
from pipeline.candidates.models.candidate_import import CandidateImport

DATA = Path(__file__).parents[2] / "data"
Table = Iterable[Iterable[str]]
ImportFile = Callable[..., CandidateImport]
ImportRows = Callable[..., CandidateImport]


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def sample(tmp_path: Path) -> Callable[[str], Path]:
    def unpack(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(gzip.decompress((DATA / f"{name}.gz").read_bytes()))
        return path

    return unpack


def written(path: Path, rows: Table, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


@pytest.fixture
def import_file(opening: Opening) -> ImportFile:
    """`import_file(path, region="GB", opening=…)` runs an import and returns it."""

    def run(path: Path, opening: Opening = opening, **options: Any) -> CandidateImport:
        imported = from_file(path, opening, **options)
        assert imported.order()
        jobs.run_import(imported.pk)
        imported.refresh_from_db()
        return imported

    return run


@pytest.fixture
def import_rows(import_file: ImportFile, tmp_path: Path) -> ImportRows:
    """`import_rows(headings, *rows)` imports a CSV of them."""

    def run(headings: str, *rows: Iterable[str], **options: Any) -> CandidateImport:
        path = written(tmp_path / "rows.csv", [headings.split(","), *rows])
        return import_file(path, **options)

    return run
