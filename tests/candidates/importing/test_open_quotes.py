"""A quotation mark that opens and never closes takes no other row with it."""

from pathlib import Path

import pytest

from pipeline.candidates.importing import reading
from pipeline.candidates.importing.findings import LONGEST_CELL

from .conftest import ImportFile

HEAD = "Name,Email,Phone,Notes"
GOOD = [f"P{n} Lund,p{n}@x.org,+4477009{n:05},{{note}}" for n in range(40)]
QUOTED, PLAIN, EMPTY = '"fine, so far"', "fine", ""
OPEN = {
    "in the last cell": ('Q Lund,q@x.org,+447700900999,"he said ""call me', "Q Lund"),
    "in the last cell, alone": ('Q Lund,q@x.org,+447700900999,"', "Q Lund"),
    "in the first cell": ('"Q Lund,q@x.org,+447700900999,fine', "Q Lund"),
    "in the middle": ('Q Lund,"q@x.org,+447700900999,fine', "Q Lund"),
}


def read(path: Path, lines: list[str]) -> tuple[list[list[str]], dict[str, int]]:
    path.write_text("\r\n".join([HEAD, *lines]) + "\r\n", "utf-8", newline="")
    layout = reading.look_at(path)
    records = reading.records_of(path, layout)
    rows = list(reading.rows_of(path, layout, records))
    return rows, dict(records.findings.counts)


@pytest.mark.parametrize("note", [QUOTED, PLAIN, EMPTY])
@pytest.mark.parametrize("at", [0, 20, 39, 40])
@pytest.mark.parametrize("kind", OPEN)
def test_everybody_is_read(kind: str, at: int, note: str, tmp_path: Path) -> None:
    lines = [line.format(note=note) for line in GOOD]
    line, name = OPEN[kind]

    rows, found = read(tmp_path / "a.csv", [*lines[:at], line, *lines[at:]])

    assert len(rows) == 41
    assert [row[0] for row in rows if row[0] != name] == [f"P{n} Lund" for n in range(40)]
    assert (rows[at][:3], found) == ([name, "q@x.org", "+447700900999"], {"open_quotes": 1})


def test_an_open_mark_in_every_line(tmp_path: Path) -> None:
    rows, found = read(tmp_path / "a.csv", [f'"{line.format(note="x")}' for line in GOOD])

    assert [row[1] for row in rows] == [f"p{n}@x.org" for n in range(40)]
    assert found["open_quotes"] > 18


def test_texts_of_many_lines_stay_whole(tmp_path: Path) -> None:
    text = (
        '"Dear Ana,\r\nthank you, all of you, for ""everything"", truly\r\n\r\n1, 2, 3 and 4\r\nBo"'
    )

    rows, found = read(tmp_path / "a.csv", [line.format(note=text) for line in GOOD])

    assert len(rows) == 40
    assert not found
    assert rows[0][3].count("\n") == 4


@pytest.mark.django_db(transaction=True)
def test_a_huge_cell_is_cut_and_that_is_told(import_file: ImportFile, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    resume = "A line of a résumé.\n" * 11_000
    path.write_text(f'{HEAD}\nAna,a@x.org,,"{resume}"\nBo,b@x.org,,short\n', "utf-8")

    imported = import_file(path)

    assert imported.counts["new"] == 2
    assert imported.remarks == ["1 cell was longer than 32,767 characters and was cut: row 2."]
    ana, _ = sorted(imported.candidates.all(), key=lambda one: one.candidate.full_name)
    assert ana.candidate.attributes["Notes"] == resume[:LONGEST_CELL].strip()
