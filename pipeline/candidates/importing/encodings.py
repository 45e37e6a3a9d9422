"""In which encoding a file of text is.

Two detectors are asked and outvoted where what they say makes words that nobody is called. They
get the lines that tell something, those with bytes beyond ASCII, from all over the file.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from .errors import ImportRefused
from .plausible_words import unlikely

HEAD_BYTES = 128 * 1024
BLOCK_BYTES = 1024 * 1024
LINE_BYTES = 500  # before and after the first byte that tells something
MOST_LINES = 1000  # of the first block; the later ones of a large file give fewer
MOST_WORDS = 600

# What may be chosen, in the order of the choice.
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32, little-endian",
    "utf-32-be": "UTF-32, big-endian",
    "cp1252": "Western European (Windows-1252)",
    "iso8859_15": "Western European (ISO-8859-15)",
    "mac_roman": "Western European (Mac)",
    "cp850": "Western European (DOS 850)",
    "cp437": "Western European (DOS 437)",
    "cp1250": "Central European (Windows-1250)",
    "iso8859_2": "Central European (ISO-8859-2)",
    "iso8859_16": "Romanian (ISO-8859-16)",
    "mac_latin2": "Central European (Mac)",
    "cp852": "Central European (DOS 852)",
    "cp1257": "Baltic (Windows-1257)",
    "iso8859_13": "Baltic (ISO-8859-13)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "koi8_u": "Cyrillic (KOI8-U)",
    "iso8859_5": "Cyrillic (ISO-8859-5)",
    "mac_cyrillic": "Cyrillic (Mac)",
    "cp866": "Cyrillic (DOS 866)",
    "cp1253": "Greek (Windows-1253)",
    "iso8859_7": "Greek (ISO-8859-7)",
    "mac_greek": "Greek (Mac)",
    "cp1254": "Turkish (Windows-1254)",
    "iso8859_9": "Turkish (ISO-8859-9)",
    "cp857": "Turkish (DOS 857)",
    "cp1255": "Hebrew (Windows-1255)",
    "iso8859_8": "Hebrew (ISO-8859-8)",
    "cp1256": "Arabic (Windows-1256)",
    "iso8859_6": "Arabic (ISO-8859-6)",
    "cp1258": "Vietnamese (Windows-1258)",
    "cp874": "Thai (Windows-874)",
    "gb18030": "Chinese, simplified (GBK, GB18030)",
    "big5hkscs": "Chinese, traditional (Big5)",
    "cp932": "Japanese (Shift_JIS)",
    "euc_jp": "Japanese (EUC-JP)",
    "iso2022_jp": "Japanese (ISO-2022-JP)",
    "cp949": "Korean (EUC-KR, Windows-949)",
}
# Of equals the first. An ISO encoding is the same as the Windows one but for what names lack.
LEGACY = (
    "gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1252", "cp1250", "cp1251", "cp1253",
    "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "iso8859_15", "iso8859_2",
    "iso8859_5", "iso8859_7", "iso8859_6", "iso8859_8", "iso8859_13", "iso8859_16", "iso8859_9",
    "koi8_r", "koi8_u", "cp866", "mac_cyrillic", "mac_roman", "mac_latin2", "cp850", "cp852",
    "cp437", "cp857", "mac_greek",
)  # fmt: skip
# What is often called so is more: Excel's, or a later version.
SUPERSETS = {
    "utf-8": "utf-8-sig", "ascii": "utf-8-sig", "iso8859-1": "cp1252", "shift_jis": "cp932",
    "gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs",
    "euc_kr": "cp949", "tis-620": "cp874", "iso8859-11": "cp874",
}  # fmt: skip
# What chardet calls some of them.
ASKED = [name.replace("_", "-") if name.startswith("euc") else name for name in LEGACY]
CHARDET, CHARDETNG = 0.15, 0.12  # the weight of each one's word
CLEAR = 0.13  # by how much the best one is better than the next where it is sure
GARBLED = 0.5

# UTF-8 that somebody has read as Windows-1252 and saved: "RenÃ©e".
REST = (
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a"
    "\u20ac\u2122]"
)
MOJIBAKE = re.compile(f"[ÂÃÄÅÎÏÐÑ×ØÙ]{REST}|[à-ï]{REST}{REST}")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
BEYOND_ASCII_BYTE = re.compile(rb"[\x80-\xff]")
SIGNS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
BETWEEN = re.compile(rb"[\r\n\t,;\" ]+")  # none of them is a part of a letter in any encoding
NO_TABLE = "This file is no table of text. Export the candidates as CSV or XLSX and upload that."


@dataclass(frozen=True)
class Guess:
    encoding: str
    is_sure: bool = True
    sample: bytes = b""  # lines that show whether it is right


@dataclass
class Survey:
    """What there is beyond ASCII in a file."""

    good: int = 0  # bytes beyond ASCII that are UTF-8
    bad: int = 0  # those that are not
    has_escapes: bool = False
    lines: list[bytes] = field(default_factory=list)

    @property
    def is_utf_8(self) -> bool:
        """With a damaged letter here and there. Other encodings look like it by chance only."""
        return self.bad * 6 <= self.good

    def add(self, block: bytes, most_lines: int) -> None:
        self.has_escapes = self.has_escapes or b"\x1b$" in block
        if block.isascii():
            return
        try:
            self.good += 2 * (len(block) - len(block.decode()))
        except UnicodeDecodeError:
            text = block.decode("utf-8", "replace")
            bad = text.count("\ufffd") - block.count("\ufffd".encode())
            self.bad += bad
            self.good += sum(len(found.encode()) for found in BEYOND_ASCII.findall(text)) - 3 * bad
        self.lines += islice(telling_lines(block), most_lines)

    def sample(self) -> bytes:
        """Some of the lines, from all over the file."""
        lines = list(dict.fromkeys(self.lines))
        return b"\n".join(lines[:: 1 + len(lines) // MOST_LINES])


def encoding_of(path: Path, wanted: str = "") -> Guess:
    """The encoding of the whole file, or what is wanted. Raises ImportRefused for no text."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    wide = wide_encoding_of(head)
    is_wide = bool(wide) or wanted.startswith(("utf-16", "utf-32"))
    if is_wide:
        return Guess(wanted or wide)
    if len(SIGNS.findall(head)) > len(head) / 200 or head.count(0) > len(head) / 20:
        raise ImportRefused(NO_TABLE)
    survey = survey_of(path)
    sample = survey.sample()
    if wanted:
        return Guess(wanted, sample=sample)
    if survey.has_escapes and not survey.lines and b"\x1b$" in head:
        return Guess("iso2022_jp")
    if survey.is_utf_8:
        return Guess("utf-8-sig", sample=sample)
    return replace(best_of(sample), sample=sample)


