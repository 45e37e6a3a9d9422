"""Hostile text takes no time that grows with its square."""

import unicodedata

import pytest

from pipeline.candidates.importing import cleaning
from pipeline.candidates.search import words_of
from pipeline.foundation import normal_forms
from pipeline.foundation.normal_forms import MOST_MARKS, normalized

MARKS = "a" + "\u0315\u0300" * 50_000


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The longest run of combining marks in each text that Python was to normalize."""
    seen: list[int] = []

    def longest_run(text: str) -> int:
        longest = marks = 0
        for character in text:
            marks = marks + 1 if unicodedata.combining(character) else 0
            longest = max(longest, marks)
        return longest

    class Counted:
        combining = staticmethod(unicodedata.combining)

        @staticmethod
        def normalize(form: str, text: str) -> str:
            seen.append(longest_run(text))
            return ""

    monkeypatch.setattr(normal_forms, "unicodedata", Counted)
    return seen


def test_no_long_run_of_marks_is_sorted(runs: list[int]) -> None:
    words_of(MARKS)
    cleaning.text(MARKS)
    cleaning.name_key(MARKS)

    assert len(runs) >= 3
    assert max(runs) <= MOST_MARKS


@pytest.mark.parametrize("text", ["Zo\u0065\u0308" * 500, "Nguy\u1ec5n " * 300, "a" * 5000, "é"])
def test_what_people_write_is_as_unicode_has_it(text: str) -> None:
    assert normalized("NFC", text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("note", ["<p>&#" + "9" * 5000 + ";", "<p>" + "<!--" * 20_000])
def test_html_that_can_t_be_taken_apart_stays_as_it_is(note: str) -> None:
    assert cleaning.notes(note) == note
