"""An opening's folders: their order, and which of them can go."""

from typing import Any

import pytest
from django.test import Client

from pipeline.candidates.models import Folder, FolderKind, Opening
from pipeline.workspaces.models.audit import AuditEntry
from tests.pages import one_line

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(client_of: Any, owner: Any) -> Client:
    client: Client = client_of(owner)
    return client


def ids(opening: Opening) -> list[int]:
    return list(opening.folders.order_by("position", "pk").values_list("pk", flat=True))


def reorder(client: Client, opening: Opening, wanted: list[Any], **more: Any) -> Any:
    data = {"seen": ids(opening), "folder": wanted} | more
    return client.post(f"/settings/openings/{opening.pk}/order/", data, headers=HTMX)


def test_the_order_that_is_posted_is_the_order(client, opening):
    wanted = list(reversed(ids(opening)))

    answer = reorder(client, opening, wanted)

    assert ids(opening) == wanted
    assert "The order now is No Response, Rejected" in one_line(answer)
    assert AuditEntry.objects.get().verb == "put in order the folders of"


@pytest.mark.parametrize(
    ("button", "at", "after"), [("up", 2, 1), ("down", 2, 3), ("up", 0, 0), ("down", 6, 6)]
)
def test_a_button_moves_one_folder_by_one_place(client, opening, button, at, after):
    before = ids(opening)

    reorder(client, opening, before, **{button: before[at]})

    assert ids(opening).index(before[at]) == after
    assert sorted(ids(opening)) == sorted(before)


def test_without_script_the_answer_leads_back_to_the_button(client, opening):
    first, second = ids(opening)[:2]
    data = {"seen": ids(opening), "folder": ids(opening), "up": second}

    answer = client.post(f"/settings/openings/{opening.pk}/order/", data)

    assert answer.url == f"/settings/openings/{opening.pk}/#up-{second}"
    assert ids(opening)[:2] == [second, first]


def test_a_folder_of_elsewhere_or_a_broken_list_moves_nothing(client, opening, other_opening):
    before, foreign = ids(opening), ids(other_opening)
    lists: list[list[Any]] = [
        [*before[:-1], foreign[0]],
        [*before, foreign[0]],
        before[:-1],
        [*before[:-1], before[0]],
        ["x"],
        [],
    ]

    for wanted in lists:
        answer = reorder(client, opening, wanted)
        assert "nothing was moved" in answer.content.decode()

    assert ids(opening) == before
    assert ids(other_opening) == foreign
    assert not AuditEntry.objects.exists()


def test_an_order_that_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(
    client, opening
):
    seen = ids(opening)
    theirs = [seen[1], seen[0], *seen[2:]]
    reorder(client, opening, theirs)

    data = {"seen": seen, "folder": list(reversed(seen))}
    answer = client.post(f"/settings/openings/{opening.pk}/order/", data, follow=True)

    assert ids(opening) == theirs
    assert "changed on another page" in answer.content.decode()


def test_a_new_folder_comes_last_and_can_be_renamed_and_deleted(client, opening):
    client.post(f"/settings/openings/{opening.pk}/folders/", {"name": "Phone screen"})
    added = opening.folders.order_by("position").last()
    client.post(f"/settings/folders/{added.pk}/", {"name": "Screening"})
    client.post(f"/settings/folders/{added.pk}/delete/")

    assert added.name == "Phone screen"
    assert not Folder.objects.filter(pk=added.pk).exists()
    assert [f"{e.verb} {e.subject}" for e in AuditEntry.objects.order_by("pk")] == [
        "added the folder Phone screen (Customer Support, Manila)",
        "renamed the folder Phone screen to Screening (Customer Support, Manila)",
        "deleted the folder Screening (Customer Support, Manila)",
    ]


def test_a_name_that_the_opening_has_is_refused(client, opening):
    answer = client.post(f"/settings/openings/{opening.pk}/folders/", {"name": "hired"})

    assert answer.status_code == 422
    assert opening.folders.count() == len(FolderKind)


def test_a_folder_that_somebody_is_in_stays(client, opening, make_candidates):
    folder = Folder.objects.create(opening=opening, name="Phone screen")
    make_candidates(2, folder=folder)
    address = f"/settings/folders/{folder.pk}/delete/"

    question = client.get(address).content.decode()
    answer = client.post(address, follow=True).content.decode()

    for page in (question, answer):
        assert "still holds 2 candidates. Move them to another folder first" in page
    assert ">Delete</button>" not in question
    assert Folder.objects.filter(pk=folder.pk).exists()


def test_a_folder_that_somebody_came_into_at_this_moment_stays(
    client, opening, make_candidates, monkeypatch
):
    folder = Folder.objects.create(opening=opening, name="Phone screen")
    monkeypatch.setattr("pipeline.candidates.settings.folders.why_it_stays", lambda folder: "")
    make_candidates(1, folder=folder)

    answer = client.post(f"/settings/folders/{folder.pk}/delete/", follow=True)

    assert (
        "A candidate was just added to Phone screen, so it was not deleted."
        in answer.content.decode()
    )
    assert Folder.objects.filter(pk=folder.pk).exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("kind", FolderKind)
def test_a_folder_that_operations_need_is_renamed_but_not_deleted(client, opening, kind):
    folder = opening.folders.get(kind=kind)

    client.post(f"/settings/folders/{folder.pk}/", {"name": "Otherwise"})
    answer = client.post(f"/settings/folders/{folder.pk}/delete/", follow=True)

    folder.refresh_from_db()
    assert (folder.name, folder.kind) == ("Otherwise", kind)
    assert "not deleted" in answer.content.decode()
