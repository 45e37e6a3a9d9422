"""Workbooks as other programs write them, and that Excel opens."""

from collections.abc import Callable, Iterable
from pathlib import Path

from .hostile import MAIN, OFFICE, cell, sheet, strings, workbook, zipped

STRICT = "http://purl.oclc.org/ooxml"
PEOPLE = [("Uma Rao", "uma@example.com"), ("Kwame Osei", "kwame@example.com")]
Parts = dict[str, bytes]
ODD: dict[str, Callable[[], Parts]] = {}


def odd(make: Callable[[], Parts]) -> Callable[[], Parts]:
    ODD[make.__name__] = make
    return make


def row(number: int, *cells: str, more: str = "") -> str:
    """A row of cells; those that begin with "<" are XML already."""
    made = (
        text if text.startswith("<") else cell(f"{'ABCDEFGH'[at]}{number}", text)
        for at, text in enumerate(cells)
        if text
    )
    return f'<row r="{number}"{more}>{"".join(made)}</row>'


def of_rows(rows: Iterable[str], after: str = "") -> bytes:
    body = sheet(before=row(1, "Name", "Email", "Phone", "Notes") + "".join(rows))
    return body.replace(b"</sheetData>", b"</sheetData>" + after.encode())


def people() -> bytes:
    return of_rows(row(n, *person) for n, person in enumerate(PEOPLE, 2))


def shared() -> Parts:
    """Its texts are shared ones."""
    texts = ["Name", "Email", *(text for person in PEOPLE for text in person)]
    rows = "".join(
        f'<row r="{n + 1}"><c r="A{n + 1}" t="s"><v>{2 * n}</v></c>'
        f'<c r="B{n + 1}" t="s"><v>{2 * n + 1}</v></c></row>'
        for n in range(3)
    )
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return workbook(sheet1=sheet(before=rows), strings=strings(items.encode()))


def renamed(parts: Parts, old: str, new: str) -> Parts:
    return {name.replace(old, new): content for name, content in parts.items()}


def replaced(parts: Parts, old: str, new: str) -> Parts:
    return {name: text.replace(old.encode(), new.encode()) for name, text in parts.items()}


@odd
def strict() -> Parts:
    parts = replaced(shared(), MAIN, f"{STRICT}/spreadsheetml/main")
    return replaced(parts, OFFICE, f"{STRICT}/officeDocument/relationships")


@odd
def other_case() -> Parts:
    return renamed(shared(), "sharedStrings", "SHAREDSTRINGS")


@odd
def folders_in_other_case() -> Parts:
    return renamed(shared(), "xl/worksheets", "XL/WorkSheets")


@odd
def other_names() -> Parts:
    parts = renamed(shared(), "workbook.xml", "workbook2.xml")
    return replaced(parts, "xl/workbook.xml", "xl/workbook2.xml")


@odd
def another_folder() -> Parts:
    parts = renamed(shared(), "xl/", "book/")
    return replaced(parts, "xl/workbook.xml", "book/workbook.xml")


@odd
def absolute_targets() -> Parts:
    return replaced(shared(), 'Target="worksheets/', 'Target="/xl/worksheets/')


@odd
def backslashes() -> Parts:
    parts = shared()
    return {name.replace("/", "\\"): content for name, content in parts.items()}


@odd
def backslashes_in_targets() -> Parts:
    return replaced(shared(), "worksheets/sheet1.xml", "worksheets\\sheet1.xml")


@odd
def no_relationships() -> Parts:
    parts = workbook(sheet1=people())
    return {name: text for name, text in parts.items() if not name.endswith(".rels")}


@odd
def small_letters_in_references() -> Parts:
    return replaced(replaced(shared(), 'r="A', 'r="a'), 'r="B', 'r="b')


@odd
def empty_fill() -> Parts:
    return replaced(shared(), "<fill><patternFill/></fill>", "<fill></fill><fill/>")


@odd
def no_styles() -> Parts:
    return {name: text for name, text in shared().items() if "styles" not in name}


@odd
def no_shared_texts() -> Parts:
    parts = workbook(sheet1=people())
    del parts["xl/sharedStrings.xml"]
    return parts


@odd
def prefixed_tags() -> Parts:
    parts = shared()
    for old, new in (
        (b"<", b"<x:"),
        (b"<x:/", b"</x:"),
        (b"<x:?", b"<?"),
        (b"xmlns=", b"xmlns:x="),
    ):
        text = parts["xl/worksheets/sheet1.xml"].replace(old, new)
        parts["xl/worksheets/sheet1.xml"] = text
    return parts


@odd
def no_references() -> Parts:
    parts = shared()
    for at in "AB":
        for n in range(1, 4):
            parts = replaced(parts, f' r="{at}{n}"', "")
    return parts


@odd
def escaped_line_ends() -> Parts:
    parts = workbook(sheet1=people())
    return replaced(parts, "Uma Rao", "Uma_x0020_Rao")


@odd
def wrong_dimension() -> Parts:
    return replaced(shared(), "<sheetData>", '<dimension ref="A1"/><sheetData>')


@odd
def utf_16() -> Parts:
    parts = shared()
    text = parts["xl/worksheets/sheet1.xml"].decode().replace("?>", ' encoding="UTF-16"?>')
    parts["xl/worksheets/sheet1.xml"] = text.encode("utf-16")
    return parts


@odd
def pronunciations() -> Parts:
    return replaced(shared(), "<t>Uma Rao</t>", "<r><t>Uma</t></r><r><t> Rao</t></r>"
                    "<rPh sb='0' eb='1'><t>YU</t></rPh>")  # fmt: skip


def write(path: Path, parts: Parts) -> Path:
    zipped(path, parts)
    return path
