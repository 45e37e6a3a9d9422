"""An import does not outlive the right of who started it."""

from pathlib import Path

import django_rq
import pytest
from django.urls import reverse

from notifications import notices
from notifications.models import Notice
from pipeline.candidates.importing import jobs, staging
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import AuditEntry
from tests.losses import Lose, deactivate, demote, limit, remove

from .conftest import written

pytestmark = pytest.mark.django_db(transaction=True)
LOSSES = {
    deactivate: "Ana Ruiz, who started it, has been deactivated.",
    demote: "Ana Ruiz, who started it, now has the role Agent."
    " Importing candidates requires an Owner, Admin or Recruiter.",
    limit: "Ana Ruiz, who started it, can no longer see the opening.",
    remove: "Ana Ruiz, who started it, is no longer a member of this workspace.",
}
each_loss = pytest.mark.parametrize(
    ("lose", "why"), LOSSES.items(), ids=[loss.__name__ for loss in LOSSES]
)


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    django_rq.get_queue("imports").empty()


@pytest.fixture
def ordered(tmp_path: Path, opening: Opening, other_opening: Opening, recruiter: User):
    path = written(tmp_path / "people.csv", [["Name", "Email"], ["Bo Li", "bo@x.org"]])
    imported = from_file(path, opening, by=recruiter)
    jobs.order_import(imported, by=recruiter)
    return imported


@each_loss
def test_it_is_stopped_before_a_row_is_read(
    lose: Lose, why: str, ordered: CandidateImport, opening: Opening, recruiter: User, owner: User
) -> None:
    lose(recruiter, owner)
    jobs.run_import(ordered.pk)

    ordered.refresh_from_db()
    assert (ordered.status, ordered.is_revoked) == (CandidateImport.Status.FAILED, True)
    assert ordered.error == f"{why} Nothing was imported."
    assert not opening.candidates.exists()


@each_loss
def test_it_is_stopped_before_the_people_are_in_the_opening(
    lose: Lose,
    why: str,
    ordered: CandidateImport,
    opening: Opening,
    recruiter: User,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = staging.copy

    def lost_meanwhile(*args: object) -> None:
        copy(*args)  # type: ignore[arg-type]
        lose(recruiter, owner)

    monkeypatch.setattr(staging, "copy", lost_meanwhile)
    jobs.run_import(ordered.pk)

    ordered.refresh_from_db()
    assert (ordered.is_revoked, ordered.error) == (True, f"{why} Nothing was imported.")
    assert not opening.candidates.exists()


@each_loss
def test_owners_and_the_person_are_told_and_the_audit_says_why(
    lose: Lose, why: str, ordered: CandidateImport, recruiter: User, owner: User
) -> None:
    lose(recruiter, owner)
    jobs.run_import(ordered.pk)
    notices.catch_up()
    notices.catch_up()

    told = Notice.objects.get(user=owner)
    assert why in told.text
    assert told.link == ordered.get_absolute_url()
    mine = Notice.objects.filter(user=recruiter)
    assert [why in notice.text for notice in mine] == ([] if lose is remove else [True])
    assert [bool(n.link) for n in mine if lose in (limit, deactivate)] in ([], [False])
    entry = AuditEntry.objects.get(verb="canceled the import of")
    assert (entry.actor_name, why in entry.subject) == ("Belay", True)


def test_another_member_can_try_it_again_and_then_answers_for_it(
    ordered: CandidateImport, opening: Opening, recruiter: User, colleague: User, owner, client_of
) -> None:
    deactivate(recruiter, owner)
    jobs.run_import(ordered.pk)

    client_of(colleague).post(reverse("candidates:import-retry", args=[ordered.pk]))
    jobs.run_import(ordered.pk)

    ordered.refresh_from_db()
    assert (ordered.is_done, ordered.is_revoked, ordered.ordered_by) == (True, False, colleague)
    assert opening.candidates.count() == 1


def test_the_operators_import_needs_nobodys_right(tmp_path: Path, opening: Opening) -> None:
    path = written(tmp_path / "people.csv", [["Name", "Email"], ["Bo Li", "bo@x.org"]])
    imported = from_file(path, opening)
    jobs.order_import(imported)

    jobs.run_import(imported.pk)

    assert opening.candidates.count() == 1
