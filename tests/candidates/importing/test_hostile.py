"""Files that work hard do it in a process apart, within limits; people read what to do."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing import forkserver
from pathlib import Path
from threading import Thread

import psutil
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from pipeline.candidates.importing import reader_child, reader_process, starting
from pipeline.candidates.importing.cleaning import notes
from pipeline.candidates.importing.contacts import phones_in
from pipeline.candidates.importing.errors import ImportRefused
from pipeline.candidates.importing.moments import moment
from pipeline.candidates.importing.people import Person, Plan, Reader
from pipeline.candidates.importing.reader_child import Limits
from pipeline.candidates.importing.reader_process import Rows, look
from pipeline.candidates.models import Candidate, Opening
from pipeline.workspaces.models import User

from .conftest import ImportRows
from .hostile import ANA, FILES, HEADINGS, Hostile, cell, sheet, strings, workbook, zipped

MB = 1024**2
# One of each kind; all of them with --soak, and measured by `manage.py benchmark --only uploads`.
EVERYDAY = {
    "ten_sheets_of_one_part.xlsx",
    "many_styles.xlsx",
    "long_attribute_in_sheet.xlsx",
    "a_shared_text_of_100_mb.xlsx",
    "a_billion_laughs.xlsx",
    "a_number_of_100_000_digits.xlsx",
    "blanks_in_phones.csv",
    "blanks_in_dates.csv",
    "comments_without_an_end.csv",
    "a_record_over_a_million_lines.csv",
}
SECONDS = 30  # generous: the limits here are 1 to 3 s of processor time, and 10 s of silence


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    short = Limits(cpu_seconds=1, cpu_seconds_per_mb=0.02, most_cpu_seconds=2, silent_seconds=10)
    monkeypatch.setattr(reader_process, "LOOK", short)
    monkeypatch.setattr(reader_process, "READ", short)


def read_all(path: Path) -> int:
    """How many people are in the file. Raises ImportRefused."""
    layout = look(path).layout
    fields = {"full_name": "Name", "email": "Email", "phone": "Phone", "created_at": "Applied on"}
    plan = Plan(layout.columns, fields, ["Notes"], ";", "GB", UTC, {}, datetime.now(UTC))
    reader = Reader(plan)
    return sum(isinstance(reader.read(row), Person) for row in Rows(path, layout))


def case(file: Hostile) -> object:
    marks = [] if file.name in EVERYDAY else [pytest.mark.soak]
    return pytest.param(file, id=file.name, marks=marks)


@pytest.mark.parametrize("file", [case(file) for file in FILES])
def test_a_hostile_file_is_read_or_refused_within_its_limits(
    file: Hostile, tmp_path: Path, short_limits: None
) -> None:
    path = tmp_path / file.name
    file.write(path)
    me = psutil.Process()
    before, used, began = me.memory_info().rss, me.cpu_times().user, time.monotonic()

    with suppress(ImportRefused):
        read_all(path)

    assert time.monotonic() - began < SECONDS
    assert me.cpu_times().user - used < SECONDS / 3
    assert me.memory_info().rss - before < 150 * MB


def test_a_usual_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    zipped(path, workbook(["sheet1.xml", "sheet2.xml"]))

    assert read_all(path) == 1


def test_a_workbook_of_more_than_20_sheets_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    zipped(path, workbook([f"sheet{n}.xml" for n in range(20)]))
    assert read_all(path) == 1

    zipped(path, workbook([f"sheet{n}.xml" for n in range(21)]))
    with pytest.raises(ImportRefused, match=r"more than 20 sheets\. Copy the one"):
        look(path)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_row_of_more_than_1000_columns_is_refused_wherever_it_is(
    suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_bytes(b"Name,Email\r\nAna,ana@x.org\r\n" * 900 + b"x," * 1200 + b"x\r\n")
    else:
        row = '<row r="900"><c r="A900"><v>1</v></c><c r="BBB900"><v>1</v></c></row>'
        zipped(path, workbook(sheet1=sheet(row.encode())))

    with pytest.raises(ImportRefused, match=r"columns\. Belay reads up to 1,000"):
        list(Rows(path, look(path).layout))


def test_empty_cells_far_to_the_right_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    bo = cell("A3", "Bo") + cell("B3", "bo@x.org")
    row = f'<row r="3">{bo}<c r="XFD3"/></row>'
    zipped(path, workbook(sheet1=sheet(row.encode(), before=HEADINGS + ANA)))

    assert read_all(path) == 2


def test_a_reader_without_memory_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xlsx"
    texts = b"".join(b"<si><t>%d" % n + b"x" * 2 * MB + b"</t></si>" for n in range(45))
    zipped(path, workbook(strings=strings(texts)))
    monkeypatch.setattr(reader_process, "LOOK", Limits(10, 1, 30, 30, memory_bytes=110 * MB))

    with pytest.raises(ImportRefused, match="save that as CSV"):
        look(path)


@pytest.fixture
def much(tmp_path: Path) -> Path:
    """Each answer about it is more than a pipe holds: its reader stops in the middle of one."""
    path = tmp_path / "a.csv"
    row = b"Ana,ana@x.org," + b"n" * 300 + b"\r\n"
    path.write_bytes(b"Name,Email,Notes\r\n" + row * 20_000)
    return path


def reader_in_mid_answer() -> psutil.Process:
    me = psutil.Process()
    # The reader, not what forks it.
    [reader] = (child for child in me.children(recursive=True) if child.nice() > me.nice())
    while reader.status() != psutil.STATUS_SLEEPING:  # until it has filled the pipe
        time.sleep(0.05)
    return reader


def test_a_reader_that_is_killed_says_what_to_do(much: Path) -> None:
    rows = iter(Rows(much, look(much).layout))
    next(rows)

    reader_in_mid_answer().kill()

    with pytest.raises(ImportRefused, match="save that as CSV"):
        list(rows)


def test_a_reader_that_halts_in_mid_answer_is_waited_for_no_longer(
    much: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = look(much).layout
    monkeypatch.setattr(reader_process, "READ", Limits(30, 1, 60, silent_seconds=1))
    rows = iter(Rows(much, layout))
    next(rows)

    reader_in_mid_answer().suspend()

    with pytest.raises(ImportRefused, match="save that as CSV"):
        list(rows)


def test_a_reader_that_says_nothing_is_waited_for_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    os.mkfifo(path)  # that nobody writes to
    monkeypatch.setattr(reader_process, "LOOK", Limits(30, 1, 60, silent_seconds=1))

    with pytest.raises(ImportRefused, match="save that as CSV"):
        look(path)


@pytest.mark.slow
def test_a_fork_server_that_is_killed_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Name,Email\r\nAna,ana@x.org\r\n")
    look(path)
    [server] = (one for one in psutil.Process().children() if "forkserver" in str(one.cmdline()))
    ask = forkserver.connect_to_new_process

    def killed_while_asked(fds: Sequence[int]) -> tuple[int, int]:
        monkeypatch.undo()
        server.suspend()  # it is asked, and never answers
        answer = ask(fds)
        server.kill()
        return answer

    monkeypatch.setattr(forkserver, "connect_to_new_process", killed_while_asked)

    assert look(path).sample == [["Ana", "ana@x.org"]]


def test_long_cells_are_looked_at_no_further() -> None:
    blanks = "1" + " " * 100_000 + "y"

    began = time.monotonic()
    assert phones_in(blanks, "GB") == []
    assert moment(blanks + " UTC", True) is None
    assert notes("<p>" + "<a" * 50_000).startswith("<p>")

    assert time.monotonic() - began < 5

    assert phones_in("07700900001" + ";x" * 100, "GB") == []
    assert moment("01.02.2025" + " " * 100 + "10:00", True) is None
    many_tags = "<p>" + "<b>x</b>" * 1000
    assert notes(many_tags) == many_tags


@pytest.mark.django_db(transaction=True)
def test_a_row_with_an_endless_cell_comes_back_with_the_reason(import_rows: ImportRows) -> None:
    imported = import_rows(
        "Name,Email,Phone",
        ["Ana", "ana@x.org", "1" + " " * 4000 + "y"],
        ["Bo", "bo@x.org", " " * 4000 + "07700900002" + " " * 4000],
        ["Cy", "cy@x.org" + "," * 3000, ""],
    )

    assert imported.counts["reasons"] == {"too_long": 2}
    assert "too long to be a name" in Path(imported.rejected.path).read_text("utf-8-sig")
    assert Candidate.objects.get().phone == "+447700900002"


@pytest.mark.django_db(transaction=True)
def test_the_uploader_reads_why_at_the_file(
    client_of: Callable[[User], Client], recruiter: User, opening: Opening, tmp_path: Path
) -> None:
    path = tmp_path / "a.xlsx"
    zipped(path, workbook([f"sheet{n}.xml" for n in range(21)]))
    file = SimpleUploadedFile("a.xlsx", path.read_bytes())

    page = client_of(recruiter).post("/candidates/import/", {"file": file, "opening": opening.pk})

    assert page.status_code == 422
    assert "more than 20 sheets" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_long_look_does_not_wait_one_after_the_other(
    client_of: Callable[[User], Client],
    recruiter: User,
    opening: Opening,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of them holds one of the few threads that the uploads of all workspaces have."""
    monkeypatch.setattr(starting, "TURN_SECONDS", 4 * SECONDS)
    turn = starting.TURNS[opening.workspace_id]
    client, answers = client_of(recruiter), []

    def upload() -> None:
        file = SimpleUploadedFile("a.csv", b"Name,Email\r\nAna,ana@x.org\r\n")
        form = {"file": file, "opening": opening.pk}
        answers.append(client.post("/candidates/import/", form))
        connection.close()

    with turn.taken():
        turn.since -= 5 * SECONDS  # so long has the look taken
        late = Thread(target=upload)
        late.start()
        late.join(SECONDS)
        assert not late.is_alive()
    upload()

    assert [answer.status_code for answer in answers] == [422, 302]
    assert "Upload this one again in a moment" in answers[0].content.decode()


