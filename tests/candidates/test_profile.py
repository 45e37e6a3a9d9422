"""A candidate's own page."""

import pytest

from pipeline.candidates import timeline
from pipeline.candidates.models import Candidate
from pipeline.candidates.timeline import Event


def test_it_tells_who_the_candidate_is(client_of, recruiter, make_candidates, labels):
    candidate = make_candidates(
        1,
        labels=labels,
        recruiter=recruiter.membership,
        source="Agency",
        attributes='{"City": "Leeds"}',
    )[0]

    page = client_of(recruiter).get(candidate.get_absolute_url()).content.decode()

    for text in (
        candidate.full_name,
        candidate.email,
        candidate.phone_as_written,
        "Inbox",
        "Night shift",
    ):
        assert text in page
    for text in ("Ana Ruiz", "Agency", "Leeds", candidate.opening.name):
        assert text in page


def test_it_tells_what_happened_newest_first(client_of, recruiter, make_candidates, monkeypatch):
    candidate = make_candidates(1)[0]

    def moves(candidate, user):
        yield Event(candidate.created_at.replace(year=2099), "Moved to Hired", "/there/", "Ana")

    monkeypatch.setattr(timeline, "SOURCES", [*timeline.SOURCES, moves])

    page = client_of(recruiter).get(candidate.get_absolute_url()).content.decode()

    assert page.index("Moved to Hired") < page.index("Applied to Customer Support, Manila")
    assert 'href="/there/"' in page


def test_a_strangers_candidate_is_not_there(client_of, recruiter, stranger):
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]

    response = client_of(recruiter).get(theirs.get_absolute_url())

    assert response.status_code == 404


def test_another_openings_candidate_is_not_there_for_a_limited_member(
    client_of, limited, make_candidates, other_opening
):
    candidate = make_candidates(1, other_opening)[0]

    assert client_of(limited).get(candidate.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("pk", [0, 10**18, 10**30])
def test_a_number_that_is_nobody_is_not_there(client_of, recruiter, pk):
    assert client_of(recruiter).get(f"/candidates/{pk}/").status_code == 404


def test_it_tells_members_for_what_the_candidate_was_rejected(
    client_of, agent, recruiter, make_candidates
):
    rejected = make_candidates(1, reject_reasons='{"No permit","Too far"}')[0]
    other = make_candidates(1)[0]

    for user in (recruiter, agent):
        page = client_of(user).get(rejected.get_absolute_url()).content.decode()
        assert "No permit, Too far" in page
    assert "Reject reasons" not in client_of(agent).get(other.get_absolute_url()).content.decode()


def test_copies_and_their_original_link_to_each_other_for_who_sees_both(
    client_of, recruiter, limited, make_candidates, other_opening
):
    original = make_candidates(1)[0]
    copy = make_candidates(1, other_opening, copied_from_id=original.pk)[0]

    there = client_of(recruiter).get(original.get_absolute_url()).content.decode()
    back = client_of(recruiter).get(copy.get_absolute_url()).content.decode()
    hidden = client_of(limited).get(original.get_absolute_url()).content.decode()

    assert f'href="{copy.get_absolute_url()}"' in there
    assert f'href="{original.get_absolute_url()}"' in back
    assert copy.get_absolute_url() not in hidden
