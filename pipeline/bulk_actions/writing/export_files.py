"""An export's files in the default storage: a part for each chunk, and in the end the whole.

A part is lines of JSON: first the names of the attributes in it, then a list for each candidate,
whose last item is its attributes. So the parts can be joined with a column for each attribute,
though nobody knows them all before the last part is written, and with one row in memory at a time.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.crypto import salted_hmac

from pipeline.candidates.sql import profiles

if TYPE_CHECKING:
    from pipeline.bulk_actions.models import BulkAction, Chunk

ROOM = "exports"
SCRATCH = "belay-export-"  # what the names of folders for unfinished files begin with
MOST_ATTRIBUTES = 2_000  # columns of them: each row has a cell for each
TOO_MANY = (
    f"These candidates have more than {MOST_ATTRIBUTES:,} different attributes, each of which"
    " would be a column."
)
ROWS_IN_MEMORY = 20
LOOK_SECONDS = 1.0  # between two looks whether the action is still wanted


class TooManyColumns(ValueError):
    """The candidates have more different attributes than a table should have columns."""


class NoLongerWanted(Exception):
    """The action ended while its file was being made."""


@dataclass(frozen=True)
class Column:
    heading: str
    sql: str
    is_date: bool = False


COLUMNS = {
    "id": Column("Candidate id", "candidate.id"),
    "name": Column("Name", "candidate.full_name"),
    "first_name": Column("First name", "candidate.first_name"),
    "last_name": Column("Last name", "candidate.last_name"),
    "email": Column("E-mail", "candidate.email"),
    "phone": Column("Phone", "candidate.phone"),
    "opening": Column("Opening", "opening.name"),
    "folder": Column("Folder", "folder.name"),
    "recruiter": Column("Recruiter", "recruiter.name"),
    "source": Column("Source", "candidate.source"),
    "labels": Column("Labels", profiles.LABEL_NAMES),
    "reject_reasons": Column("Reject reasons", "array_to_string(candidate.reject_reasons, ', ')"),
    "created": Column(
        "Created",
        "to_char(candidate.created_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD HH24:MI:SS')",
        is_date=True,
    ),
}
ATTRIBUTES = "attributes"  # not a column, but one for each name that is found


def folder_of(action_id: int) -> str:
    """Always the same, so that a second try replaces the first; and nobody can guess it."""
    return f"{ROOM}/{action_id}-{salted_hmac('belay.exports', str(action_id)).hexdigest()[:32]}"


def part_name(action_id: int, number: int) -> str:
    return f"{folder_of(action_id)}/part-{number}.jsonl"


def replace(name: str, content: File[Any]) -> str:
    """Store it under exactly this name, whatever an earlier try has left there. Returns it."""
    default_storage.delete(name)
    stored = default_storage.save(name, content)
    if stored != name:
        default_storage.delete(stored)
        raise OSError(f"{name} is being written by somebody else")
    return name


def forget_scratch(which: str = "*", older_than: timedelta = timedelta(0)) -> None:
    """Delete what killed workers of this machine have left of files they were joining."""
    for left in Path(tempfile.gettempdir()).glob(SCRATCH + which):
        with suppress(OSError):
            if left.stat().st_mtime <= time.time() - older_than.total_seconds():
                shutil.rmtree(left, ignore_errors=True)


def write_part(action: "BulkAction", chunk: "Chunk", columns: Collection[str]) -> None:
    """Store what the chunk's candidates are at this moment, but for those that moved elsewhere."""
    cells = [COLUMNS[name].sql for name in columns if name in COLUMNS]
    with_attributes = ATTRIBUTES in columns
    cells.append(OBJECT if with_attributes else "NULL")
    params: dict[str, Any] = {
        "workspace": action.workspace_id,
        "chunk": chunk.pk,
        "openings": action.opening_ids,
        "zone": action.workspace.tz.key,
    }
    names: list[str] = []
    if with_attributes:
        names_of = f"DISTINCT jsonb_object_keys({OBJECT})"
        names = list(texts(profiles.profiles(names_of, OF_CHUNK, "1"), params))
    row = f"json_build_array({', '.join(cells)})::text"
    with tempfile.TemporaryFile() as part:
        part.write(f"{json.dumps(names)}\n".encode())
        for line in texts(profiles.profiles(row, OF_CHUNK, "candidate.id"), params):
            part.write(f"{line}\n".encode())
        part.seek(0)
        replace(part_name(action.pk, chunk.number), File(part))


def texts(sql: str, params: dict[str, Any]) -> Iterator[str]:
    """The first column, of some rows at a time: each may have 100,000 characters."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(ROWS_IN_MEMORY):
            for (text,) in rows:
                yield text


@dataclass
class Parts:
    """The parts of an action whose chunks are all done. `rows_read` grows as rows are taken.

    `is_wanted` is asked now and then; once it says no, whatever is going on here ends with
    NoLongerWanted, at most LOOK_SECONDS and one part later.
    """

    action: "BulkAction"
    columns: list[str]
    is_wanted: Callable[[], bool]
    rows_read: int = 0

    def __post_init__(self) -> None:
        self.looked = time.monotonic()
        self.fixed = [name for name in self.columns if name in COLUMNS]
        # The database says which there are: a chunk that was split may have left one, too.
        numbers = self.action.chunks.order_by("number").values_list("number", flat=True)
        self.names = [part_name(self.action.pk, number) for number in numbers]
        found: set[str] = set()
        for lines in self._opened():
            found.update(json.loads(next(lines)))
            if len(found) > MOST_ATTRIBUTES:
                raise TooManyColumns(TOO_MANY)
        self.attributes = sorted(found, key=lambda name: (name.casefold(), name))

    @property
    def headings(self) -> list[str]:
        fixed = [COLUMNS[name].heading for name in self.fixed]
        return fixed + [
            f"{name} (attribute)" if name in fixed else name for name in self.attributes
        ]

    def rows(self) -> Iterator[list[object]]:
        dates = [place for place, name in enumerate(self.fixed) if COLUMNS[name].is_date]
        for lines in self._opened():
            next(lines)
            for line in lines:
                *row, attributes = json.loads(line)
                for place in dates:
                    row[place] = datetime.fromisoformat(row[place])
                if self.attributes:
                    row.extend(map(cell, map((attributes or {}).get, self.attributes)))
                self.rows_read += 1
                yield row

    def look(self) -> None:
        now = time.monotonic()
        if now - self.looked >= LOOK_SECONDS:
            self.looked = now
            if not self.is_wanted():
                raise NoLongerWanted

    def _opened(self) -> Iterator[Iterator[bytes]]:
        for name in self.names:
            self.look()
            try:
                with default_storage.open(name) as part:
                    yield iter(part)
            except FileNotFoundError:
                continue  # all in it failed; whoever joins the parts counts the rows


def cell(value: Any) -> object:
    """An attribute as one value: text, or a number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(cell(item)) for item in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


OBJECT = "CASE jsonb_typeof(candidate.attributes) WHEN 'object' THEN candidate.attributes END"

# Of the openings that the action began with: by them it is told who may have the file.
OF_CHUNK = """
candidate.workspace_id = %(workspace)s
AND candidate.opening_id = ANY(%(openings)s)
AND candidate.id = ANY((
    SELECT candidate_ids FROM bulk_actions_chunk WHERE id = %(chunk)s
)::bigint[])
"""
