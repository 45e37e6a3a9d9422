"""E-mail addresses and phone numbers in their one form, however somebody has written them."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES as UNDELIVERABLE
from email_validator import EmailNotValidError, validate_email

from pipeline.foundation.normal_forms import normalized

LONGEST_EMAIL = 254
# Most addresses; the library, which takes a tenth of a millisecond for each, says the same of them.
PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:['.][a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
)
LONGEST_LABEL = 63
RESERVED = tuple(f".{name}" for name in UNDELIVERABLE if name != "test")

# Blanks are counted: what begins with "any number of them" looks from each of them to the last.
EXTENSION = re.compile(
    r"[\s,;]{0,9}(?:extension|ext|extn|x|#)[\s.:=]{0,9}\d{1,7}\s{0,9}$", re.IGNORECASE
)
# "Mob: 07700 900076", "07700 900077 (after 6pm)"
KIND_OF_PHONE = re.compile(
    r"^(?:mobile|mob|cell|telephone|tel|phone|whatsapp|home|work|office|landline|main|m|t|p|c|h|w)"
    r"(?:\s(?:no|number|phone))?[\s.:]{1,9}(?=[+(0-9])",
    re.IGNORECASE,
)
REMARK = re.compile(r"\s{0,9}\((?=[^()]*[^\W\d_])[^()]{1,60}\)\s{0,9}$")
WHOLE_AS_FLOAT = re.compile(r"(\d{5,17})\.0{1,3}")
SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?E\+?(\d{1,2})", re.IGNORECASE)


@lru_cache(maxsize=10_000)
def normal_email(written: str) -> str:
    """An e-mail address in lower case, its domain in Unicode ("müller.example"); empty for none.

    The rules are email-validator's. Whether mail arrives there is not asked.
    """
    written = written.lower()
    if len(written) > LONGEST_EMAIL:
        return ""
    if PLAIN_EMAIL.fullmatch(written) and "xn--" not in written and is_plain_enough(written):
        return written
    try:
        found = validate_email(written, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return ""
    address = found.normalized.lower()
    return address if len(address) <= LONGEST_EMAIL else ""


def is_plain_enough(address: str) -> bool:
    """Whether an address of the usual characters is within the lengths and not reserved."""
    local, _, domain = address.partition("@")
    labels = domain.split(".")
    return (
        len(local) <= 64
        and max(map(len, labels)) <= LONGEST_LABEL
        and not any(label[2:4] == "--" for label in labels)
        and not f".{domain}".endswith(RESERVED)
    )


@lru_cache(maxsize=100_000)
def normal_phone(written: str, region: str) -> str:
    """E.164 of one number of 8 to 15 digits, or nothing.

    `region` is the two-letter country of numbers without a country code; empty: they are unusable.
    Whether the number was ever given to anybody is not asked.
    """
    written = normalized("NFKC", written).strip().lstrip("'").removeprefix("tel:")
    written = REMARK.sub("", KIND_OF_PHONE.sub("", EXTENSION.sub("", written)))
    written = whole_number(written)
    if any(letter.isalpha() for letter in written):
        return ""
    is_international = written.startswith(("+", "00", "(+", "(00"))
    if is_international:
        written = written.replace("(0)", "")
    digits = "".join(str(unicodedata.digit(c)) for c in written if c.isdigit())
    if is_international:
        digits = digits.removeprefix("00")
    elif not region:
        return ""
    return e164(digits, "" if is_international else region)


def whole_number(written: str) -> str:
    """What a spreadsheet has made a number of, as its digits: "447700900061.0", "4.4770090E+11"."""
    if whole := WHOLE_AS_FLOAT.fullmatch(written):
        return whole[1]
    if (found := SCIENTIFIC.fullmatch(written)) and not is_rounded(written):
        return (found[1] + (found[2] or "")).ljust(int(found[3]) + 1, "0")
    return written


def is_rounded(written: str) -> bool:
    """Whether a spreadsheet has kept only the first digits of a number: "4.47701E+11".

    One that ends in zeros by itself can't be told from a rounded one, so it counts as one.
    """
    found = SCIENTIFIC.fullmatch(written.strip())
    return found is not None and len(found[2] or "") < int(found[3])


def e164(digits: str, region: str) -> str:
    if not 5 <= len(digits) <= 17:
        return ""
    try:
        number = phonenumbers.parse(digits if region else f"+{digits}", region or None)
        full = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        full = "" if region else f"+{digits}"  # a country code that nobody has, kept as written
    return full if 8 <= len(full) - 1 <= 15 else ""
