"""Numbers, cut texts, moments and durations, as they are said everywhere."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.foundation import database_clock
from pipeline.foundation.counts import Number
from pipeline.foundation.words import age, clipped, clock, counted, duration, plural, roughly

MANILA = ZoneInfo("Asia/Manila")
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)  # 22 Nov, 02:00, in Manila


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_clock, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 candidates"),
        (1, "1 candidate"),
        (2, "2 candidates"),
        (12_281, "12,281 candidates"),
        (Number(1), "1 candidate"),
        (Number(10_000), "10,000 candidates"),
        (Number(10_001), "10,000+ candidates"),
        (Number(1, is_all=False), "1+ candidates"),
        (Number(12_281, is_all=True), "12,281 candidates"),
    ],
)
def test_a_number_has_its_noun(number: int | Number, words: str) -> None:
    assert counted(number, "candidate") == words


def test_a_noun_may_have_a_plural_of_its_own_and_a_verb_goes_with_the_number() -> None:
    assert [counted(number, "person", "people") for number in (1, 2)] == ["1 person", "2 people"]
    assert [plural(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]


@pytest.mark.parametrize(
    ("text", "cut"),
    [("", ""), ("Hired", "Hired"), ("Shortlist", "Shortlist"), ("Shortlisted", "Shortlis…")],
)
def test_a_text_is_cut_where_it_is_too_long(text: str, cut: str) -> None:
    assert clipped(text, 9) == cut


@pytest.mark.parametrize(
    ("before", "in_utc", "in_manila"),
    [
        (timedelta(), "18:00", "02:00"),
        (timedelta(hours=3), "15:00", "21 Nov 2026, 23:00"),
        (timedelta(hours=19), "20 Nov 2026, 23:00", "21 Nov 2026, 07:00"),
    ],
)
def test_a_moment_has_its_date_unless_it_is_today(
    before: timedelta, in_utc: str, in_manila: str
) -> None:
    assert (clock(NOW - before, UTC), clock(NOW - before, MANILA)) == (in_utc, in_manila)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (1.4, "1 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (100 * 3600, "100 h"),
    ],
)
def test_a_duration_is_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (timedelta(seconds=59), "< 1 min"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59.9), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=47.9), "47 h"),
        (timedelta(hours=48), "2 d"),
    ],
)
def test_an_age_is_in_the_largest_unit(since: timedelta, words: str) -> None:
    assert age(NOW - since) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "less than a minute"),
        (59, "less than a minute"),
        (61, "about 1 min"),
        (250, "about 4 min"),
        (1300, "about 20 min"),
        (3500, "about 1 h"),
        (4 * 3600, "about 4 h"),
    ],
)
def test_the_time_left_is_rounded(seconds: int, words: str) -> None:
    assert roughly(timedelta(seconds=seconds)) == words
