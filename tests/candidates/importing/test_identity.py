"""One person is one candidate, whatever the order of the rows."""

import random
from collections.abc import Iterable

import pytest

from pipeline.candidates.importing.cleaning import name_key
from pipeline.candidates.importing.identity import OTHER_NAMES, full_names, is_short_for
from pipeline.candidates.models import Candidate, Opening

from .conftest import ImportRows

pytestmark = pytest.mark.django_db(transaction=True)

HEADINGS = "Name,Email,Phone"
P, Q = "+44 7700 900001", "+44 7700 900002"


def emails() -> set[str]:
    return set(Candidate.objects.values_list("email", flat=True))


@pytest.mark.parametrize(
    ("rows", "people"),
    [
        ("the same e-mail", [("Ana Ruiz", "ana@x.org", ""), ("A.", " ANA@X.org ", P)]),
        ("a phone without e-mail", [("Ana Ruiz", "ana@x.org", P), ("Ana", "", "07700900001")]),
        ("two phones without e-mail", [("Ana Ruiz", "", P), ("Bo", "", P)]),
        ("names that agree", [("Élodie Roy", "e@x.org", P), ("ROY ELODIE", "e2@x.org", P)]),
        ("an initial", [("Ana María Ruiz", "a@x.org", P), ("A. Ruiz", "b@x.org", P)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_person_is_one_candidate(
    rows: str, people: list[tuple[str, ...]], import_rows: ImportRows
) -> None:
    for order in (people, people[::-1]):
        Candidate.objects.all().delete()

        imported = import_rows(HEADINGS, *order)

        assert (imported.counts["new"], imported.counts["repeats"]) == (1, 1), rows
        candidate = Candidate.objects.get()
        assert candidate.phone == "+447700900001"


def test_two_names_with_two_emails_on_one_phone_are_a_household(import_rows: ImportRows) -> None:
    import_rows(HEADINGS, ("Ana Ruiz", "ana@x.org", P), ("Bo Ruiz", "bo@x.org", P))

    assert emails() == {"ana@x.org", "bo@x.org"}


HOUSEHOLD = [
    ("Ana Ruiz", "ana@x.org", P),
    ("Bo Ruiz", "bo@x.org", P),
    ("bo ruíz", "", P),
    ("A. Ruiz", "", P),
    ("Somebody Else", "", P),
]


def test_a_row_without_email_never_makes_one_person_of_a_household(
    import_rows: ImportRows,
) -> None:
    import_rows(HEADINGS, *HOUSEHOLD)

    names = set(Candidate.objects.values_list("email", "full_name"))
    assert names == {("ana@x.org", "Ana Ruiz"), ("bo@x.org", "bo ruíz")}


def test_short_for_two_people_is_short_for_none() -> None:
    assert full_names(["ana ruiz", "alba ruiz", "a ruiz"]) == {}
    assert full_names(["ana ruiz", "bo ruiz", "a ruiz"]) == {"a ruiz": "ana ruiz"}


def test_a_chain_of_phones_and_emails_is_one_person(import_rows: ImportRows) -> None:
    rows = [
        ("Ana Ruiz", "a@x.org", P),
        ("Ana Ruiz", "b@x.org", P),
        ("Ana Ruiz", "b@x.org", Q),
        ("Ana Ruiz", "c@x.org", Q),
        ("Ana", "", Q),
    ]

    import_rows(HEADINGS, *rows)

    candidate = Candidate.objects.get()
    assert candidate.email == "b@x.org"  # the one of most rows
    assert candidate.attributes == {
        "Other e-mails": "a@x.org, c@x.org",
        "Other phones": "+447700900002",
    }


def people_of_every_kind(dice: random.Random) -> list[tuple[str, str, str]]:
    """Rows in which names, addresses and numbers meet in many ways."""
    names = ["Ana Ruiz", "Bo Ruiz", "A. Ruiz", "Cy Lee", "LEE CY", ""]
    contacts = [""] + [f"{n}@x.org" for n in range(12)]
    phones = [""] + [f"+4477009000{n:02}" for n in range(10)]
    return [(dice.choice(names), dice.choice(contacts), dice.choice(phones)) for _ in range(40)]


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rows_does_not_matter(
    seed: int, import_rows: ImportRows, opening: Opening
) -> None:
    dice = random.Random(seed)
    rows = people_of_every_kind(dice)
    results = []

    for _ in range(4):
        Candidate.objects.all().delete()
        imported = import_rows(HEADINGS, *rows)
        results.append((found(Candidate.objects.all()), imported.counts["repeats"]))
        dice.shuffle(rows)

    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("seed", range(3))
def test_importing_again_in_any_order_brings_nobody_new(seed: int, import_rows: ImportRows) -> None:
    dice = random.Random(seed)
    rows = people_of_every_kind(dice)
    import_rows(HEADINGS, *rows)
    before = found(Candidate.objects.all())

    dice.shuffle(rows)
    again = import_rows(HEADINGS, *rows)

    assert again.counts["new"] == 0
    assert {email for email, *_ in before} == emails()


def found(candidates: Iterable[Candidate]) -> list[tuple[str, str, str, set[str]]]:
    """All that is known of each. Of its names the newest row's is shown, the others are kept."""
    people = []
    for c in candidates:
        rest = dict(c.attributes)
        names = names_of(c.full_name, rest.pop(OTHER_NAMES, ""))
        people.append((c.email, c.phone, str(sorted(rest.items())), names))
    return sorted(people, key=lambda person: person[:3])


def names_of(shown: str, others: str) -> set[str]:
    keys = {name_key(name) for name in (shown, *others.split("; ")) if name}
    return {key for key in keys if not any(is_short_for(key, other) for other in keys)}
