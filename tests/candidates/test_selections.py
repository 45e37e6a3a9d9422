"""Which candidates an order is for."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict

from pipeline.candidates.models import Candidate
from pipeline.candidates.selections import Selection, SelectionError
from tests.pages import one_line


def select(user, *pairs):
    return Selection.from_data(user, QueryDict(urlencode(pairs)))


def test_picked_candidates_are_selected(recruiter, make_candidates):
    first, second, _ = make_candidates(3)

    selection = select(recruiter, ("candidate", first.pk), ("candidate", second.pk))

    assert set(selection.candidates) == {first, second}
    assert not selection.describe()


def test_one_picked_twice_is_selected_once(recruiter, make_candidates):
    one = make_candidates(1)[0]

    selection = select(recruiter, ("candidate", one.pk), ("candidate", one.pk))

    assert selection.candidates.count() == 1


def test_all_that_match_are_selected(recruiter, make_candidates, opening, labels):
    wanted = make_candidates(2, labels=labels[:1], full_name="Ana Ruiz")
    make_candidates(2, labels=labels[:1])
    make_candidates(2, full_name="Ana Ruiz")

    selection = select(recruiter, ("select", "all"), ("label", labels[0].pk), ("q", "ana"))

    assert set(selection.candidates) == set(wanted)
    assert selection.describe() == "all candidates with label Night shift, matching “ana”"


def test_its_fields_say_it_again(recruiter, make_candidates, opening):
    make_candidates(2, full_name="Ana Ruiz")
    first = select(
        recruiter, ("select", "all"), ("opening", opening.pk), ("q", "ana"), ("page", "7")
    )

    again = select(recruiter, *first.fields)

    assert set(again.candidates) == set(first.candidates)
    assert again.fields == first.fields


def test_nothing_picked_is_empty(recruiter):
    assert select(recruiter).is_empty


@pytest.mark.parametrize("value", ["x", "", "9" * 40, "-1", "1.5"])
def test_what_is_no_candidate_is_an_error(recruiter, value):
    with pytest.raises(SelectionError):
        select(recruiter, ("candidate", value))


def test_a_strangers_candidate_is_an_error(recruiter, make_candidates, stranger):
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    mine = make_candidates(1)[0]

    with pytest.raises(SelectionError):
        select(recruiter, ("candidate", mine.pk), ("candidate", theirs.pk))


def test_another_openings_candidate_is_an_error_for_a_limited_member(
    limited, make_candidates, other_opening
):
    with pytest.raises(SelectionError):
        select(limited, ("candidate", make_candidates(1, other_opening)[0].pk))


@pytest.mark.parametrize("field", ["opening", "folder", "label", "recruiter", "journey"])
def test_a_filter_that_names_nothing_of_mine_never_means_all(recruiter, make_candidates, field):
    make_candidates(2)

    with pytest.raises(SelectionError):
        select(recruiter, ("select", "all"), (field, 999_999))


def test_a_folder_of_another_opening_never_means_all(
    recruiter, make_candidates, opening, other_opening
):
    make_candidates(2)

    with pytest.raises(SelectionError):
        select(
            recruiter,
            ("select", "all"),
            ("opening", opening.pk),
            ("folder", other_opening.inbox.pk),
        )


def test_all_of_a_limited_member_are_its_own(limited, make_candidates, opening, other_opening):
    mine = make_candidates(2, opening)
    make_candidates(2, other_opening)

    assert set(select(limited, ("select", "all")).candidates) == set(mine)


def test_a_search_can_be_frozen_inside_the_database(recruiter, make_candidates):
    make_candidates(3, full_name="Ana Ruiz")
    selection = select(recruiter, ("select", "all"), ("q", "ana"))
    sql, parameters = selection.candidates.values("id", "opening_id").query.sql_with_params()

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE frozen AS {sql}", parameters)
        cursor.execute("SELECT count(*) FROM frozen")

        assert cursor.fetchone() == (3,)


def test_it_says_how_many_a_filter_hides(recruiter, client_of, make_candidates, opening, labels):
    shown = make_candidates(4, labels=labels[:1])
    hidden = make_candidates(3)
    picked = [("candidate", one.pk) for one in [*shown, *hidden]]
    selection = select(recruiter, *picked)
    filters = f"opening={opening.pk}&label={labels[0].pk}"

    sentence = "3 of the 7 selected are hidden by the current filter."
    assert selection.hidden_sentence(recruiter, filters) == sentence
    data = {"candidate": [pk for _, pk in picked], "list_filters": filters}
    assert one_line(client_of(recruiter).post("/candidates/hidden/", data)) == sentence
    dialog = {"operation": "hire", **data}
    page = one_line(client_of(recruiter).post("/bulk-actions/new/", dialog))
    assert sentence in page
    assert "7</strong> candidates selected" in page


def test_no_filter_or_a_broken_one_hides_nobody(recruiter, make_candidates, opening, labels):
    make_candidates(2)
    picked = select(recruiter, *(("candidate", one.pk) for one in make_candidates(2)))
    everybody = select(recruiter, ("select", "all"), ("opening", opening.pk))

    for filters in ("", "label=no", f"opening={opening.pk}"):
        assert picked.hidden_sentence(recruiter, filters) == ""
        assert everybody.hidden_sentence(recruiter, filters) == ""
    label = f"label={labels[0].pk}"
    assert everybody.hidden_sentence(recruiter, label).startswith("4 of the 4 selected")
