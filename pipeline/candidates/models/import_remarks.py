"""What reading a file came upon: sentences for the import's page and for the command."""

from typing import Any

from .attributes import LONGEST

# By what was found: the sentence for one, and for more.
SENTENCES = {
    "unreadable": (
        "1 row holds characters that could not be read",
        "{count} rows hold characters that could not be read",
    ),
    "garbled": (
        "1 row holds letters that look garbled in the file itself, like “Ã©” for “é”",
        "{count} rows hold letters that look garbled in the file itself, like “Ã©” for “é”",
    ),
    "nuls": ("1 zero byte was dropped", "{count} zero bytes were dropped"),
    "open_quotes": (
        "In 1 row a quotation mark opens and never closes; the row ends with its line",
        "In {count} rows a quotation mark opens and never closes; each ends with its line",
    ),
    "cut": (
        f"1 cell was longer than {LONGEST:,} characters and was cut",
        f"{{count}} cells were longer than {LONGEST:,} characters and were cut",
    ),
    "errors": (
        "1 cell with an error, such as #N/A, was read as empty",
        "{count} cells with an error, such as #N/A, were read as empty",
    ),
    "merged": (
        "1 row took values from merged cells above it",
        "{count} rows took values from merged cells above them",
    ),
    "date_unreadable": (
        "1 date could not be read and is kept as text",
        "{count} dates could not be read and are kept as text",
    ),
    "phone_unreadable": (
        "1 phone number could not be read and is kept as text",
        "{count} phone numbers could not be read and are kept as text",
    ),
    "email_unreadable": (
        "1 e-mail address could not be read and is kept as text",
        "{count} e-mail addresses could not be read and are kept as text",
    ),
    "name_cut": ("1 name was too long and was cut", "{count} names were too long and were cut"),
    "source_cut": (
        "1 source was too long and was cut",
        "{count} sources were too long and were cut",
    ),
    "label_cut": (
        "In 1 row a label had more than 60 characters and was cut",
        "In {count} rows a label had more than 60 characters and was cut",
    ),
    "under_no_heading": (
        "In 1 row a value under a blank heading was left out",
        "In {count} rows a value under a blank heading was left out",
    ),
    "opt_out_unclear": (
        "1 row says neither yes nor no to an opt-out, so its candidate counts as opted out",
        "{count} rows say neither yes nor no to an opt-out, so their candidates count as opted out",
    ),
    "other_name": (  # see importing/identity.py
        "1 row shares an address or number with another name: one candidate keeps both names",
        "{count} rows share an address or number with another name: one candidate keeps all names",
    ),
    "hidden_rows": ("1 hidden row was left out", "{count} hidden rows were left out"),
}


def remarks_of(layout: dict[str, Any], counts: dict[str, Any]) -> list[str]:
    findings = counts.get("findings", {})
    found = [sentence_of(what, **findings[what]) for what in SENTENCES if what in findings]
    if opted_out := counts.get("opted_out"):
        people = "1 candidate is" if opted_out == 1 else f"{opted_out:,} candidates are"
        found.append(f"{people} opted out of messages or calls, as the file says.")
    if not layout.get("is_sure", True):
        found.append(
            "The file does not tell its encoding for sure: look at a few names, and choose"
            " another encoding if they are wrong."
        )
    return [*found, *map(left_out, others_of(layout))]


def sentence_of(what: str, count: int, rows: list[int]) -> str:
    single, plural = SENTENCES[what]
    named = ", ".join(f"{row:,}" for row in rows)
    more = ", …" if count > len(rows) and len(rows) > 9 else ""
    where = f"{'row' if len(rows) == 1 else 'rows'} {named}{more}"
    return f"{single if count == 1 else plural.format(count=f'{count:,}')}: {where}."


def others_of(layout: dict[str, Any]) -> list[dict[str, Any]]:
    """The sheets with rows that were not chosen."""
    sheets = layout.get("sheets", [])
    return [sheet for sheet in sheets if sheet["name"] != layout["sheet"] and sheet["rows"]]


def left_out(sheet: dict[str, Any], is_done: bool = True) -> str:
    rows, kind = sheet["rows"], "the hidden sheet" if sheet["is_hidden"] else "sheet"
    verb = ("was" if rows == 1 else "were") if is_done else "will"
    rest = "imported" if is_done else "be imported"
    return f"{rows:,} row{'s' * (rows != 1)} of {kind} “{sheet['name']}” {verb} not {rest}."
