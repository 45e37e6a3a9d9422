"""What a reviewer sees by a link: what was chosen, and nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from pipeline.candidates.models import Candidate, Label, Opening
from pipeline.candidates.models.share import Share, SharedCandidate
from pipeline.candidates.sharing import views
from pipeline.candidates.sharing.links import SIGNER, link_to, share_of
from pipeline.candidates.sharing.shown import FIELDS
from pipeline.workspaces.models import Membership, Role, User, Workspace
from tests.conftest import join
from tests.losses import deactivate, demote, limit, remove
from tests.pages import one_line

# What imports bring, in whatever language and under whatever name.
ATTRIBUTES = {
    "City": "Leeds",
    "E-mail 2": "second@example.net",
    "Landline": "020 7946 0111",
    "Teléfono 2": "ask for Paco",
    "Observaciones": "no contratar",
    "Date of birth": "2 May 1990",
    "Recruiter notes": "too expensive",
}


@pytest.fixture
def share(workspace: Workspace, opening: Opening, recruiter: User, make_candidates: Any) -> Share:
    """Two candidates about whom all is known, and nothing chosen to be shown."""
    share = Share.objects.create(
        workspace=workspace,
        reviewer="rita@client.example",
        note="Who can start in <May>?",
        created_by=recruiter,
        expires_at=timezone.now() + timedelta(days=7),
    )
    rejected = opening.folders.get(kind="rejected")
    people = make_candidates(
        2,
        folder=rejected,
        labels=[Label.objects.create(workspace=workspace, name="Blacklist")],
        recruiter=join(workspace, Role.RECRUITER, "Otto Quist").membership,
        source="Agency",
        reject_reasons=["Too far"],
        attributes=json.dumps(ATTRIBUTES),
    )
    for candidate in people:
        SharedCandidate.objects.create(share=share, candidate=candidate)
    make_candidates(1, full_name="Not Shared")
    return share


def known_of(person: Candidate) -> dict[str, list[str]]:
    """All that Belay knows, by what has to be chosen before it is shown."""
    return {
        "opening": ["Customer Support, Manila"],
        "source": ["Agency"],
        "applied": ["Applied on"],
        "email": [person.email],
        "phone": [person.phone_as_written],
        "folder": ["Rejected"],
        "labels": ["Blacklist"],
        "recruiter": ["Otto Quist"],
        "reject_reasons": ["Too far"],
        **{name: [name, value] for name, value in ATTRIBUTES.items()},
    }


def look(client: Client, share: Share) -> str:
    page = client.get(link_to(share))
    assert page.status_code == 200
    return page.content.decode()


def test_it_shows_the_names_to_who_has_the_link_and_says_whose_they_are(client, share):
    text = look(client, share)

    for person in share.still_there:
        assert person.full_name in text
    assert "Shared by Ana Ruiz" in text
    assert "Who can start in &lt;May&gt;?" in text
    assert "2 candidates for you to review" in text
    assert "Not Shared" not in text
    assert "rita@client.example" not in text


def test_nothing_is_shown_that_was_not_chosen(client, share):
    text = look(client, share)

    for person in share.still_there:
        assert person.phone not in text
        for key, words in known_of(person).items():
            assert [word for word in words if word in text] == [], key


@pytest.mark.parametrize("key", [*FIELDS, *ATTRIBUTES])
def test_what_was_chosen_is_shown_and_nothing_beside_it(client, share, key):
    column = "shown_fields" if key in FIELDS else "shown_attributes"
    Share.objects.update(**{column: [key]})

    text = look(client, share)

    for person in share.still_there:
        shown = {each for each, words in known_of(person).items() if words[-1] in text}
        assert shown == {key}


def test_an_attribute_that_comes_later_is_not_shown(client, share):
    Share.objects.update(shown_fields=[*FIELDS], shown_attributes=[*ATTRIBUTES])
    Candidate.objects.update(attributes=ATTRIBUTES | {"Verdict": "never again"})

    text = look(client, share)

    assert "no contratar" in text
    assert "Verdict" not in text
    assert "never again" not in text


def test_a_value_that_comes_later_to_a_chosen_attribute_is(client, share):
    Share.objects.update(shown_attributes=["City", "Languages"])
    Candidate.objects.update(attributes={"City": None, "Languages": ["Spanish", "Dutch"]})

    text = look(client, share)

    assert "Spanish, Dutch" in text
    assert "City" not in text


@pytest.mark.django_db(transaction=True)
def test_shares_of_before_there_was_a_choice_show_the_opening_and_no_more(client, share):
    """As the migration leaves them: the columns go, and come back."""
    executor = MigrationExecutor(connection)
    executor.migrate([("candidates", "0007_import_ordered_by")])
    executor.loader.build_graph()
    executor.migrate(executor.loader.graph.leaf_nodes())
    share.refresh_from_db()

    text = look(client, share)

    for person in share.still_there:
        shown = {each for each, words in known_of(person).items() if words[-1] in text}
        assert shown == {"opening"}


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
    Share.objects.update(shown_fields=["folder"])
    moved, deleted = share.still_there
    Candidate.objects.filter(pk=moved.pk).update(folder=opening.folders.get(name="Hired"))
    Candidate.objects.filter(pk=deleted.pk).delete()

    text = client.get(link_to(share)).content.decode()

    assert "Hired" in text
    assert "Rejected" not in text
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

    text = one_line(page)
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


def join_another_workspace(user: User, owner: User) -> None:
    elsewhere = Workspace.objects.create(name="Globex")
    Membership.objects.filter(user=user).update(workspace=elsewhere)


@pytest.mark.parametrize("lose", [deactivate, demote, remove, join_another_workspace])
def test_a_link_shows_nobody_after_who_shared_it_lost_the_right_to(
    client, share, owner, recruiter, lose
):
    person = share.still_there[0]

    lose(recruiter, owner)
    page = client.get(link_to(share))

    assert page.status_code == 410
    assert person.full_name not in page.content.decode()


def test_a_link_shows_only_whom_the_one_who_shared_it_sees(
    client, share, owner, recruiter, other_opening
):
    stays, moves = share.still_there
    Candidate.objects.filter(pk=stays.pk).update(
        opening=other_opening, folder=other_opening.inbox, full_name="Stays Here"
    )

    limit(recruiter, owner)
    text = one_line(client.get(link_to(share)))

    assert "Stays Here" in text
    assert moves.full_name not in text
    assert "1 candidate for you to review" in text
    hidden = "1 more is no longer shown because Ana Ruiz no longer has access to that candidate"
    assert hidden in text


def test_a_link_of_someone_who_sees_none_of_them_any_more_says_so(
    client, share, owner, recruiter, other_opening
):
    people = [person.full_name for person in share.still_there]
    limit(recruiter, owner)
    recruiter.membership.openings.set([])

    page = client.get(link_to(share))

    text = one_line(page)
    assert page.status_code == 410
    assert "Ana Ruiz shared these candidates but no longer has access to them" in text
    assert "ask Acme for a new link" in text
    assert "0 candidates" not in text
    assert [name for name in people if name in text] == []


def test_a_link_to_candidates_who_were_all_deleted_says_so(client, share):
    Candidate.objects.filter(pk__in=share.still_there.values("pk")).delete()

    page = client.get(link_to(share))

    text = page.content.decode()
    assert page.status_code == 410
    assert "The candidates that Ana Ruiz of Acme shared with you were deleted." in text
    assert "0 candidates" not in text
