"""Filters that a member keeps under a name."""

from typing import Any

import pytest
from django.urls import reverse

from pipeline.outreach.models import Campaign
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.workspaces.models import User
from tests.pages import one_line

from .conftest import COMPLETED
from .lists import LIST, shown

NEW = "/tasks/past/saved/new/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(client_of, support: User) -> Any:
    return client_of(support)


@pytest.fixture
def save(client: Any) -> Any:
    """`save("Name", "type=voicemail")`: as support."""
    return lambda name, query, **more: client.post(NEW, {"name": name, "query": query, **more})


def mine(user: User) -> list[tuple[str, str]]:
    found = SavedFilter.objects.visible_to(user)
    return list(found.values_list("name", "query"))


def test_a_filter_is_saved_listed_and_opened(client, save, support, make_past):
    completed, _ = make_past(**COMPLETED), make_past()

    answer = save("  Done ones ", "state=completed&type=&q=")

    assert mine(support) == [("Done ones", "state=completed")]
    assert answer.url == f"{LIST}?state=completed"
    opened = client.get(answer.url)
    assert shown(opened) == [completed.pk]
    assert "Filter saved as “Done ones”." in one_line(opened)
    assert 'btn-primary" id="saved-' in one_line(opened)
    page = one_line(client.get(LIST))
    assert f'href="{LIST}?state=completed"><bdi class="text-break">Done ones</bdi>' in page
    assert 'btn-primary" id="saved-' not in page


def test_the_dialog_asks_for_a_name_and_says_what_is_kept(client, opening):
    query = f"?state=canceled&opening={opening.pk}"

    page = client.get(NEW + query, headers=HTMX).content.decode()

    assert "Past tasks: canceled, in Customer Support, Manila. Only you can see it." in page
    assert f'value="opening={opening.pk}&amp;state=canceled"' in page or (
        f'value="state=canceled&amp;opening={opening.pk}"' in page
    )
    assert "<html" not in page
    assert "<html" in client.get(NEW + query).content.decode()


@pytest.mark.parametrize(
    ("name", "query", "told"),
    [
        ("  ", "state=completed", "Enter a name."),
        ("x" * 101, "state=completed", "at most 100 characters"),
        ("All", "", "No filter is set"),
        ("Gone", "opening=0", "The opening no longer exists, or you can’t see it. Choose another."),
    ],
)
def test_what_can_not_be_saved_is_told(save, support, name, query, told):
    answer = save(name, query)

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert mine(support) == []


def test_a_name_that_is_taken_is_overwritten_only_when_asked(save, support):
    save("Mine", "state=completed")

    refused = save("MINE", "state=canceled")

    assert refused.status_code == 422
    assert "You already have a filter “Mine”." in refused.content.decode()
    assert "Overwrite “Mine”" in refused.content.decode()
    assert mine(support) == [("Mine", "state=completed")]
    save("MINE", "state=canceled", overwrite="on")
    assert mine(support) == [("MINE", "state=canceled")]


@pytest.mark.parametrize(
    ("name", "same"), [("k", "\u212a"), ("Straße", "STRA\u1e9eE"), ("ω", "\u2126")]
)
def test_a_name_is_taken_whatever_the_case_of_its_letters(save, support, name, same):
    """Also where two capitals have the same small letter: the database compares the small ones."""
    save(name, "state=completed")

    refused = save(same, "state=canceled")

    assert refused.status_code == 422
    assert f"You already have a filter “{name}”." in refused.content.decode()
    save(same, "state=canceled", overwrite="on")
    assert mine(support) == [(same, "state=canceled")]


def test_it_is_renamed_but_not_to_the_name_of_another(client, save, support):
    save("One", "state=completed")
    save("Two", "state=canceled")
    one = SavedFilter.objects.get(name="One")
    address = reverse("past:saved", args=[one.pk])

    refused = client.post(address, {"name": "two", "overwrite": "on"})
    same = client.post(address, {"name": "ONE"})
    done = client.post(address, {"name": "First"}, headers=HTMX)

    assert refused.status_code == 422
    assert "You already have a filter “Two”. Choose another name." in refused.content.decode()
    assert same.status_code == 302
    assert done["HX-Redirect"] == f"{LIST}?state=completed"
    assert mine(support) == [("First", "state=completed"), ("Two", "state=canceled")]


def test_it_is_deleted(client, save, support):
    save("Mine", "state=completed")
    found = SavedFilter.objects.get()

    answer = client.post(reverse("past:saved_delete", args=[found.pk]))

    assert (answer.status_code, answer.url) == (302, LIST)
    assert mine(support) == []


def test_everybody_has_their_own(client_of, save, support, recruiter, stranger):
    save("Mine", "state=completed")
    found = SavedFilter.objects.get()

    for user in (recruiter, stranger):
        client = client_of(user)
        assert "Mine" not in client.get(LIST).content.decode()
        for address in (
            reverse("past:saved", args=[found.pk]),
            reverse("past:saved_delete", args=[found.pk]),
        ):
            assert client.post(address, {"name": "Stolen"}).status_code == 404
        client.post(NEW, {"name": "Mine", "query": "state=canceled"})
        assert mine(user) == [("Mine", "state=canceled")]
    assert mine(support) == [("Mine", "state=completed")]


def test_a_member_who_moves_to_another_workspace_leaves_them_there(save, support, stranger):
    save("Mine", "state=completed")
    support.membership.workspace = stranger.membership.workspace
    support.membership.save()

    assert mine(User.objects.get(pk=support.pk)) == []


def test_one_whose_campaign_is_gone_says_so_and_shows_nothing(
    client, save, make_past, campaign: Campaign
):
    make_past()
    save("Win back", f"campaign={campaign.pk}")
    campaign.delete()

    response = client.get(SavedFilter.objects.get().get_absolute_url())

    page = response.content.decode()
    assert shown(response) == []
    assert "The saved filter “Win back” can’t be opened" in page
    assert "The campaign no longer exists, or you can’t see it. Choose another." in page


def test_so_does_one_whose_opening_is_no_longer_seen(
    client_of, limited, make_past, make_candidates, opening, other_opening
):
    client = client_of(limited)
    make_past(make_candidates(1, other_opening).get())
    client.post(NEW, {"name": "Manila", "query": f"opening={opening.pk}&state=canceled"})
    opening.members.clear()
    other_opening.members.add(limited.membership)

    response = client.get(SavedFilter.objects.get().get_absolute_url())

    page = response.content.decode()
    assert shown(response) == []
    assert "The saved filter “Manila” can’t be opened" in page
    assert "The opening no longer exists, or you can’t see it. Choose another." in page


def test_names_are_escaped(client, save):
    save("<script>alert(1)</script>", "state=completed")

    assert "<script>alert" not in client.get(LIST).content.decode()
