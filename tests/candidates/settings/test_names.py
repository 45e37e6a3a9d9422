"""Labels, reject reasons and openings: added, renamed, deleted."""

from functools import partial

import pytest

from pipeline.candidates.models import Candidate, FolderKind, Label, Opening, RejectReason
from pipeline.candidates.settings import names
from pipeline.foundation.counts import count_some
from pipeline.workspaces.models.audit import AuditEntry

LISTS = [("/settings/labels/", Label), ("/settings/reject-reasons/", RejectReason)]


def audited() -> list[str]:
    return [f"{e.verb} {e.subject}" for e in AuditEntry.objects.order_by("pk")]


@pytest.mark.parametrize(("page", "model"), LISTS)
def test_a_name_is_added_renamed_and_deleted(client_of, owner, page, model):
    client = client_of(owner)

    client.post(page, {"name": "  Night   shift "})
    added = model.objects.get()
    client.post(f"{page}{added.pk}/", {"name": "Nights"})
    client.post(f"{page}{added.pk}/", {"name": "Nights"})  # nothing new
    renamed = model.objects.get()
    client.post(f"{page}{added.pk}/delete/")

    one = model._meta.verbose_name
    assert (added.name, renamed.name) == ("Night shift", "Nights")
    assert not model.objects.exists()
    assert audited() == [
        f"added the {one} Night shift",
        f"renamed the {one} Night shift to Nights",
        f"deleted the {one} Nights",
    ]


@pytest.mark.parametrize(("page", "model"), LISTS)
def test_a_name_that_is_taken_is_refused_whatever_its_case(
    client_of, owner, workspace, page, model
):
    model.objects.create(workspace=workspace, name="Night shift")
    other = model.objects.create(workspace=workspace, name="German")
    client = client_of(owner)

    for address in (page, f"{page}{other.pk}/"):
        answer = client.post(address, {"name": "NIGHT SHIFT"})
        assert answer.status_code == 422
        assert "“NIGHT SHIFT” already" in answer.content.decode()

    assert sorted(model.objects.values_list("name", flat=True)) == ["German", "Night shift"]
    assert audited() == []


def test_deleting_a_label_says_first_how_many_lose_it(
    client_of, owner, workspace, make_candidates, monkeypatch
):
    label = Label.objects.create(workspace=workspace, name="German")
    make_candidates(3, labels=[label])
    client = client_of(owner)
    question = f"/settings/labels/{label.pk}/delete/"

    exact = client.get(question).content.decode()
    monkeypatch.setattr(names, "count_some", partial(count_some, most=2))
    capped = client.get(question).content.decode()
    client.post(question)

    assert "3 candidates will lose it" in exact
    assert "2+ candidates will lose it" in capped
    assert not Label.objects.exists()
    assert Candidate.objects.count() == 3


def test_the_question_is_a_dialog_for_htmx_and_a_page_without(client_of, owner, labels):
    question = f"/settings/labels/{labels[0].pk}/delete/"
    client = client_of(owner)

    dialog = client.get(question, headers={"HX-Request": "true"}).content.decode()
    page = client.get(question).content.decode()

    assert "<html" not in dialog
    assert "data-close-dialog" in dialog
    assert "<h1" in page


def test_a_new_opening_has_the_usual_folders_and_can_be_renamed(client_of, owner):
    client = client_of(owner)

    client.post("/settings/openings/", {"name": "Driver, Leeds"})
    opening = Opening.objects.get()
    folders = list(opening.folders.values_list("name", flat=True))
    client.post(f"/settings/openings/{opening.pk}/", {"name": "Driver, York"})

    opening.refresh_from_db()
    assert folders == list(FolderKind.labels)
    assert opening.name == "Driver, York"
    assert audited() == [
        "added the opening Driver, Leeds",
        "renamed the opening Driver, Leeds to Driver, York",
    ]


SPELLINGS = ["CAFÉ TEAM", "Cafe\u0301 Team", " Café\u200b  team ", "Ｃafé Team"]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("model", [Label, RejectReason, Opening])
def test_one_name_has_many_spellings(client_of, owner, admin_client, model, spelling):
    model.objects.create(workspace=owner.membership.workspace, name="Café Team")
    page = {Label: "labels", RejectReason: "reject-reasons", Opening: "openings"}[model]

    answer = client_of(owner).post(f"/settings/{page}/", {"name": spelling})
    in_admin = admin_client.post(
        f"/admin/candidates/{model._meta.model_name}/add/",
        {"workspace": owner.membership.workspace_id, "name": spelling, **NO_FOLDERS},
    )

    assert "already" in answer.content.decode()
    assert "already" in in_admin.content.decode()
    assert model.objects.filter(name__istartswith="caf").count() == 1


NO_FOLDERS = {"folders-TOTAL_FORMS": 0, "folders-INITIAL_FORMS": 0}
