"""How much an import may make of one candidate: what lists can bear, and nothing is cut unsaid."""

import csv
import io
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from pipeline.candidates.importing import identity, staging
from pipeline.candidates.importing.cleaning import name_key
from pipeline.candidates.importing.identity import OTHER_EMAILS, OTHER_PHONES, known_lines
from pipeline.candidates.importing.people import Person
from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.models.attributes import (
    LARGEST,
    LONGEST,
    MOST,
    MOST_OTHERS,
    TOO_MANY,
    why_too_much,
)
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.candidates.models.import_reasons import REASONS

from .conftest import ImportRows

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "+447700900001"


def rejected(imported: CandidateImport) -> list[tuple[str, str]]:
    """Record and reason of each rejected row, as its file has them."""
    text = imported.rejected.open().read().decode("utf-8-sig")
    return [(row["Record"], row["Reason"]) for row in csv.DictReader(io.StringIO(text))]


def known(opening: Opening, **columns: Any) -> Candidate:
    place = {"workspace": opening.workspace, "opening": opening, "folder": opening.inbox}
    return Candidate.objects.create(**place, **columns)


# --- who is who ---


def test_what_a_candidate_is_known_by_grows_with_the_sum_and_not_the_product() -> None:
    emails = ", ".join(f"a{n}@x.org" for n in range(2000))
    phones = ", ".join(f"+4477009{n:05}" for n in range(2000))

    tracemalloc.start()
    try:
        lines = list(known_lines(1, "ana@x.org", PHONE, "Ana Ruiz", emails, phones))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(lines) <= 4002
    assert peak < 20_000_000
    assert {email for _, email, _, _ in lines} == {"ana@x.org", *emails.split(", ")}
    assert {phone for _, _, phone, _ in lines} == {PHONE, *phones.split(", ")}


def each_with_each(
    pk: int, email: str, phone: str, name: str, emails: str | None, phones: str | None
) -> Iterator[tuple[int, str, str, str]]:
    """The slow way, to compare with."""
    for one_email in dict.fromkeys([email, *filter(None, (emails or "").split(", "))]):
        for one_phone in dict.fromkeys([phone, *filter(None, (phones or "").split(", "))]):
            yield pk, one_email, one_phone, name_key(name)


def targets(opening: Opening, rows: list[Person]) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        staging.create()
        staging.copy((number, person, None) for number, person in enumerate(rows, 1))
        identity.find_people(opening.pk)
        cursor.execute("SELECT record, target, is_guest FROM row_target ORDER BY record")
        return list(cursor.fetchall())


def test_people_are_found_as_if_each_address_had_been_paired_with_each_number(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(11)
    names = ["Ana Ruiz", "A. Ruiz", "Ana María Ruiz", "Bo Li"]
    emails, phones = [f"p{n}@x.org" for n in range(6)], [f"+44770090000{n}" for n in range(5)]

    def some(values: list[str]) -> list[str]:
        return dice.sample(values, dice.randint(0, 3))

    for _ in range(25):
        Candidate.objects.all().delete()
        free = dice.sample(emails, 3)
        for name in dice.sample(names, 3):
            others = {OTHER_EMAILS: ", ".join(some(emails)), OTHER_PHONES: ", ".join(some(phones))}
            email = dice.choice([free.pop(), ""])
            phone = dice.choice([*phones, ""])
            given = {key: value for key, value in others.items() if value}
            known(opening, full_name=name, email=email, phone=phone, attributes=given)
        rows = []
        for _ in range(5):
            email, phone = dice.choice([*emails, ""]), dice.choice(phones)
            rows.append(Person(email=email, phone=phone, full_name=dice.choice(names)))

        found = targets(opening, rows)
        with monkeypatch.context() as patched:
            patched.setattr(identity, "known_lines", each_with_each)
            expected = targets(opening, rows)

        assert found == expected


# --- limits of one row ---


def test_a_text_that_is_too_long_is_cut_and_the_result_says_so(import_rows: ImportRows) -> None:
    imported = import_rows("Name,Email,Notes", ("Ana", "a@x.org", "n" * (LONGEST + 1)))

    assert Candidate.objects.get().attributes["Notes"] == "n" * LONGEST
    assert imported.counts["findings"] == {"cut": {"count": 1, "rows": [2]}}


@pytest.mark.parametrize(
    ("headings", "row", "code"),
    [
        (
            "Name,Email,Phone",
            ("Ana", "; ".join(f"a{n}@x.org" for n in range(MOST_OTHERS + 2)), PHONE),
            "too_many_emails",
        ),
        (
            "Name,Email,A,B,C,D,E,F",
            ("Ana", "a@x.org", *(letter * LONGEST for letter in "abcdef")),
            "attributes_too_large",
        ),
    ],
)
def test_a_row_of_too_much_is_rejected_and_the_file_says_what_to_do(
    headings: str, row: tuple[str, ...], code: str, import_rows: ImportRows
) -> None:
    width = len(headings.split(","))
    plain = ["Bo", "bo@x.org", *["fine"] * (width - 2)]

    imported = import_rows(headings, row, plain)

    assert imported.counts["reasons"] == {code: 1}
    assert rejected(imported) == [("1", REASONS[code])]
    assert [one.full_name for one in Candidate.objects.all()] == ["Bo"]


# --- limits of what comes together ---


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("Test Test", "t{n}@x.org", PHONE), "too_many_other_emails"),
        (("Test Test", "t@x.org", "+4477009{n:05}"), "too_many_other_phones"),
    ],
)
def test_people_whom_too_much_would_make_one_are_rejected_and_counted_nowhere_else(
    row: tuple[str, ...], code: str, import_rows: ImportRows
) -> None:
    rows = [[cell.format(n=n) for cell in row] for n in range(MOST_OTHERS + 2)]

    imported = import_rows("Name,Email,Phone", ("Bo", "bo@x.org", "bad"), ("", "", ""), *rows)

    assert imported.counts["reasons"] == {code: len(rows)}
    assert (imported.counts["repeats"], imported.counts["repeat_email"]) == (0, 0)
    assert (imported.counts["new"], imported.counts["valid"], imported.counts["rejected"]) == (
        1, 1, len(rows),
    )  # fmt: skip
    assert rejected(imported) == [(str(n), REASONS[code]) for n in range(3, 3 + len(rows))]
    assert [one.full_name for one in Candidate.objects.all()] == ["Bo"]


