"""What the search box finds, on the words that the database's trigger writes."""

from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from pipeline.candidates import paging
from pipeline.candidates.filters import CandidateFilter
from pipeline.candidates.paging import Cursor, Page
from pipeline.candidates.search import tsquery


@pytest.fixture
def people(make_candidates):
    def person(full_name, email, phone):
        return make_candidates(1, full_name=full_name, email=email, phone=phone)[0]

    return [
        person("Inger Svärd", "inger.svard@example.org", "+447700900487"),
        person("Zoë O'Brien-Lee", "zoe_ob@sub.example.com", "+12245550143"),
        person("ÅSA ÖBERG", "", "+4687001234"),
        person("نورا حداد", "nora.h@example.net", ""),
        person("Łukasz Żak", "", "+48600100200"),
        person("Søren Ærø", "", "+4530123456"),
        person("Anna Straße", "", "+4915112345678"),
        person("Iğdır Işık", "", "+905301234567"),
        person("Pat O’Brian", "", "+35315550000"),
    ]


def found(user, **filters):
    page = Page(CandidateFilter(QueryDict(urlencode(filters)), user), Cursor())
    return [candidate.full_name for candidate in page.candidates]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("inger", "Inger Svärd"),
        ("ing", "Inger Svärd"),
        ("SVARD", "Inger Svärd"),
        ("svärd inger", "Inger Svärd"),
        ("Svärd, Inger", "Inger Svärd"),
        ("inger.svard@example.org", "Inger Svärd"),
        ("inger.sv", "Inger Svärd"),
        ("+44 7700 900487", "Inger Svärd"),
        ("07700 900487", "Inger Svärd"),
        ("0044 7700 900487", "Inger Svärd"),
        ("+44 (0)7700 900-487", "Inger Svärd"),
        ("7700900487", "Inger Svärd"),
        ("0487", "Inger Svärd"),
        ("(224) 555-0143", "Zoë O'Brien-Lee"),
        ("+1 224", "Zoë O'Brien-Lee"),
        ("o'brien", "Zoë O'Brien-Lee"),
        ("brien lee", "Zoë O'Brien-Lee"),
        ("zoe", "Zoë O'Brien-Lee"),
        ("sub.example", "Zoë O'Brien-Lee"),
        ("ob@", "Zoë O'Brien-Lee"),
        ("svard@ex", "Inger Svärd"),
        ("o’brien", "Zoë O'Brien-Lee"),
        ("obrien", "Zoë O'Brien-Lee"),
        ("O´Brien‑Lee", "Zoë O'Brien-Lee"),
        ("tel:+44-7700-900487", "Inger Svärd"),
        ("\u202a+44 7700\u00a0900\u2011487\u202c", "Inger Svärd"),
        ("900487", "Inger Svärd"),
        ("00487", "Inger Svärd"),
        ("\u200binger.svard@example.org\u200b", "Inger Svärd"),
        ("mailto:inger.svard@example.org", "Inger Svärd"),
        ("lukasz", "Łukasz Żak"),
        ("soren", "Søren Ærø"),
        ("aero", "Søren Ærø"),
        ("strasse", "Anna Straße"),
        ("STRASSE", "Anna Straße"),
        ("igdir", "Iğdır Işık"),
        ("IĞDIR", "Iğdır Işık"),
        ("obrian", "Pat O’Brian"),
        ("o'brian", "Pat O’Brian"),
        ("åsa", "ÅSA ÖBERG"),
        ("oberg", "ÅSA ÖBERG"),
        ("نورا", "نورا حداد"),
        ("nger", None),
        ("inger zoe", None),
    ],
)
def test_words_are_found_by_how_they_begin(people, recruiter, typed, name):
    assert found(recruiter, q=typed) == ([name] if name else [])


@pytest.mark.parametrize(
    "typed",
    [
        "'",
        "\\",
        "a & b",
        "!a",
        "a:*",
        "((",
        "'; DROP TABLE x; --",
        "%",
        "a'b\\c",
        "x" * 3000,
        "<->",
    ],
)
def test_no_input_breaks_the_query(people, recruiter, typed):
    found(recruiter, q=typed)


def test_a_null_character_is_refused_quietly(people, recruiter):
    assert found(recruiter, q="a\0b") == []


def test_blanks_search_for_nothing(people, recruiter):
    assert len(found(recruiter, q="   ")) == len(people)


def test_the_query_keeps_each_word_apart():
    assert tsquery("ana ru'z") == "'ana':* & 'ru''z':*"
    assert tsquery("0161 49") == "('0161':* & '49':*) | ('16149':*) | ('~941610':*)"


def test_another_workspace_is_not_searched(stranger, recruiter):
    assert found(recruiter, q="person") == []


@pytest.mark.parametrize("look", [10, 1000])
def test_rare_matches_among_many_are_found_in_order(
    monkeypatch, make_candidates, recruiter, opening, labels, look
):
    """Whether they are among the newest that are looked at first, or not."""
    monkeypatch.setattr(paging, "LOOK", look)
    old = make_candidates(2, full_name="Rare One", labels=labels[:1])
    make_candidates(100)

    assert found(recruiter, q="rare") == [candidate.full_name for candidate in old]
    assert found(recruiter, q="rare", opening=opening.pk, label=labels[0].pk) == ["Rare One"] * 2
    page = Page(CandidateFilter(QueryDict("q=rare"), recruiter), Cursor(old[0].pk))
    assert [candidate.pk for candidate in page.candidates] == [old[1].pk]
    assert (page.total.number, page.total.is_all) == (2, True)


def test_a_count_stops_where_looking_stopped(monkeypatch, make_candidates, recruiter):
    monkeypatch.setattr(paging, "MOST", 60)
    make_candidates(100)

    total = Page(CandidateFilter(QueryDict(), recruiter), Cursor()).total

    assert (total.number, total.is_all) == (60, False)
