"""Files made to work hard, each small: for the tests, and for the benchmark of the uploads."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MB = 1024**2
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@dataclass(frozen=True)
class Hostile:
    """A file's name and what it is made of."""

    name: str
    write: Callable[[Path], None]
    is_slow_to_make: bool = False


FILES: list[Hostile] = []


def hostile(suffix: str, slow: bool = False) -> Callable[[Callable[[], object]], None]:
    """Add what the function gives, bytes of a CSV or the parts of a workbook, to FILES."""

    def add(make: Callable[[], object]) -> None:
        def write(path: Path) -> None:
            made = make()
            if isinstance(made, bytes):
                path.write_bytes(made)
            else:
                zipped(path, made)  # type: ignore[arg-type]

        FILES.append(Hostile(f"{make.__name__}.{suffix}", write, slow))

    return add


def zipped(path: Path | IO[bytes], parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADINGS = f'<row r="1">{cell("A1", "Name")}{cell("B1", "Email")}{cell("C1", "Phone")}</row>'
ANA = f'<row r="2">{cell("A2", "Ana")}{cell("B2", "ana@x.org")}{cell("C2", "07700900001")}</row>'


def sheet(rows: bytes = b"", before: str = HEADINGS + ANA) -> bytes:
    start = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{before}'
    return start.encode() + rows + b"</sheetData></worksheet>"


def workbook(sheets: Iterable[str] = ("sheet1.xml",), **parts: bytes) -> dict[str, bytes]:
    """The parts of a workbook whose sheets are in those parts; `sheet1`, `styles`, `strings`."""
    listed = list(sheets)
    names = "".join(
        f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n, _ in enumerate(listed, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/{part}"/>'
        for n, part in enumerate(listed, 1)
    )
    links += f'<Relationship Id="rId900" Type="{OFFICE}/styles" Target="styles.xml"/>'
    links += f'<Relationship Id="rId901" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/{part}" ContentType="{TYPE}.worksheet+xml"/>'
        for part in dict.fromkeys(listed)
    )
    made = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        f'relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.'
        f'main+xml"/>{overrides}<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml'
        f'"/><Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}'
        "</Relationships>",
    }
    content = {name: text.encode() for name, text in made.items()}
    content["xl/styles.xml"] = parts.pop("styles", styles(b""))
    content["xl/sharedStrings.xml"] = parts.pop("strings", strings(b""))
    for part in dict.fromkeys(listed):
        content[f"xl/worksheets/{part}"] = parts.get("sheet1", sheet())
    if book := parts.get("book"):
        content["xl/workbook.xml"] = book
    return content


def styles(formats: bytes) -> bytes:
    before = "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills>"
    before += "<borders><border/></borders>"
    start = f'<styleSheet xmlns="{MAIN}">{before}<cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf/>'
    return start.encode() + formats + b'<xf numFmtId="14"/></cellXfs></styleSheet>'


def strings(items: bytes, before: str = "") -> bytes:
    return f'{before}<sst xmlns="{MAIN}">'.encode() + items + b"</sst>"


# --- workbooks -------------------------------------------------------------------------------


@hostile("xlsx")
def ten_sheets_of_one_part() -> dict[str, bytes]:
    return workbook(["sheet1.xml"] * 10, sheet1=sheet(b"<row/>" * 5_000_000))


@hostile("xlsx")
def many_sheets() -> dict[str, bytes]:
    return workbook([f"sheet{n}.xml" for n in range(1, 400)])


@hostile("xlsx")
def many_styles() -> dict[str, bytes]:
    return workbook(styles=styles(b'<xf numFmtId="14" fontId="0" applyFont="1"/>' * 400_000))


@hostile("xlsx")
def long_attribute_in_sheet() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b'<row spans="' + b"1" * 10 * MB + b'"/>'))


@hostile("xlsx")
def long_attribute_in_styles() -> dict[str, bytes]:
    return workbook(styles=styles(b'<xf fontId="' + b"1" * 4 * MB + b'"/>'))


@hostile("xlsx")
def long_attribute_with_entities() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b'<row spans="' + b"&amp;" * MB + b'"/>'))