def test_as_many_as_the_limit_says_are_one_person(import_rows: ImportRows) -> None:
    rows = [("Ana Ruiz", f"t{n}@x.org", PHONE) for n in range(MOST_OTHERS + 1)]

    imported = import_rows("Name,Email,Phone", *rows)

    ana = Candidate.objects.get()
    assert imported.counts["rejected"] == 0
    assert len(ana.attributes[OTHER_EMAILS].split(", ")) == MOST_OTHERS


@pytest.mark.parametrize(
    ("full", "code"),
    [
        ({f"Attribute {n}": "x" for n in range(MOST)}, "too_many_attributes"),
        ({f"Notes {n}": "x" * (LARGEST // 5 - 25) for n in range(5)}, "attributes_too_large"),
    ],
)
def test_a_candidate_does_not_grow_beyond_the_limits_by_import_after_import(
    full: dict[str, str], code: str, opening: Opening, import_rows: ImportRows
) -> None:
    ana = known(opening, full_name="Ana", email="a@x.org", attributes=full)
    bo = known(opening, full_name="Bo", email="b@x.org")

    shift = "Night" * 20
    imported = import_rows("Name,Email,Shift", ("Ana", "a@x.org", shift), ("Bo", "b@x.org", shift))

    ana.refresh_from_db()
    bo.refresh_from_db()
    assert imported.counts["reasons"] == {code: 1}
    assert (ana.attributes, bo.attributes) == (full, {"Shift": shift})
    assert imported.candidates.count() == 1


@pytest.mark.parametrize(
    "more",
    [
        {f"Attribute {n}": "x" for n in range(2, MOST + 5)},
        {f"Notes {n}": "x" * LONGEST for n in range(4)},
        {OTHER_EMAILS: ", ".join(f"a{n}@x.org" for n in range(MOST_OTHERS + 5))},
        {OTHER_PHONES: ", ".join(f"+4477009{n:05}" for n in range(MOST_OTHERS + 5))},
    ],
    ids=["number", "size", "e-mails", "phones"],
)
def test_who_had_more_before_there_was_a_limit_is_still_brought_up_to_date(
    more: dict[str, str], opening: Opening, import_rows: ImportRows
) -> None:
    full = {"Attribute 1": "xx", **more}
    ana = known(opening, full_name="Ana", email="a@x.org", attributes=full)

    imported = import_rows("Name,Email,Source,Attribute 1", ("Ana", "a@x.org", "Fair", "y"))

    ana.refresh_from_db()
    assert imported.counts["rejected"] == 0
    assert (ana.source, ana.attributes["Attribute 1"]) == ("Fair", "y")


# --- the same limits elsewhere ---


@pytest.mark.parametrize(
    "attributes",
    [
        {f"Attribute {n}": "x" for n in range(MOST + 1)},
        {"Notes": "n" * (LONGEST + 1)},
        {f"Attribute {n}": "x" * LONGEST for n in range(1 + LARGEST // LONGEST)},
        {f"{n:0{LARGEST // MOST}}": "x" for n in range(MOST)},
        {"Notes": ["n" * LONGEST]},
        ["no object"],
    ],
)
def test_a_form_refuses_too_many_or_too_large_attributes(attributes: Any, opening: Opening) -> None:
    ana = known(opening, full_name="Ana", email="a@x.org")
    ana.attributes = attributes

    with pytest.raises(ValidationError, match="attributes"):
        ana.full_clean()


def test_all_that_is_within_the_limits_is_taken() -> None:
    assert why_too_much({f"Attribute {n}": "x" for n in range(MOST)}) == ""
    assert why_too_much({"Notes": "n" * LONGEST}) == ""


BEYOND = {
    "too many": {f"Attribute {n}": "x" for n in range(MOST + 5)},
    "one too long": {"Attribute 0": "x" * (LONGEST + 5), "Attribute 1": "x"},
    "too much in all": {f"Attribute {n}": "x" * LONGEST for n in range(2 + LARGEST // LONGEST)},
}


@pytest.mark.parametrize("had", BEYOND.values(), ids=BEYOND)
def test_a_form_lets_what_is_beyond_a_limit_change_and_shrink_and_not_grow(
    had: dict[str, str], opening: Opening
) -> None:
    ana = known(opening, full_name="Ana", email="a@x.org", attributes=had)

    ana.attributes = had | {"Attribute 1": "y"}
    ana.full_clean()
    ana.attributes = {name: value for name, value in had.items() if name != "Attribute 1"}
    ana.full_clean()
    ana.attributes = had | {"Attribute 0": had["Attribute 0"] + "x" * LONGEST, "City": "Leeds"}
    with pytest.raises(ValidationError, match="can have up to"):
        ana.full_clean()


def test_what_grows_as_much_as_it_shrinks_elsewhere_is_no_more_than_before() -> None:
    had = {f"Attribute {n}": "x" for n in range(MOST + 5)}
    other = {name: value for name, value in had.items() if name != "Attribute 1"} | {"City": "x"}

    assert why_too_much(other, had) == ""
    assert why_too_much(other | {"Attribute 1": "x"}, had) == TOO_MANY