def codec_named(name: str) -> str:
    """The encoding that somebody calls so, in whatever spelling; empty for one that isn't read."""
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return ""
    codec = SUPERSETS.get(codec, codec)
    return next((known for known in ENCODINGS if codecs.lookup(known).name == codec), "")


def wide_encoding_of(head: bytes) -> str:
    """UTF-32 or UTF-16, by its mark or by where its zeros are; empty for any other."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = [head[at::4].count(0) / max(1, len(head) / 4) for at in range(4)]
    if min(zeros[2:]) > 0.9 and zeros[0] < 0.1:
        return "utf-32-le"
    if min(zeros[:2]) > 0.9 and zeros[3] < 0.1:
        return "utf-32-be"
    # Of digits, line ends and delimiters every other byte is zero.
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if max(even, odd) < 0.2 or min(even, odd) > max(even, odd) / 20:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def survey_of(path: Path) -> Survey:
    found = Survey()
    most = MOST_LINES
    for block in blocks_of(path):
        found.add(block, most)
        most = max(20, most * 3 // 4)
    return found


def telling_lines(block: bytes) -> Iterator[bytes]:
    """Those with bytes beyond ASCII; of very long ones a part."""
    at = 0
    while found := BEYOND_ASCII_BYTE.search(block, at):
        start, end = found.start() - LINE_BYTES, found.start() + LINE_BYTES
        start = max(at, start, block.rfind(b"\n", max(0, start), found.start()) + 1)
        at = block.find(b"\n", found.start(), end)
        at = end if at < 0 else at
        yield block[start:at]


def blocks_of(path: Path) -> Iterator[bytes]:
    """Whole lines, so that no letter is cut; but of a line that doesn't end, a part."""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block + file.readline(BLOCK_BYTES)


def best_of(sample: bytes) -> Guess:
    """The encoding in which the words are most like words, and the detectors' choice of such."""
    # Here, as every other process would spend 0.2 s on them: the fork server has them already.
    import chardet
    import chardetng_py

    words = telling_words(sample)
    its = chardet.detect(sample, prefer_superset=True, include_encodings=ASKED)["encoding"]
    said = [(its, CHARDET), (chardetng_py.detect(sample), CHARDETNG)]
    votes = [(words.decode(name, "replace"), weight) for name, weight in said if known(name)]
    tried: list[tuple[float, str, str]] = []
    for place, codec in enumerate(("utf-8-sig", *LEGACY)):
        text = words.decode(codec, "replace")
        cost = unlikely(text, codec) - sum(weight for vote, weight in votes if vote == text)
        tried.append((cost + place / 10_000, codec, text))
    tried.sort()
    cost, codec, text = tried[0]
    others = (other for other, _, differently in tried if differently != text)
    return Guess(codec, is_sure=next(others) - cost > CLEAR and cost < GARBLED)


def telling_words(sample: bytes) -> bytes:
    words = list(dict.fromkeys(w for w in BETWEEN.split(sample) if not w.isascii()))
    return b"\n".join(words[:: 1 + len(words) // MOST_WORDS])


def known(name: str | None) -> bool:
    try:
        return bool(name and codecs.lookup(name))
    except LookupError:
        return False


def looks_garbled(text: str) -> bool:
    """Whether there are signs that could not be read, or what two encodings make of a letter."""
    return "\ufffd" in text or bool(MOJIBAKE.search(text))
