"""The list of candidates: what is shown, to whom, page by page."""

import re

import pytest

from pipeline.candidates.models import Candidate
from pipeline.foundation.paging.by_cursor import PAGE

LIST = "/candidates/"


def names(response):
    return re.findall(r"<bdi>(.*?)</bdi>", response.content.decode())


@pytest.fixture
def get(client_of, recruiter):
    """`get(q="ana")`: the list with these filters, as the recruiter sees it."""
    return lambda address=LIST, **filters: client_of(recruiter).get(address, filters)


def test_it_shows_the_newest_first(get, make_candidates):
    made = make_candidates(3)

    page = get()

    assert names(page) == [candidate.full_name for candidate in made]
    assert "Candidates, newest first</caption>" in page.content.decode()


def test_it_shows_nothing_of_another_workspace(get, stranger):
    response = get()

    assert "No candidates yet" in response.content.decode()


def test_it_invites_to_import_when_empty(get, opening):
    assert "Import candidates" in get().content.decode()


@pytest.mark.parametrize("name", ["opening", "folder", "label", "recruiter"])
def test_a_filter_by_something_of_a_stranger_shows_nothing(get, make_candidates, stranger, name):
    make_candidates(1)
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    foreign = {
        "opening": theirs.opening_id,
        "folder": theirs.folder_id,
        "label": theirs.labels.all()[0].pk,
        "recruiter": stranger.membership.pk,
    }

    response = get(**{name: foreign[name]})

    assert names(response) == []
    assert "This list is not available" in response.content.decode()


def test_a_limited_member_sees_only_own_openings(
    client_of, limited, make_candidates, opening, other_opening
):
    mine = make_candidates(2, opening)
    make_candidates(2, other_opening)

    response = client_of(limited).get(LIST)

    assert names(response) == [candidate.full_name for candidate in mine]
    assert other_opening.name not in response.content.decode()


def test_a_limited_member_without_openings_sees_nobody(
    client_of, limited, make_candidates, opening
):
    make_candidates(2)
    opening.members.clear()

    assert names(client_of(limited).get(LIST)) == []


def test_a_limited_member_of_several_openings_sees_them_in_one_order(
    client_of, limited, make_candidates, opening, other_opening
):
    other_opening.members.add(limited.membership)
    first, second, third = (
        make_candidates(1, place)[0].full_name for place in (opening, other_opening, opening)
    )

    assert names(client_of(limited).get(LIST)) == [third, second, first]


def test_filters_narrow_the_list_together(get, make_candidates, opening, recruiter, labels):
    shortlisted = opening.folders.get(name="Shortlisted")
    make_candidates(2, folder=shortlisted, labels=labels[:1])
    make_candidates(2, labels=labels[:1], recruiter=recruiter.membership, source="Agency")
    wanted = make_candidates(
        1, folder=shortlisted, labels=labels, recruiter=recruiter.membership, source="Agency"
    )

    response = get(
        opening=opening.pk,
        folder=shortlisted.pk,
        label=labels[0].pk,
        recruiter=recruiter.membership.pk,
        source="Agency",
        q="person",
    )

    assert names(response) == [wanted[0].full_name]


def test_choosing_another_opening_leaves_the_folder(get, make_candidates, opening, other_opening):
    there = make_candidates(1, other_opening)

    response = get(opening=other_opening.pk, folder=opening.inbox.pk)

    assert names(response) == [there[0].full_name]


def test_the_pages_hold_everybody_once(get, make_candidates):
    made = make_candidates(2 * PAGE + 1)
    shown = []
    address = LIST

    while address:
        response = get(address)
        shown += names(response)
        more = re.search(r'id="next-page" href="(.*?)"', response.content.decode())
        address = more[1] if more else ""

    assert shown == [candidate.full_name for candidate in made]


def test_a_page_stays_when_new_candidates_arrive(get, make_candidates):
    made = list(make_candidates(PAGE + 2))
    make_candidates(5)

    response = get(after=made[PAGE - 1].pk)

    assert names(response) == [candidate.full_name for candidate in made[PAGE:]]


def test_going_back_ends_on_a_full_first_page(get, make_candidates):
    made = list(make_candidates(PAGE + 10))

    response = get(before=made[5].pk)

    assert names(response) == [candidate.full_name for candidate in made[:PAGE]]
    assert "previous-page" not in response.content.decode()


def test_going_back_one_page_shows_the_one_before(get, make_candidates):
    made = list(make_candidates(2 * PAGE + 10))

    response = get(before=made[PAGE + 5].pk)

    assert names(response) == [candidate.full_name for candidate in made[5 : PAGE + 5]]


def test_a_cursor_that_is_no_number_is_the_first_page(get, make_candidates):
    make_candidates(1)

    assert len(names(get(after="x'; DROP"))) == 1
    assert len(names(get(before="9" * 30))) == 1


def test_htmx_gets_the_region_and_a_clean_address(client_of, recruiter, make_candidates, opening):
    make_candidates(1)
    query = {"opening": opening.pk, "label": "", "q": ""}

    response = client_of(recruiter).get(LIST, query, headers={"HX-Request": "true"})

    assert response.content.decode().strip().startswith('<div id="candidates"')
    assert response["HX-Push-Url"] == f"{LIST}?opening={opening.pk}"
    assert "HX-Request" in response["Vary"]


def test_ids_have_no_thousands_separators(get, make_candidates):
    pk = 1_234_567
    make_candidates(1, id=pk)

    page = get().content.decode()

    assert f'value="{pk}"' in page
    assert "1,234,567" not in page


@pytest.mark.parametrize("cast", ["agent", "support"])
def test_who_may_not_start_gets_no_checkboxes(request, client_of, make_candidates, cast):
    make_candidates(1)

    page = client_of(request.getfixturevalue(cast)).get(LIST).content.decode()

    assert 'type="checkbox"' not in page
    assert 'id="selection"' not in page


def test_the_source_filter_offers_what_the_member_may_know(
    client_of, recruiter, limited, make_candidates, opening, other_opening
):
    make_candidates(1, opening, source="Agency")
    make_candidates(1, other_opening, source="Referral")

    everybody = client_of(recruiter).get(LIST).content.decode()
    few = client_of(limited).get(LIST).content.decode()

    assert "<option>Agency</option>" in everybody
    assert "<option>Referral</option>" in everybody
    assert "<option>Agency</option>" in few
    assert "Referral" not in few


def test_names_are_escaped(get, make_candidates):
    make_candidates(1, full_name="<script>alert(1)</script>")

    assert "<script>alert" not in get().content.decode()
