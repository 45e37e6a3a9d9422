"""How many files may be uploaded in a day, and what is said then."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.foundation.quotas import QuotaReached
from pipeline.workspaces.models import Role, User, Workspace
from tests.at_once import at_once
from tests.conftest import join


@pytest.fixture(autouse=True)
def few(settings: Any) -> None:
    settings.UPLOADS_PER_USER = 2
    settings.UPLOADS_PER_WORKSPACE = 3


@pytest.fixture
def upload(client_of: Any, opening: Opening) -> Any:
    def upload(user: User) -> Any:
        file = SimpleUploadedFile("people.csv", b"Name,E-mail\nAna,ana@example.org\n")
        data = {"file": file, "opening": opening.pk}
        return client_of(user).post(reverse("candidates:import"), data)

    return upload


def test_a_member_reads_when_there_is_room_again(upload: Any, recruiter: User) -> None:
    assert [upload(recruiter).status_code for _ in range(2)] == [302, 302]

    third = upload(recruiter)

    assert third.status_code == 422
    told = third.content.decode()
    assert "You have uploaded 2 files in the last 24 hours, the maximum." in told
    assert "Upload this file after" in told
    assert CandidateImport.objects.count() == 2


def test_yesterdays_do_not_count(upload: Any, recruiter: User) -> None:
    upload(recruiter), upload(recruiter)
    CandidateImport.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert upload(recruiter).status_code == 302


def test_the_workspace_has_a_most_of_its_own(upload: Any, recruiter: User, owner: User) -> None:
    upload(recruiter), upload(recruiter), upload(owner)

    fourth = upload(owner)

    assert "3 files were uploaded to your workspace in the last 24 hours" in fourth.content.decode()


def test_another_workspaces_do_not_count(
    upload: Any, recruiter: User, stranger: User, opening: Opening
) -> None:
    theirs = stranger.membership.workspace.openings.get()
    for _ in range(5):
        CandidateImport.objects.create(opening=theirs, created_by=stranger, name="x.csv")

    assert upload(recruiter).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whose", ["member", "workspace"])
def test_of_several_at_the_same_moment_exactly_as_many_as_may_be_are_kept(
    whose: str,
    upload: Any,
    workspace: Workspace,
    recruiter: User,
    opening: Opening,
    tmp_path: Path,
    settings: Any,
) -> None:
    """As if each came to another web process. Of those that are refused nothing stays behind."""
    settings.MEDIA_ROOT = tmp_path
    path = tmp_path / "people.csv"
    path.write_bytes(b"Name,E-mail\nAna,ana@example.org\n")
    settings.UPLOADS_PER_USER = 2 if whose == "member" else 100
    settings.UPLOADS_PER_WORKSPACE = 2 if whose == "workspace" else 100
    people = [recruiter] * 3
    if whose == "workspace":
        people = [join(workspace, Role.RECRUITER, f"Person{number} Busy") for number in range(3)]
    upload(recruiter)

    answers = at_once([partial(from_file, path, opening, by=person) for person in people])

    assert sum(isinstance(answer, QuotaReached) for answer in answers) == 2
    kept = CandidateImport.objects.values_list("file", flat=True)
    assert len(kept) == 2
    assert {f"imports/{file.name}" for file in (tmp_path / "imports").iterdir()} == set(kept)
