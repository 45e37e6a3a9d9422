"""A file becomes an import that waits: looked at, its columns guessed."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from time import monotonic
from typing import Any

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from pipeline.candidates.models import Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import User

from . import quotas
from .cleaning import is_blank, separator_of, text
from .columns import guess, guess_opt_outs
from .errors import ImportRefused
from .reader_process import look
from .reading import Layout, Wanted

PREVIEW_ROWS = 3
PREVIEW_CHARACTERS = 80  # of each cell
TURN_SECONDS = 2.0  # to wait for another upload of the workspace
FEW_COLUMNS = 15  # a table this narrow was made by hand: nothing in it is ballast


class Turn:
    """A workspace's turn in this process to have a file looked at.

    Who waits holds one of the few threads for uploads of all workspaces. So all who wait for the
    same look wait for the same `TURN_SECONDS` of it, not one after the other.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.since = 0.0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Nobody else has the turn meanwhile. Raises ImportRefused when another keeps it."""
        seconds = max(0, self.since + TURN_SECONDS - monotonic())
        if not self.lock.acquire(timeout=seconds):
            raise ImportRefused(
                _(
                    "Another file from your workspace is being checked. Upload this one "
                    "again in a moment."
                )
            )
        self.since = monotonic()
        try:
            yield
        finally:
            self.lock.release()


TURNS: defaultdict[int, Turn] = defaultdict(Turn)  # by workspace


def from_file(
    path: Path,
    opening: Opening,
    name: str = "",
    region: str | None = None,
    mapping: dict[str, str] | None = None,
    opt_outs: dict[str, str] | None = None,
    by: User | None = None,
    wanted: Wanted | None = None,
) -> CandidateImport:
    """Keep the file, with the guess of how to read it, or as it is wanted.

    Raises ImportRefused when it is no table, and QuotaReached when `by` has uploaded enough.
    """
    seen = look(path, wanted)
    layout, sample = seen.layout, seen.sample
    guessed = guess(layout.columns) if mapping is None else mapping
    if opt_outs is None:
        opt_outs = guess_opt_outs(layout.columns)
    imported = CandidateImport(
        opening=opening,
        created_by=by,
        name=(name or path.name)[:255],
        layout=layout.as_json(),
        preview=preview_of(layout, sample),
        mapping=guessed,
        opt_outs=opt_outs,
        kept=kept_by_default(layout, {*guessed.values(), *opt_outs}, sample),
        separator=separator_in(layout, guessed, sample),
        phone_region=opening.workspace.phone_region if region is None else region,
    )
    with path.open("rb") as file:
        imported.file.save(get_valid_filename(imported.name), File(file), save=False)
    try:
        with transaction.atomic():
            if by:
                quotas.check_exactly(by)
            imported.save()
    except BaseException:
        imported.file.delete(save=False)
        raise
    return imported


def preview_of(layout: Layout, sample: list[list[str]]) -> dict[str, Any]:
    chosen = sample[:PREVIEW_ROWS]
    if all(map(is_ascii, chosen)):  # one whose letters show whether the encoding is right
        telling = next((row for row in sample if not is_ascii(row)), None)
        chosen = [*chosen[:-1], telling] if telling else chosen
    rows = [[text(cell)[:PREVIEW_CHARACTERS] for cell in row] for row in chosen]
    return {"filled": filled_columns(layout, sample), "rows": rows}


def is_ascii(row: list[str]) -> bool:
    return all(map(str.isascii, row))


def kept_by_default(layout: Layout, used: set[str], sample: list[list[str]]) -> list[str]:
    filled = filled_columns(layout, sample)
    return [c for c in filled if c not in used] if len(filled) <= FEW_COLUMNS else []


def filled_columns(layout: Layout, sample: list[list[str]]) -> list[str]:
    columns = zip(*sample, strict=True)
    return [c for c, cells in zip(layout.columns, columns, strict=True) if not is_blank(cells)]


def separator_in(layout: Layout, mapping: dict[str, str], sample: list[list[str]]) -> str:
    """What the labels' column puts between two labels."""
    if "tags" not in mapping:
        return ""
    at = layout.columns.index(mapping["tags"])
    return separator_of(row[at] for row in sample)


def read_again(imported: CandidateImport, wanted: Wanted) -> None:
    """Look at the kept file anew, as it is wanted; columns that are the same stay mapped.

    Raises ImportRefused, and the import stays as it was.
    """
    before = Layout.from_json(imported.layout)
    with TURNS[imported.opening.workspace_id].taken():
        if not connection.in_atomic_block:
            connection.close()
        if not imported.file or not Path(imported.file.path).exists():
            raise ImportRefused("The uploaded file is gone. Upload it again.")
        seen = look(Path(imported.file.path), wanted)
    layout, sample = seen.layout, seen.sample
    is_same_table = len(layout.columns) == len(before.columns) and layout.sheet == before.sheet
    renamed = dict(zip(before.columns, layout.columns, strict=False)) if is_same_table else {}
    mapping = {field: renamed.get(column, column) for field, column in imported.mapping.items()}
    mapping = {field: column for field, column in mapping.items() if column in layout.columns}
    guessed = guess(layout.columns)
    seen_before = {*mapping.values(), *before.columns}  # and left out by choice
    mapping |= {f: c for f, c in guessed.items() if f not in mapping and c not in seen_before}
    kept = [renamed.get(column, column) for column in imported.kept]
    opt_outs = {renamed.get(column, column): key for column, key in imported.opt_outs.items()}
    if not is_same_table:
        opt_outs = guess_opt_outs(layout.columns)
        kept = kept_by_default(layout, {*mapping.values(), *opt_outs}, sample)
    opt_outs = {c: key for c, key in opt_outs.items() if c in layout.columns}
    used = {*mapping.values(), *opt_outs}
    imported.layout, imported.preview = layout.as_json(), preview_of(layout, sample)
    imported.mapping, imported.opt_outs = mapping, opt_outs
    imported.kept = [c for c in kept if c in layout.columns and c not in used]
    imported.save(update_fields=["layout", "preview", "mapping", "opt_outs", "kept"])


def from_upload(
    upload: "UploadedFile[Any]", opening: Opening, region: str, by: User
) -> CandidateImport:
    """The same for a file that came with a form; a small one of those is in memory only.

    Of each workspace this process looks at one file at a time: ten that take long keep nobody
    else's waiting.
    """
    name = upload.name or "upload"
    with TURNS[opening.workspace_id].taken(), NamedTemporaryFile() as copy:
        for block in upload.chunks():
            copy.write(block)
        copy.flush()
        if not connection.in_atomic_block:
            connection.close()  # back to the pool: to look may take half a minute
        return from_file(Path(copy.name), opening, name=name, region=region, by=by)