@hostile("xlsx", slow=True)
def zip_bomb() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b" " * (2 * 1024 * MB + 1)))


@hostile("xlsx")
def rows_without_end() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b"<row/>" * 8_000_000))


@hostile("xlsx")
def cells_without_end() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b"<row>" + b"<c/>" * 10_000_000 + b"</row>"))


@hostile("xlsx")
def a_row_far_below() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'))


@hostile("xlsx")
def a_cell_far_right() -> dict[str, bytes]:
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c><c r="XFD{0}"><v>1</v></c></row>'
    return workbook(sheet1=sheet("".join(row.format(n) for n in range(3, 5000)).encode()))


@hostile("xlsx")
def blanks_far_right() -> dict[str, bytes]:
    row = (
        '<row r="{0}">' + cell("A{0}", "Bo") + cell("B{0}", "b{0}@x.org") + '<c r="XFD{0}"/></row>'
    )
    return workbook(sheet1=sheet("".join(row.format(n) for n in range(3, 3000)).encode()))


@hostile("xlsx")
def a_cell_of_50_mb() -> dict[str, bytes]:
    return workbook(sheet1=sheet(cell("A3", "x" * 50 * MB).join(["<row>", "</row>"]).encode()))


@hostile("xlsx")
def a_cell_of_100_mb() -> dict[str, bytes]:
    lines = b"Some text of a very long cell.\n" * (100 * MB // 31)
    return workbook(
        sheet1=sheet(b'<row><c r="A3" t="inlineStr"><is><t>' + lines + b"</t></is></c></row>")
    )


@hostile("xlsx")
def a_million_columns() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b"<row>" + b"<c><v>1</v></c>" * 1_000_000 + b"</row>"))


@hostile("xlsx")
def entities_within_entities() -> dict[str, bytes]:
    """Quadratic: one long entity, named often in the sheet."""
    doctype = f'<!DOCTYPE worksheet [<!ENTITY a "{"a" * 300_000}">]>'
    text = sheet(b"<row><c t='str'><v>" + b"&a;" * 300_000 + b"</v></c></row>")
    return workbook(sheet1=text.replace(b"<worksheet", doctype.encode() + b"<worksheet", 1))


@hostile("xlsx")
def a_shared_text_of_100_mb() -> dict[str, bytes]:
    return workbook(strings=strings(b"<si><t>" + b"x" * 100 * MB + b"</t></si>"))


@hostile("xlsx")
def millions_of_shared_texts() -> dict[str, bytes]:
    return workbook(strings=strings(b"<si><t>x</t></si>" * 3_000_000))


@hostile("xlsx")
def a_billion_laughs() -> dict[str, bytes]:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE sst [<!ENTITY l0 "laugh">{levels}]>'
    return workbook(strings=strings(b"<si><t>&l9;</t></si>", doctype))


@hostile("xlsx")
def one_entity_many_times() -> dict[str, bytes]:
    doctype = f'<!DOCTYPE sst [<!ENTITY a "{"a" * 100_000}">]>'
    return workbook(strings=strings(b"<si><t>" + b"&a;" * 100_000 + b"</t></si>", doctype))


@hostile("xlsx")
def deep_elements() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b"<row>" * 500_000 + b"</row>" * 500_000))


@hostile("xlsx")
def numbers_of_80_digits() -> dict[str, bytes]:
    row = '<row r="{0}">{1}<c r="C{0}"><v>' + "9" * 80 + "</v></c></row>"
    rows = (row.format(n, cell(f"A{n}", "Bo") + cell(f"B{n}", f"b{n}@x.org")) for n in range(3, 99))
    return workbook(sheet1=sheet("".join(rows).encode()))


@hostile("xlsx")
def a_number_of_100_000_digits() -> dict[str, bytes]:
    return workbook(sheet1=sheet(b"<row><c><v>" + b"9" * 100_000 + b"</v></c></row>"))


@hostile("xlsx")
def dates_out_of_time() -> dict[str, bytes]:
    return workbook(
        sheet1=sheet(b'<row><c s="1"><v>9e307</v></c><c s="1"><v>-5</v></c></row>' * 999)
    )


