"""How unlikely words are as people's: what gives away text that is read in a wrong encoding."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise

# The letters beyond a to z of the languages that are written with them.
LATIN = [
    frozenset(letters)
    for letters in (
        "äöüß", "àâæçéèêëîïôœùûüÿñ", "áéíóúüñçïàèòºª", "áâãàçéêíóôõúü", "àèéìíîòóùú",
        "åäöéüà", "æøåéèêóòôäö", "áðéíóúýþæö", "ąćęłńóśźż", "áčďéěíňóřšťúůýžäľĺŕô",
        "áéíóöőúüű", "ăâîșțşţ", "čćđšž", "ąčęėįšųūž", "āčēģīķļņšūžŗ", "äöõüšž", "çğıöşüâîû", "ëç",
        "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
        "áéíóúàèìòùâêîôûŵŷẁẃẅỳý", "áéíóúġċħżà",
    )
]  # fmt: skip
CYRILLIC = [
    frozenset(letters)
    for letters in (
        "абвгдежзийклмнопрстуфхцчшщъыьэюяё", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        "абвгдђежзијклљмнњопрстћуфхцчџш", "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
        "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    )
]  # fmt: skip
ALPHABETS = {"LATIN": LATIN, "CYRILLIC": CYRILLIC}
CJK = ("CJK", "HIRAGANA", "KATAKANA", "HALFWIDTH", "IDEOGRAPHIC", "BOPOMOFO")
SEPARATORS = re.compile(r"[\s,;|\"'@./()\-_:&+<>=\[\]]+")
USUAL_SIGNS = frozenset("’‘´·–—“”«»„…№°ºª")
NEVER = ("Cc", "Cn", "Co", "Cs")
WRONG, ODD, SLIGHT = 2.0, 1.0, 0.3


def unlikely(text: str, codec: str) -> float:
    """0 for words as people have them, 1 and more for garbled ones, on average of the words."""
    words = {word for word in SEPARATORS.split(text) if word and not word.isascii()}
    if not words:
        return 9.0
    cost = sum(cost_of(word, codec) for word in words) / len(words)
    return cost + mixture(words)


def mixture(words: Iterable[str]) -> float:
    """Of words of many languages a little: most files are of one."""
    letters = [set(foreign_letters(word)) for word in words]
    if any(script(c) not in ALPHABETS for found in letters for c in found):
        return 0.0
    best = max(sum(found <= known for found in letters) for known in (*LATIN, *CYRILLIC))
    return 0.15 * (1 - best / len(letters)) if best else 0.0


def cost_of(word: str, codec: str) -> float:
    letters = [c for c in word if c.isalpha()]
    scripts = {script(c) for c in letters}
    cost = sum(cost_of_sign(word, at, codec) for at, c in enumerate(word) if not c.isascii())
    cost += WRONG if len(scripts) > 1 else 0
    cost += WRONG if has_capital_inside(word) else 0
    if cost < 1.5 and len(scripts) == 1:
        known = ALPHABETS.get(next(iter(scripts)))
        foreign = set(foreign_letters(word))
        cost += ODD if known and not any(foreign <= alphabet for alphabet in known) else 0
    if rare := RARE.get(codec):
        asian = [c for c in letters if not c.isascii()]
        cost += 0.6 * sum(map(rare, asian)) / len(asian) if asian else 0
    return cost + (0.2 if len(word) == 1 and scripts & ALPHABETS.keys() else 0)


def cost_of_sign(word: str, at: int, codec: str) -> float:
    sign = word[at]
    kind = unicodedata.category(sign)
    if sign == "\ufffd" or kind in NEVER:
        return 3.0
    if kind in ("Mn", "Mc", "Cf"):
        if at == 0:
            return WRONG
        pair = word[at - 1 : at + 1]
        is_vain = codec == "cp1258" and unicodedata.normalize("NFC", pair) == pair
        return ODD if is_vain else 0.0
    if sign.isalpha():
        return 0.0
    return SLIGHT if len(word) == 1 or sign in USUAL_SIGNS else WRONG


def has_capital_inside(word: str) -> bool:
    """As "JÃ¼rgen" has, and no capitalized or shouted word, nor McDonald."""
    pairs = pairwise(word)
    return not word.isupper() and any(
        a.isalpha() and b.isupper() and not (a + b).isascii() for a, b in pairs
    )


def foreign_letters(word: str) -> Iterable[str]:
    whole = unicodedata.normalize("NFC", word).lower()
    return (c for c in whole if c.isalpha() and not c.isascii())


@lru_cache(maxsize=50_000)
def script(letter: str) -> str:
    first = unicodedata.name(letter, "").split(" ")[0].split("-")[0]
    return "CJK" if first in CJK else first


def beyond(codec: str, last_lead: int, kana: bool = False) -> Callable[[str], bool]:
    """Whether a sign is none of the common ones, which the older standards have first."""

    def is_rare(letter: str) -> bool:
        name = unicodedata.name(letter, "")
        if kana and name.startswith(("HIRAGANA", "KATAKANA")):
            return False
        if not name.startswith("HANGUL" if codec == "euc_kr" else "CJK"):
            return True
        try:
            encoded = letter.encode(codec)
        except UnicodeEncodeError:
            return True
        return len(encoded) > 2 or encoded[0] > last_lead

    return lru_cache(maxsize=50_000)(is_rare)


RARE = {
    "gb18030": beyond("gb2312", 0xD7),
    "big5hkscs": beyond("big5", 0xC6),
    "cp932": beyond("euc_jp", 0xCF, kana=True),
    "euc_jp": beyond("euc_jp", 0xCF, kana=True),
    "cp949": beyond("euc_kr", 0xC8),
}
