"""A spreadsheet program reads back what was written, whatever it was."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import openpyxl
import pytest

from pipeline.foundation.exports import xlsx_export
from pipeline.foundation.exports.xlsx_export import TooLarge, write_xlsx

MOMENT = datetime(2026, 11, 3, 20, 0, 5)  # noqa: DTZ001  # a spreadsheet's times know no zone


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Any]:
    """The sheet as another program than ours reads it."""

    def written(*rows: list[object], headings: list[str] | None = None) -> Any:
        path = tmp_path / "a.xlsx"
        write_xlsx(path, "Candidates", headings or ["A", "B", "C"], rows)
        return openpyxl.load_workbook(path).active

    return written


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "{=SUM(A1)}",
        "https://evil.example/",
        '<b>&amp;</b> "quoted"',
        " around ",
        "two\nlines\tand a tab",
        "Ñandú 李 😀",
        "]]>",
        "00123",
    ],
)
def test_text_stays_the_text_it_was(written, text):
    cell = written([text])["A2"]

    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_what_xml_cant_hold_is_written_as_excel_does(written):
    assert written(["bell\x07"])["A2"].value in ("bell\x07", "bell_x0007_")


def test_numbers_and_dates_are_what_they_are(written):
    sheet = written([5, -2.5, MOMENT])

    assert [cell.value for cell in sheet[2]] == [5, -2.5, MOMENT]
    assert [cell.data_type for cell in sheet[2]] == ["n", "n", "d"]


def test_a_number_that_would_be_rounded_is_text(written):
    assert written([12345678901234567])["A2"].value == "12345678901234567"


def test_rows_are_in_order_below_bold_headings_that_stay(written, monkeypatch):
    monkeypatch.setattr(xlsx_export, "ROWS_AT_ONCE", 2)
    sheet = written(*[[number] for number in range(5)], headings=["=N"])

    assert [row[0] for row in sheet.values] == ["=N", 0, 1, 2, 3, 4]
    assert sheet["A1"].font.b
    assert sheet.freeze_panes == "A2"


def test_nothing_is_a_cell_that_is_not_there(written):
    assert [cell.value for cell in written([None, "", "x"])[2]] == [None, None, "x"]


def test_without_rows_there_are_only_headings(written):
    assert list(written().values) == [("A", "B", "C")]


def test_more_rows_columns_or_bytes_than_the_format_knows_are_refused(written, monkeypatch):
    monkeypatch.setattr(xlsx_export, "MOST_ROWS", 2)
    with pytest.raises(TooLarge, match="more than 2 rows"):
        written(["a"], ["b"], ["c"])
    monkeypatch.undo()
    monkeypatch.setattr(xlsx_export, "MOST_BYTES", 100)
    with pytest.raises(TooLarge, match="2 GB"):
        written(["a" * 100])
    monkeypatch.setattr(xlsx_export, "MOST_COLUMNS", 2)
    with pytest.raises(TooLarge, match="3 columns"):
        written()


def test_the_rows_have_the_form_that_xlsxwriter_gives_them(tmp_path):
    import xlsxwriter

    row = ["a & b", " c ", "_x0041_", "d\re", 7, 2.5, MOMENT]
    book = xlsxwriter.Workbook(str(tmp_path / "theirs.xlsx"), {"constant_memory": True})
    page = book.add_worksheet("Candidates")
    bold, date = book.add_format({"bold": True}), book.add_format({"num_format": xlsx_export.DATE})
    for column in range(7):
        page.write_string(0, column, "H", bold)
    for column, value in enumerate(row):
        how = {str: page.write_string, datetime: page.write_datetime}
        how.get(type(value), page.write_number)(1, column, value, *[date] * (column == 6))
    book.close()
    write_xlsx(tmp_path / "ours.xlsx", "Candidates", ["H"] * 7, [row])

    ours, theirs = (rows_of(tmp_path / name) for name in ("ours.xlsx", "theirs.xlsx"))
    assert ours[1] == theirs[1]


def rows_of(path: Path) -> list[bytes]:
    sheet = ElementTree.fromstring(ZipFile(path).read(xlsx_export.SHEET))  # noqa: S314  # ours
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}row"
    return [ElementTree.tostring(row) for row in sheet.iter(name)]