@hostile("xlsx")
def a_size_that_lies() -> bytes:
    """The archive says of a sheet of 40 MB that it has 1,000 bytes."""
    content = sheet(b"<row/>" * 7_000_000)
    out = io.BytesIO()
    zipped(out, workbook(sheet1=content))
    return out.getvalue().replace(struct.pack("<L", len(content)), struct.pack("<L", 1000))


# --- CSV -------------------------------------------------------------------------------------

HEAD = b"Name,Email,Phone,Applied on,Labels,Notes\r\n"


def rows(count: int, **cells: str) -> bytes:
    names = ("name", "email", "phone", "applied", "labels", "notes")
    usual = {"name": "Person {n}", "email": "p{n}@x.org", "phone": "+4477009{n:05}"}
    line = ",".join(f'"{(usual | cells).get(name, "")}"' for name in names) + "\r\n"
    return HEAD + "".join(line.format(n=n) for n in range(count)).encode()


@hostile("csv")
def blanks_in_phones() -> bytes:
    blanks = " " * 1300  # three runs of them: a pattern that tries all three took 14 s for a cell
    return rows(300, phone=f"1{blanks}x{blanks}{{n}}{blanks}y")  # each another: the same is known


@hostile("csv")
def blanks_in_dates() -> bytes:
    return rows(100, applied="1" + " " * 4000 + "UTC.")


@hostile("csv")
def blanks_in_every_cell() -> bytes:
    return rows(
        200, **dict.fromkeys(("name", "phone", "applied", "labels"), "x" + "\t " * 5000 + "x")
    )


@hostile("csv")
def phones_of_100_000_signs() -> bytes:
    return rows(30, phone="+1" + " ext" * 25_000)


@hostile("csv")
def emails_of_100_000_signs() -> bytes:
    return rows(30, email="a@" + "a-" * 50_000)


@hostile("csv")
def numbers_of_80_digits_as_text() -> bytes:
    return rows(300, phone="9" * 80, applied="9" * 80)


@hostile("csv")
def labels_by_the_thousand() -> bytes:
    return rows(30, labels=";".join(f"label {n}" for n in range(8_000)))


@hostile("csv")
def tags_without_an_end() -> bytes:
    return rows(30, notes="<p>" + "<a" * 50_000)


@hostile("csv")
def comments_without_an_end() -> bytes:
    return rows(30, notes="<p>" + "<!--" * 20_000)


@hostile("csv")
def one_line_without_end() -> bytes:
    return HEAD + b"x" * 30 * MB


@hostile("csv")
def a_quoted_cell_of_100_mb() -> bytes:
    return (
        HEAD
        + b'Ana,ana@x.org,,,,"'
        + b"Some text of a very long cell.\n" * (100 * MB // 31)
        + b'"\n'
    )


@hostile("csv")
def a_million_commas() -> bytes:
    return rows(3) + b"x," * 1_000_000 + b"\r\n"


@hostile("csv")
def open_quotes_in_every_line() -> bytes:
    return HEAD + b'"Ana,ana@x.org,,,,\r\n' * 300_000


@hostile("csv")
def open_quotes_now_and_then() -> bytes:
    lines = b"Bo,bo@x.org,,,,\r\n" * 20_000
    return HEAD + (b'"Ana,ana@x.org,,,,\r\n' + lines) * 60


@hostile("csv")
def letters_of_every_encoding() -> bytes:
    return HEAD + bytes(range(128, 256)) * 400_000


@hostile("csv")
def cells_without_end_in_one_line() -> bytes:
    return HEAD + b"," * 3 * MB


@hostile("csv")
def a_record_over_a_million_lines() -> bytes:
    return HEAD + b'"a\r\n",' * 6_000_000


@hostile("csv")
def an_open_quote() -> bytes:
    return HEAD + b'"Ana,' + b"Bo,bo@x.org\r\n" * 500_000


@hostile("csv")
def millions_of_blank_lines() -> bytes:
    return rows(1) + b"\r\n" * 5_000_000


@hostile("csv")
def every_other_byte_zero() -> bytes:
    return b"x\0" * 5 * MB
