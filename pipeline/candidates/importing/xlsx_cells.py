"""What stands in a cell of a workbook: texts, numbers and dates as a person sees them in Excel."""

import re
from array import array
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite

from .errors import ImportRefused
from .xlsx_package import TOO_LARGE, Package, fed, local, safe_parser

CELL_CHARACTERS = 4 * 1024**2  # no cell has more: Excel's limit is 32,767
SHARED_TEXT_BYTES = 300 * 1024**2  # of the part with the texts, which are held in memory
MOST_STYLES = 100_000
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
ERRORS = frozenset(
    {
        "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
        "#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#GETTING_DATA", "#PYTHON!",
    }
)  # fmt: skip
ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
LAST_DAY = 2_958_466  # of the year 9999


class SharedTexts:
    """The texts that cells name by number, in one block: a list of them takes thrice as much."""

    def __init__(self) -> None:
        self.block = bytearray()
        self.ends = array("Q", [0])

    def add(self, text: str) -> None:
        self.block += text.encode("utf-8", "surrogatepass")
        self.ends.append(len(self.block))

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self.ends) - 1:
            return ""
        found = self.block[self.ends[number] : self.ends[number + 1]]
        return found.decode("utf-8", "replace")


def shared_texts(package: Package, workbook: str) -> SharedTexts:
    """Empty where a workbook has none."""
    texts = SharedTexts()
    part = package.linked(workbook, "sharedStrings", r"sharedstrings\d*\.xml$")
    if not part:
        return texts
    if package.size(part) > SHARED_TEXT_BYTES:
        raise ImportRefused(TOO_LARGE)
    parser = safe_parser()
    pieces: list[str] = []
    names: dict[str, str] = {}
    length = phonetic = 0

    def text(data: str) -> None:
        nonlocal length
        length += len(data)
        if length > CELL_CHARACTERS:
            raise ImportRefused(too_long("A cell"))
        pieces.append(data)

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal length, phonetic
        name = names.get(tag) or names.setdefault(tag, local(tag)[:40])
        if name == "si":
            pieces.clear()
            length = 0
        elif name == "rPh":  # how it is pronounced: not a part of the text
            phonetic += 1
        elif name == "t" and not phonetic:
            parser.CharacterDataHandler = text

    def end(tag: str) -> None:
        nonlocal phonetic
        parser.CharacterDataHandler = None
        name = names[tag]
        if name == "si":
            texts.add(unescaped("".join(pieces)))
        elif name == "rPh":
            phonetic -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    with package.open(part) as file:
        for _ in fed(parser, file):
            pass
    return texts


def too_long(where: str) -> str:
    return (
        f"{where} has more than {CELL_CHARACTERS:,} characters. Shorten it, or leave its column "
        "out."
    )


def unescaped(text: str) -> str:
    """As Excel writes what XML can't hold: "_x000D_" is a line's end."""
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


@dataclass
class Styles:
    """Which styles of cells show a number as a date, and which with zeros before it."""

    dates: set[str] = field(default_factory=set)
    widths: dict[str, int] = field(default_factory=dict)
    from_1904: bool = False

    def shown(self, value: str, style: str) -> str:
        """A number as it is seen, in the form that is the same everywhere."""
        if style in self.dates:
            return date_of(value, self.from_1904)
        if value.isdecimal() and len(value) < 16:
            return value.zfill(self.widths.get(style, 0)) if self.widths else value
        return number_of(value).zfill(self.widths.get(style, 0))


def styles_of(package: Package, workbook: str, from_1904: bool) -> Styles:
    styles = Styles(from_1904=from_1904)
    formats: dict[str, str] = {}
    is_in_cells, number = False, 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal is_in_cells, number
        name = local(tag)
        if name == "numFmt" and len(formats) < MOST_STYLES:
            formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:255]
        elif name in ("cellXfs", "cellStyleXfs", "dxfs", "cellStyles"):
            is_in_cells = name == "cellXfs"
        elif name == "xf" and is_in_cells and number < MOST_STYLES:
            its_format = attributes.get("numFmtId", "0")
            code = formats.get(its_format)
            if is_date(code) if code is not None else its_format in BUILT_IN_DATES:
                styles.dates.add(str(number))
            elif code and len(code) > 1 and not code.strip("0"):
                styles.widths[str(number)] = len(code)
            number += 1

    package.parse(package.linked(workbook, "styles", r"styles\d*\.xml$"), start)
    return styles


BUILT_IN_DATES = frozenset(map(str, DATE_FORMATS))


def is_date(code: str) -> bool:
    """Whether a format has days, months, years, hours or seconds outside of quotes."""
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', "", code.lower())
    return "general" not in bare and bool(re.search("[dmyhs]", bare))


def number_of(value: str) -> str:
    """Whole ones without a point; with the 15 digits that Excel has."""
    try:
        number = float(value)
    except ValueError:
        return value
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.15g}" if isfinite(number) else value


def date_of(value: str, from_1904: bool) -> str:
    try:
        days = float(value)
    except ValueError:
        return value
    if from_1904:
        days += 1462
    if not 0 <= days < LAST_DAY:
        return number_of(value)
    if days < 1:
        return (datetime(1900, 1, 1) + whole_seconds(days)).time().isoformat()  # noqa: DTZ001
    first = datetime(1899, 12, 31 if days < 60 else 30)  # noqa: DTZ001  Excel: 1900 has a leap day
    found = first + whole_seconds(days)
    return str(found.date()) if days.is_integer() else str(found)


def whole_seconds(days: float) -> timedelta:
    return timedelta(seconds=round(days * 86_400))
