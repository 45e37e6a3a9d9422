"""Workbooks of other programs, several sheets, hidden rows, formulas, errors, dates and merges."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from pipeline.candidates.importing import reading
from pipeline.candidates.importing.errors import ImportRefused
from pipeline.candidates.importing.reading import Layout, Wanted
from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.candidates.models.import_reasons import REASONS
from pipeline.workspaces.models import User

from .conftest import ImportFile
from .hostile import MAIN, OFFICE, styles, workbook
from .odd_workbooks import ODD, PEOPLE, of_rows, people, row, write

URL = "/candidates/import/"


def read(path: Path, wanted: Wanted | None = None) -> tuple[Layout, list[list[str]]]:
    layout = reading.look_at(path, wanted)
    return layout, list(reading.rows_of(path, layout))


@pytest.mark.parametrize("kind", ODD)
def test_what_excel_opens_is_read(kind: str, tmp_path: Path) -> None:
    layout, rows = read(write(tmp_path / "a.xlsx", ODD[kind]()))

    assert layout.columns[:2] == ["Name", "Email"]
    assert [tuple(found[:2]) for found in rows] == PEOPLE


def value(number: int, kind: str, text: str, style: int = 0, formula: str = "") -> str:
    made = f"<f>{formula}</f>" if formula else ""
    made += f"<v>{text}</v>" if text else ""
    return f'<c r="C{number}" t="{kind}" s="{style}">{made}</c>'


FORMATS = (
    b'<xf numFmtId="22"/><xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="172"/>'
    b'<xf numFmtId="20"/>'
)
CODES = (
    b'<numFmts><numFmt numFmtId="170" formatCode="[$-407]dd\\.mm\\.yyyy;@"/>'
    b'<numFmt numFmtId="171" formatCode="00000000000"/>'
    b'<numFmt numFmtId="172" formatCode="&quot;day&quot; 0"/></numFmts><fonts>'
)


@pytest.mark.parametrize(
    ("kind", "text", "style", "shown"),
    [
        ("n", "447700900601", 0, "447700900601"),
        ("n", "447700900061.0", 0, "447700900061"),
        ("n", "4.47700900061E+11", 0, "447700900061"),
        ("n", "7700900601", 3, "07700900601"),
        ("n", "0.30000000000000004", 0, "0.3"),
        ("n", "45291", 0, "45291"),
        ("n", "45291", 1, "2023-12-31"),
        ("n", "45291.75", 1, "2023-12-31 18:00:00"),
        ("n", "45291", 2, "2023-12-31"),
        ("n", "59", 2, "1900-02-28"),
        ("n", "61", 2, "1900-03-01"),
        ("n", "-5", 2, "-5"),
        ("n", "9e307", 2, "9e+307"),
        ("n", "0.75", 5, "18:00:00"),
        ("n", "7", 4, "7"),
        ("d", "2023-12-31T00:00:00", 0, "2023-12-31"),
        ("b", "1", 0, "TRUE"),
        ("e", "#N/A", 0, ""),
        ("e", "#SOMETHING!", 0, ""),
        ("str", "#REF!", 0, ""),
        ("str", "a_x000D_b_x005F_x", 0, "a\rb_x"),
        ("s", "99", 0, ""),
    ],
)
def test_cells_are_as_a_person_sees_them(
    kind: str, text: str, style: int, shown: str, tmp_path: Path
) -> None:
    rows = [row(2, "Ana", "ana@x.org", value(2, kind, text, style), "note")]
    look = styles(FORMATS).replace(b"<fonts>", CODES)

    _, [found] = read(write(tmp_path / "a.xlsx", workbook(sheet1=of_rows(rows), styles=look)))

    assert found == ["Ana", "ana@x.org", shown, "note"]


def test_dates_may_count_from_1904(tmp_path: Path) -> None:
    parts = workbook(sheet1=of_rows([row(2, "Ana", "ana@x.org", value(2, "n", "43829", 1))]))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        b"<sheets>", b'<workbookPr date1904="1"/><sheets>'
    )

    _, [found] = read(write(tmp_path / "a.xlsx", parts))

    assert found[2] == "2023-12-31"


@pytest.mark.django_db(transaction=True)
def test_formulas_without_a_result_are_rejected_with_what_to_do(
    import_file: ImportFile, tmp_path: Path
) -> None:
    rows = [
        row(2, "Ana", "ana@x.org", value(2, "str", "07700900001", formula="A1")),
        row(3, "Bo", "bo@x.org", value(3, "n", "", formula="A1")),
        row(4, "Cy", "cy@x.org", value(4, "str", "", formula="A1").replace("</c>", "<v></v></c>")),
        row(5, '<c r="A5"><f>CONCATENATE("Di","Roy")</f></c>'),
        row(6, "Eve", "eve@x.org", value(6, "e", "#N/A", formula="A1")),
    ]
    path = write(tmp_path / "a.xlsx", workbook(sheet1=of_rows(rows)))

    imported = import_file(path)

    assert imported.counts["reasons"] == {"unfinished_formula": 2}
    assert "Open the file in Excel, save it" in REASONS["unfinished_formula"]
    assert set(Candidate.objects.values_list("full_name", flat=True)) == {"Ana", "Cy", "Eve"}
    assert imported.remarks == ["1 cell with an error, such as #N/A, was read as empty: row 6."]


# --- sheets and rows that are not shown ---

STATES = [("Archive", "hidden"), ("London", "visible"), ("Leeds", "visible")]


@pytest.fixture
def three_sheets(tmp_path: Path) -> Path:
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="rId{n}"/>'
        for n, (name, state) in enumerate(STATES, 1)
    )
    parts = workbook([f"sheet{n}.xml" for n in (1, 2, 3)], sheet1=people())
    for n, (name, _) in enumerate(STATES, 1):
        rows = [row(at, f"{name} {at}", f"{name}{at}@x.org") for at in range(2, 2 + 2 * n)]
        parts[f"xl/worksheets/sheet{n}.xml"] = of_rows(rows)
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
    parts["xl/workbook.xml"] = book.encode()
    return write(tmp_path / "three.xlsx", parts)


@pytest.mark.django_db(transaction=True)
def test_the_first_visible_sheet_is_imported_and_the_others_are_told(
    three_sheets: Path, import_file: ImportFile
) -> None:
    imported = import_file(three_sheets)

    assert imported.counts["new"] == 4
    assert imported.remarks == [
        "2 rows of the hidden sheet “Archive” were not imported.",
        "6 rows of sheet “Leeds” were not imported.",
    ]


@pytest.mark.django_db(transaction=True)
def test_another_sheet_is_chosen_on_the_page(
    three_sheets: Path, client_of: Callable[[User], Client], recruiter: User, opening: Opening
) -> None:
    client = client_of(recruiter)
    file = SimpleUploadedFile("a.xlsx", three_sheets.read_bytes())
    page = client.post(URL, {"file": file, "opening": opening.pk}, follow=True).content.decode()
    assert "Archive (2 rows, hidden)" in page
    assert "6 rows of sheet “Leeds” will not be imported." in page
    imported = CandidateImport.objects.get()
    chosen = {"column-0": "full_name", "column-1": "email", "sheet": "Leeds"}

    page = client.post(f"{URL}{imported.pk}/again/", chosen, follow=True).content.decode()

    assert "Leeds 2" in page
    imported.refresh_from_db()
    assert imported.layout["sheet"] == "Leeds"
    assert imported.mapping == {"full_name": "Name", "email": "Email"}


@pytest.mark.django_db(transaction=True)
def test_another_sheet_is_chosen_by_the_command(three_sheets: Path, opening: Opening) -> None:
    with pytest.raises(CommandError, match="no sheet “Paris”"):
        call_command("import_candidates", three_sheets, opening=opening.name, sheet="Paris")

    call_command("import_candidates", three_sheets, opening=opening.name, sheet="Leeds")

    assert Candidate.objects.filter(full_name__startswith="Leeds").count() == 6


@pytest.fixture
def filtered(tmp_path: Path) -> Path:
    rows = [
        row(n, f"P{n}", f"p{n}@x.org", more=' hidden="1"' if n % 2 else "") for n in range(2, 9)
    ]
    return write(tmp_path / "filtered.xlsx", workbook(sheet1=of_rows(rows)))


@pytest.mark.django_db(transaction=True)
def test_rows_that_a_filter_hides_are_left_out_and_counted(
    filtered: Path, import_file: ImportFile
) -> None:
    imported = import_file(filtered)

    assert (imported.counts["new"], imported.counts["blank"]) == (4, 0)
    assert imported.remarks == ["3 hidden rows were left out: rows 3, 5, 7."]


@pytest.mark.django_db(transaction=True)
def test_hidden_rows_come_along_by_choice(
    filtered: Path, client_of: Callable[[User], Client], recruiter: User, opening: Opening
) -> None:
    client = client_of(recruiter)
    file = SimpleUploadedFile("a.xlsx", filtered.read_bytes())
    page = client.post(URL, {"file": file, "opening": opening.pk}, follow=True).content.decode()
    assert "Also the 3 hidden rows" in page
    imported = CandidateImport.objects.get()

    client.post(f"{URL}{imported.pk}/again/", {"with_hidden": "on", "column-0": "full_name"})

    imported.refresh_from_db()
    assert imported.layout["with_hidden"]
    call_command("import_candidates", filtered, opening=opening.name, hidden_rows=True)
    assert Candidate.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_cells_that_are_merged_down_hold_for_each_row(
    import_file: ImportFile, tmp_path: Path
) -> None:
    rows = [
        row(2, "Ana Ruiz", "ana@x.org", "07700900001"),
        row(3, "", "", "07700900002"),
        row(4, "Bo Li", "bo@x.org"),
    ]
    merges = '<mergeCells count="2"><mergeCell ref="A2:A3"/><mergeCell ref="B2:B3"/></mergeCells>'
    path = write(tmp_path / "a.xlsx", workbook(sheet1=of_rows(rows, merges)))

    imported = import_file(path, region="GB")

    assert (imported.counts["new"], imported.counts["rejected"]) == (2, 0)
    ana = Candidate.objects.get(full_name="Ana Ruiz")
    assert {ana.phone, ana.attributes["Other phones"]} == {"+447700900001", "+447700900002"}
    assert imported.remarks == ["1 row took values from merged cells above it: row 3."]


@pytest.mark.parametrize(
    ("part", "words"),
    [("xl/workbook.bin", "binary Excel workbook"), ("content.xml", "OpenDocument")],
)
def test_other_kinds_of_workbooks_are_called_what_they_are(
    part: str, words: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.xlsx", {part: b"x"})

    with pytest.raises(ImportRefused, match=words):
        reading.look_at(path)
