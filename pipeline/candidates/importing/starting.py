"""A file becomes an import that waits: looked at, its columns guessed."""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import get_valid_filename

from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User

from .cleaning import is_blank, separator_of
from .columns import guess
from .models import CandidateImport
from .reading import Layout, look_at, sample_of

FEW_COLUMNS = 15  # a table this narrow was made by hand: nothing in it is ballast


def from_file(
    path: Path,
    opening: Opening,
    name: str = "",
    region: str | None = None,
    mapping: dict[str, str] | None = None,
    by: User | None = None,
) -> CandidateImport:
    """Keep the file, with the guess of how to read it. Raises ImportRefused when it is no table."""
    layout = look_at(path)
    guessed = guess(layout.columns) if mapping is None else mapping
    sample = sample_of(path, layout)
    imported = CandidateImport(
        opening=opening,
        created_by=by,
        name=(name or path.name)[:255],
        layout=layout.as_json(),
        mapping=guessed,
        kept=kept_by_default(layout, guessed, sample),
        separator=separator_in(layout, guessed, sample),
        phone_region=opening.workspace.phone_region if region is None else region,
    )
    with path.open("rb") as file:
        imported.file.save(get_valid_filename(imported.name), File(file), save=False)
    imported.save()
    return imported


def kept_by_default(layout: Layout, mapping: dict[str, str], sample: list[list[str]]) -> list[str]:
    filled = filled_columns(layout, sample)
    mapped = set(mapping.values())
    return [c for c in filled if c not in mapped] if len(filled) <= FEW_COLUMNS else []


def filled_columns(layout: Layout, sample: list[list[str]]) -> list[str]:
    columns = zip(*sample, strict=True)
    return [c for c, cells in zip(layout.columns, columns, strict=True) if not is_blank(cells)]


def separator_in(layout: Layout, mapping: dict[str, str], sample: list[list[str]]) -> str:
    """What the labels' column puts between two labels."""
    if "tags" not in mapping:
        return ""
    at = layout.columns.index(mapping["tags"])
    return separator_of(row[at] for row in sample)


def from_upload(
    upload: "UploadedFile[Any]", opening: Opening, region: str, by: User
) -> CandidateImport:
    """The same for a file that came with a form; a small one of those is in memory only."""
    name = upload.name or "upload"
    with NamedTemporaryFile() as copy:
        for block in upload.chunks():
            copy.write(block)
        copy.flush()
        return from_file(Path(copy.name), opening, name=name, region=region, by=by)