AS_A_READER = """
import json, os, resource, sys
from pathlib import Path
from pipeline.candidates.importing.reader_child import Limits, allow_for_size, set_limits
limits = Limits(3, 1, 10, 1, memory_bytes=2**29)
set_limits(limits)
first = resource.getrlimit(resource.RLIMIT_CPU)
allow_for_size(limits, Path(sys.argv[1]))
print(json.dumps({
    "environment": dict(os.environ),
    "cpu at first": first,
    "cpu": resource.getrlimit(resource.RLIMIT_CPU),
    "memory": resource.getrlimit(resource.RLIMIT_AS),
    "files": resource.getrlimit(resource.RLIMIT_FSIZE),
}))
"""


def test_the_reader_has_its_limits_before_it_reads_and_knows_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Ana,ana@x.org\r\n".ljust(4 * MB))
    command = [sys.executable, "-c", AS_A_READER, str(path)]
    secret = {"SECRET_KEY": "hush"}

    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=secret, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "environment": {},
        "cpu at first": [3, 15],
        "cpu": [3 + 4, 15],
        "memory": [2**29, 2**29],
        "files": [0, 0],
    }


def test_the_reader_needs_no_settings_and_no_models() -> None:
    """It is forked by a process that has neither, and knows no secret."""
    models = "'pipeline.workspaces.models'"
    script = f"import sys, {reader_child.__name__}; assert {models} not in sys.modules"
    command = [sys.executable, "-c", script]

    done = subprocess.run(command, cwd=settings.BASE_DIR, env={}, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr.decode()
