"""Which files are tables, in which encodings, and what people read about the others."""

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.candidates.importing import columns, reader_process, reading, xlsx_package
from pipeline.candidates.importing.errors import ImportRefused
from pipeline.candidates.models import Candidate

from .conftest import ImportFile, ImportRows, written

TABLE = [
    ["Name", "E-Mail", "Téléphone", "Notes"],
    ["Zoë Çelik", "zoe@x.org", "07700 900001", "one; two, three\ttabs\nand a new line"],
    ["José Peña", "jose@x.org", "", 'says "hello"'],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_it_reads_every_encoding_with_every_delimiter(
    encoding: str, delimiter: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", TABLE, encoding, delimiter)

    layout = reading.look_at(path)

    assert [layout.columns, *reading.rows_of(path, layout)] == TABLE
    assert layout.delimiter == delimiter


def test_a_letter_far_down_tells_the_encoding(tmp_path: Path) -> None:
    rows = [["Name", "Email"], *[[f"Ann {n}", f"ann{n}@x.org"] for n in range(20_000)]]
    path = written(tmp_path / "a.csv", [*rows, ["Zoë", "zoe@x.org"]], "cp1252")

    layout = reading.look_at(path)

    assert [row[0] for row in reading.rows_of(path, layout)][-1] == "Zoë"


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_instructions_above_the_headings_and_on_other_sheets_are_skipped(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        Instructions=[["Read me"], ["Fill in the next sheet, then mail it to us@x.org"]],
        Candidates=[["Our template"], ["All fields", "are optional"], [], *TABLE],
    )

    layout = reading.look_at(path)

    assert (layout.sheet, layout.header, layout.columns) == ("Candidates", 3, TABLE[0])
    assert len(list(reading.rows_of(path, layout))) == 2


@pytest.mark.django_db(transaction=True)
def test_what_looks_like_a_formula_is_kept_as_text(import_rows: ImportRows) -> None:
    imported = import_rows(
        "Name,Mobile,Notes", ["Ana", "447700900001", "=1+1"], ["Bo", "7700900002", "-"]
    )

    assert imported.is_done, imported.error
    assert imported.counts["formulas"] == 1
    notes = dict(Candidate.objects.values_list("full_name", "attributes__Notes"))
    assert notes == {"Ana": "=1+1", "Bo": "-"}


@pytest.mark.django_db(transaction=True)
def test_rejected_rows_come_back_safe_for_spreadsheets(import_rows: ImportRows) -> None:
    imported = import_rows("Name,Email", ["=cmd|'/C calc'!A0", "none"], ["Ana", "ana@x.org"])

    text = Path(imported.rejected.path).read_text("utf-8-sig")
    assert text.splitlines()[0] == '"Record","Reason","Name","Email"'
    assert text.splitlines()[1].startswith('"1","The e-mail address is not valid')
    assert '''"'=cmd|'/C calc'!A0","none"''' in text


def bytes_of_zip(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return out.getvalue()


HEAD = b"Name,Email\r\n"
ROW = b"Ana,ana@x.org\r\n"
BAD_FILES = {
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
    "docx": (bytes_of_zip({"word/document.xml": b"<w/>"}), "not an Excel workbook"),
    "broken xlsx": (bytes_of_zip({"xl/workbook.xml": b"<w/>"}), "can't be read"),
    "truncated xlsx": (b"PK\x03\x04" + b"x" * 500, "can't be read"),
    "old xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel"),
    "json": (b'\xef\xbb\xbf [ {"name": "Ana"} ]', "JSON"),
    "html": (b"\r\n<html><table><tr><td>Name</td></tr></table></html>", "web page"),
    "gzip": (b"\x1f\x8b\x08\0\0", "compressed"),
    "empty": (b"", "empty"),
    "blank": (b"\xef\xbb\xbf\r\n \r\n", "empty"),
    "prose": (b"Dear Ana\r\nplease call me\r\n", "only one column"),
    "headings only": (HEAD, "no candidates under them"),
    "headings and blanks": (HEAD + b",\r\n , \r\n", "no candidates under them"),
    "no headings": (ROW + b"Bo,bo@x.org\r\n", "row of headings"),
    "zero bytes": (HEAD + ROW * 20 + b"\0" * 100 + ROW, "no table"),
    "noise": (bytes(range(1, 256)) * 40, "no table"),
    "huge cell": (HEAD + b'"' + b"A\r\n" * 2_000_000 + b'",ana@x.org\r\n', "too long for a table"),
    "huge line": (HEAD + b"A," * 3_000_000, "too long for a table"),
    "too many columns": (b"Name,Email" + b",x" * 1500 + b"\r\n" + ROW, "1,502 columns"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_what_is_no_table_is_refused_in_a_clear_sentence(kind: str, tmp_path: Path) -> None:
    content, words = BAD_FILES[kind]
    path = tmp_path / "file.csv"
    path.write_bytes(content)

    with pytest.raises(ImportRefused, match=words):
        list(reading.rows_of(path, reading.look_at(path)))


def test_a_file_over_the_limit_is_refused(tmp_path: Path, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 20_000
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD + ROW * 2000)

    with pytest.raises(ImportRefused, match=r"the limit is 19\.5"):
        reader_process.look(path)


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_package, "UNPACKED_BYTES", 1_000_000)
    path = tmp_path / "a.xlsx"
    sheet = {"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": b" " * 1_000_001}
    path.write_bytes(bytes_of_zip(sheet))

    with pytest.raises(ImportRefused, match="unpacks to more than Belay reads"):
        reading.look_at(path)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["huge cell", "huge line"])
def test_a_file_that_breaks_in_the_middle_imports_nothing(
    kind: str, tmp_path: Path, import_file: ImportFile
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(HEAD + b"Cy,cy@x.org\r\n" * 1500 + BAD_FILES[kind][0].removeprefix(HEAD))

    imported = import_file(path)

    assert imported.has_failed
    assert "Nothing was imported" in imported.error
    assert "record" in imported.error
    assert not Candidate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_row_with_more_cells_than_headings_is_rejected(import_rows: ImportRows) -> None:
    imported = import_rows(
        "Name,Email", ["Ana", "ana@x.org", "", " "], ["Bo", "bo@x.org", "x"], ["Cy"]
    )

    assert imported.counts["reasons"] == {"too_many_cells": 1, "no_contact": 1}


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (
            "Full-Name Email Date-Added Stage Archive-Reason Sources Origin",
            {
                "full_name": "Full-Name",
                "email": "Email",
                "created_at": "Date-Added",
                "stage": "Stage",
                "source": "Sources",
            },
        ),
        (
            "Name Emails Phones Tags Sources Links",
            {
                "full_name": "Name",
                "email": "Emails",
                "phone": "Phones",
                "tags": "Tags",
                "source": "Sources",
            },
        ),
        (
            "First_Name Last_Name Email Phone_Number",
            {
                "first_name": "First_Name",
                "last_name": "Last_Name",
                "email": "Email",
                "phone": "Phone_Number",
            },
        ),
        (
            "candidateEmail applicationStage applicationCreationDate",
            {
                "email": "candidateEmail",
                "stage": "applicationStage",
                "created_at": "applicationCreationDate",
            },
        ),
        (
            "First_Name Last_Name Phone Mobile Email Candidate_Status Candidate_Source Skill_Set",
            {
                "first_name": "First_Name",
                "last_name": "Last_Name",
                "phone": "Mobile",
                "email": "Email",
                "stage": "Candidate_Status",
                "source": "Candidate_Source",
                "tags": "Skill_Set",
            },
        ),
        (
            "candidateID lastName firstName phoneHome phoneCell email1 keySkills",
            {
                "external_id": "candidateID",
                "last_name": "lastName",
                "first_name": "firstName",
                "phone": "phoneCell",
                "email": "email1",
                "tags": "keySkills",
            },
        ),
        (
            "Record_ID First_Name Last_Name Email Phone_Number Lead_Status Create_Date",
            {
                "external_id": "Record_ID",
                "first_name": "First_Name",
                "last_name": "Last_Name",
                "email": "Email",
                "phone": "Phone_Number",
                "stage": "Lead_Status",
                "created_at": "Create_Date",
            },
        ),
        (
            "FirstName LastName Email Phone MobilePhone MailingStreet LeadSource",
            {
                "first_name": "FirstName",
                "last_name": "LastName",
                "email": "Email",
                "phone": "MobilePhone",
                "source": "LeadSource",
            },
        ),
    ],
    ids=[
        "Lever",
        "Recruitee",
        "Fountain",
        "SmartRecruiters",
        "Zoho",
        "OpenCATS",
        "HubSpot",
        "Salesforce",
    ],
)
def test_it_guesses_the_columns_of_other_systems(headings: str, expected: dict[str, str]) -> None:
    assert columns.guess(headings.split()) == expected
