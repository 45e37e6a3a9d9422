import pytest

from pipeline.candidates.importing import cleaning, contacts, moments


@pytest.mark.parametrize(
    ("cell", "region", "expected"),
    [
        ("07700 900123", "GB", "+447700900123"),
        ("'+33-6-39-98-37-21", "", "+33639983721"),
        ("+44 (0)7700 900123", "", "+447700900123"),
        ("0044 7700 900123", "FR", "+447700900123"),
        ("(229) 555-0162 ext. 17", "US", "+12295550162"),
        ("404.555.0177 x204", "US", "+14045550177"),
        ("٠٧٧٠٠ ٩٠٠١٢٣", "GB", "+447700900123"),
        ("07700 900123 / 07700 900124", "GB", "+447700900123"),
        ("tel:+447700900123", "", "+447700900123"),
        ("07700 900123", "", ""),
        ("call after 5pm", "GB", ""),
        ("+", "GB", ""),
        ("12", "GB", ""),
        ("+1234567890123456", "", ""),
        ("", "GB", ""),
    ],
)
def test_phones(cell: str, region: str, expected: str) -> None:
    assert next(iter(contacts.phones_in(cell, region)), "") == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (" Ana@X.org ", "ana@x.org"),
        ("\u200bana@x.org\u00a0", "ana@x.org"),
        ("Ana Ruiz <ana@x.org>", "ana@x.org"),
        ("mailto:ana@x.org", "ana@x.org"),
        ("nobody; ana@x.org", "ana@x.org"),
        ("josé@bücher.example", "josé@bücher.example"),
        ("ana@@x.org", ""),
        ("ana@x", ""),
        ("@x.org", ""),
        ("ana x@x.org", ""),
        ("a" * 250 + "@x.org", ""),
    ],
)
def test_emails(cell: str, expected: str) -> None:
    assert contacts.email_in(cell) == expected


@pytest.mark.parametrize(
    ("cell", "day_first", "expected"),
    [
        ("2025-10-04T01:30:22.5Z", True, "2025-10-04T01:30:22+00:00"),
        ("2025-10-04 01:30:22 UTC", True, "2025-10-04T01:30:22+00:00"),
        ("2025-10-04", True, "2025-10-04T00:00:00"),
        ("3/4/2025 1:05", False, "2025-03-04T01:05:00"),
        ("3/4/2025 1:05 PM", True, "2025-04-03T13:05:00"),
        ("03.04.25", True, "2025-04-03T00:00:00"),
        ("Jan 5, 2024", True, "2024-01-05T00:00:00"),
        ("31/31/2025", True, None),
        ("soon", True, None),
        ("0001-01-01", True, None),
    ],
)
def test_moments(cell: str, day_first: bool, expected: str | None) -> None:
    found = moments.moment(cell, day_first)

    assert (found.isoformat() if found else None) == expected


def test_the_other_dates_of_a_column_tell_day_from_month() -> None:
    assert not moments.is_day_first(["3/4/2025", "12/31/2025 10:00"], "GB")
    assert moments.is_day_first(["3/4/2025", "31/12/2025"], "US")
    assert moments.is_day_first(["3/4/2025"], "GB")
    assert not moments.is_day_first(["3/4/2025"], "US")


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["R&D; 24/7", "C++"], ["R&D", "24/7"]),
        (["R&D, 24/7", "C++"], ["R&D", "24/7"]),
        (["R&D|24/7", "C++, C#"], ["R&D", "24/7"]),
        (["R&D 24/7"], ["R&D 24/7"]),
    ],
)
def test_labels_are_split_where_their_column_splits_them(
    cells: list[str], labels: list[str]
) -> None:
    assert cleaning.labels_in(cells[0], cleaning.separator_of(cells)) == labels


def test_names_agree_whatever_case_accents_and_order() -> None:
    key = cleaning.name_key
    assert key("Élodie  O'Neill-Roy") == key("ROY ONEILL, ELODIE")
    assert key("José Peña") == key("JOSÉ PEÑA") == key("Jose\u0301 Pen\u0303a")
    assert key("Ana Ruiz") != key("Ana Ruis")


def test_html_notes_become_text() -> None:
    assert cleaning.notes("<p>Great &amp; kind</p><p>Call</p>") == "Great & kind\nCall"
    assert cleaning.notes("a < b and <3") == "a < b and <3"
