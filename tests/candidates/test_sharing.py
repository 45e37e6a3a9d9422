"""What a reviewer sees by a link, and what never."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone

from pipeline.candidates.models import Candidate
from pipeline.candidates.sharing import views
from pipeline.candidates.sharing.links import SIGNER, link_to, share_of
from pipeline.candidates.sharing.models import Share, SharedCandidate
from pipeline.workspaces.models import User, Workspace

PRIVATE = {
    "E-mail 2": "second@example.net",
    "Reach me": "other@example.net",
    "Home phone": "+44 7700 900999",
    "WhatsApp": "by phone",
    "Recruiter notes": "too expensive",
    "Comment": "not this one",
}


@pytest.fixture
def share(workspace: Workspace, recruiter: User, make_candidates: Any, labels: Any) -> Share:
    share = Share.objects.create(
        workspace=workspace,
        reviewer="rita@client.example",
        note="Who can start in <May>?",
        created_by=recruiter,
        expires_at=timezone.now() + timedelta(days=7),
    )
    people = make_candidates(
        2, labels=labels[:1], source="Agency", reject_reasons=["Too far"], recruiter=None
    )
    for candidate in people:
        candidate.attributes = PRIVATE | {"City": "Leeds", "Says": f"call {candidate.phone}"}
        candidate.save(update_fields=["attributes"])
        SharedCandidate.objects.create(share=share, candidate=candidate)
    make_candidates(1, full_name="Not Shared")
    return share


def test_it_shows_the_candidates_to_who_has_the_link(client, share):
    page = client.get(link_to(share))

    text = page.content.decode()
    assert page.status_code == 200
    for person in share.still_there:
        assert person.full_name in text
    for told in ("Customer Support, Manila", "Inbox", "Night shift", "Agency", "Leeds"):
        assert told in text
    assert "Shared by Ana Ruiz" in text
    assert "Who can start in &lt;May&gt;?" in text
    assert "2 candidates for you to review" in text


def test_it_leaks_nothing_else(client, share):
    text = client.get(link_to(share)).content.decode()

    for person in share.still_there:
        for secret in (person.email, person.phone, person.phone_as_written):
            assert secret not in text
    for name, value in PRIVATE.items():
        assert name not in text
        assert value not in text
    assert "Too far" not in text
    assert "Not Shared" not in text
    assert "rita@client.example" not in text


def test_nothing_keeps_the_page_or_learns_its_address(client, share):
    page = client.get(link_to(share))

    assert "no-store" in page["Cache-Control"]
    assert "noindex" in page["X-Robots-Tag"]
    assert page["Referrer-Policy"] == "no-referrer"


def test_a_member_sees_no_more_than_anybody_and_a_stranger_no_less(
    client, client_of, owner, stranger, share
):
    pages = [
        browser.get(link_to(share)).content.decode()
        for browser in (client, client_of(owner), client_of(stranger))
    ]

    for page in pages:
        assert "2 candidates for you to review" in page
        assert "progress-panel" not in page
        assert "Olga Berg" not in page
        assert "Zoe Stone" not in page


def test_candidates_are_shown_as_they_are_now(client, share, opening):
    moved, deleted = share.still_there
    Candidate.objects.filter(pk=moved.pk).update(folder=opening.folders.get(name="Hired"))
    Candidate.objects.filter(pk=deleted.pk).delete()

    text = client.get(link_to(share)).content.decode()

    assert "· Hired" in text
    assert deleted.full_name not in text
    assert "1 candidate for you" in text


def test_it_is_read_page_by_page(client, share, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 1)
    first, second = share.still_there

    begin = client.get(link_to(share)).content.decode()
    then = client.get(f"{link_to(share)}?after={first.pk}").content.decode()

    assert f'href="?after={first.pk}"' in begin
    assert (first.full_name in begin, second.full_name in begin) == (True, False)
    assert (first.full_name in then, second.full_name in then) == (False, True)
    assert "?after=" not in then


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "١"])
def test_a_place_that_is_none_is_the_beginning(client, share, after):
    page = client.get(link_to(share), {"after": after})

    assert share.still_there[0].full_name in page.content.decode()


def test_an_expired_link_says_what_to_do(client, share):
    Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    page = client.get(link_to(share))

    text = page.content.decode()
    assert page.status_code == 410
    assert "ask Ana Ruiz of Acme for a new link" in text
    assert share.still_there[0].full_name not in text
    assert "no-store" in page["Cache-Control"]


def test_a_revoked_link_is_like_an_expired_one(client, share):
    assert share.revoke()

    assert client.get(link_to(share)).status_code == 410
    assert not share.revoke()


def test_a_link_that_was_tampered_with_is_not_there(client, share):
    link = link_to(share)
    token = link.rstrip("/").rpartition("/")[2]
    other = SIGNER.sign_object(share.pk + 1)
    swapped = f"{other.partition(':')[0]}:{token.partition(':')[2]}"

    for broken in (token[:-1], token[:-1] + "~", f"{share.pk}", swapped, "x:y", ":"):
        answer = client.get(link.replace(token, broken))
        assert answer.status_code == 404
        assert "This link is not complete" in answer.content.decode()


def test_a_link_to_a_share_that_is_gone_is_not_there(client, share):
    link = link_to(share)
    Share.objects.all().delete()

    assert client.get(link).status_code == 404


def test_what_was_signed_for_something_else_opens_no_share(share):
    assert share_of(signing.Signer(salt="another").sign_object(share.pk)) is None


def test_it_is_only_to_be_read(client, share):
    assert client.post(link_to(share)).status_code == 405


def test_times_are_the_workspaces(client, share, workspace):
    Workspace.objects.update(time_zone="Asia/Manila")
    Share.objects.update(expires_at="2099-11-03T20:00:00Z")

    assert "4 November 2099, 04:00" in client.get(link_to(share)).content.decode()
