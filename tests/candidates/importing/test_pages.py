"""The import's pages, and who may see them."""

from collections.abc import Callable
from pathlib import Path

import django_rq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pipeline.candidates.importing import jobs
from pipeline.candidates.importing.forms import KEEP
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.models.attributes import MOST
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import User
from tests.pages import one_line

from .conftest import written

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[User], Client]
URL = "/candidates/import/"
CSV = b"Full name,Mail,Tel,Team\r\nAna Ruiz,ana@x.org,07700900001,=Red\r\nBo,,,Blue\r\n"


def upload(content: bytes, opening: Opening, **more: str) -> dict[str, object]:
    file = SimpleUploadedFile("people.csv", content)
    return {"file": file, "opening": opening.pk, "region": "GB", **more}


def test_the_whole_way(client_of: ClientOf, recruiter: User, opening: Opening) -> None:
    client = client_of(recruiter)

    page = client.post(URL, upload(CSV, opening), follow=True)
    assert b"UTF-8, comma" in page.content
    assert b"Ana Ruiz" in page.content
    imported = CandidateImport.objects.get()
    form = {
        "column-0": "full_name",
        "column-1": "email",
        "column-2": "phone",
        "column-3": "tags",
        "region": "GB",
        "separator": "",
    }
    page = client.post(f"{URL}{imported.pk}/columns/", form, follow=True)
    assert b"Waiting to start" in page.content
    assert b"<progress" in page.content
    jobs.run_import(imported.pk)
    page = client.get(f"{URL}{imported.pk}/", headers={"HX-Request": "true"})

    assert page.content.count(b'<div id="import"') == 1
    assert b"<html" not in page.content
    assert b"hx-get" not in page.content
    assert b"The row has neither an e-mail address nor a phone number." in page.content
    assert "1 cell looks like a formula and was kept as plain text" in one_line(page)
    rejected = client.get(f"{URL}{imported.pk}/rejected.csv")
    assert rejected["Content-Disposition"] == 'attachment; filename="rejected-people.csv"'
    assert rejected.getvalue().decode("utf-8-sig").splitlines()[1].endswith('"Bo","","","Blue"')
    candidate = Candidate.objects.get()
    assert [label.name for label in candidate.labels.all()] == ["=Red"]


def test_a_file_that_is_no_table_is_told_at_its_field(
    client_of: ClientOf, recruiter: User, opening: Opening
) -> None:
    page = client_of(recruiter).post(URL, upload(b"%PDF-1.7", opening))

    assert page.status_code == 422
    assert b"This is a PDF, not a table." in page.content
    assert not CandidateImport.objects.exists()


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"column-0": "full_name"}, "Choose which column holds the e-mail"),
        ({"column-1": "email"}, "Choose which column holds the name"),
        ({"column-0": "full_name", "column-1": "email", "column-2": "email"}, "already"),
    ],
)
def test_a_mapping_that_makes_no_candidates_is_sent_back(
    mapping: dict[str, str], words: str, client_of: ClientOf, recruiter: User, opening: Opening
) -> None:
    client = client_of(recruiter)
    client.post(URL, upload(CSV, opening))
    imported = CandidateImport.objects.get()

    page = client.post(f"{URL}{imported.pk}/columns/", mapping)

    assert page.status_code == 422
    assert words in page.content.decode()
    imported.refresh_from_db()
    assert imported.awaits_columns


def test_no_more_columns_are_kept_than_a_candidate_has_attributes(
    client_of: ClientOf, recruiter: User, opening: Opening
) -> None:
    columns = [f"Column {n}" for n in range(MOST + 1)]
    lines = [["Name", "Email", *columns], ["Ana", "ana@x.org", *["x" for _ in columns]]]
    client = client_of(recruiter)
    client.post(URL, upload("\n".join(map(",".join, lines)).encode(), opening))
    imported = CandidateImport.objects.get()
    mapping = {"column-0": "full_name", "column-1": "email"}
    mapping |= {f"column-{n}": KEEP for n, _ in enumerate(columns, start=2)}

    page = client.post(f"{URL}{imported.pk}/columns/", mapping)

    assert page.status_code == 422
    assert f"You are keeping {MOST + 1} columns: ignore some of them." in page.content.decode()
    client.post(f"{URL}{imported.pk}/columns/", mapping | {"column-2": ""})
    imported.refresh_from_db()
    assert len(imported.kept) == MOST


@pytest.fixture
def theirs(tmp_path: Path, opening: Opening) -> CandidateImport:
    return from_file(written(tmp_path / "a.csv", [["Name", "Email"], ["A", "a@x.org"]]), opening)


PAGES = ["", "columns/", "rejected.csv"]


@pytest.mark.parametrize("page", PAGES)
def test_a_foreign_import_does_not_exist(
    page: str, theirs: CandidateImport, client_of: ClientOf, stranger: User
) -> None:
    assert client_of(stranger).get(f"{URL}{theirs.pk}/{page}").status_code == 404
    assert client_of(stranger).post(f"{URL}{theirs.pk}/retry/").status_code == 404


def test_a_limited_member_sees_only_imports_into_the_own_openings(
    theirs: CandidateImport,
    client_of: ClientOf,
    limited: User,
    other_opening: Opening,
    tmp_path: Path,
) -> None:
    other = from_file(
        written(tmp_path / "b.csv", [["Name", "Email"], ["B", "b@x.org"]]), other_opening
    )
    client = client_of(limited)

    assert client.get(f"{URL}{theirs.pk}/columns/").status_code == 200
    assert client.get(f"{URL}{other.pk}/columns/").status_code == 404
    assert b"b.csv" not in client.get(URL).content


def test_a_foreign_opening_can_not_be_chosen(
    client_of: ClientOf, stranger: User, opening: Opening
) -> None:
    page = client_of(stranger).post(URL, upload(CSV, opening))

    assert page.status_code == 422
    assert b"Select a valid choice" in page.content
    assert not CandidateImport.objects.exists()


@pytest.mark.parametrize("role", ["agent", "support"])
def test_who_may_not_start_reads_why(
    role: str, request: pytest.FixtureRequest, client_of: ClientOf, theirs: CandidateImport
) -> None:
    client = client_of(request.getfixturevalue(role))

    for address in (URL, f"{URL}{theirs.pk}/", f"{URL}{theirs.pk}/columns/"):
        page = client.get(address)
        assert page.status_code == 403
        assert b"requires an Owner, Admin or Recruiter" in page.content


def test_pages_need_a_login(client: Client) -> None:
    assert client.get(URL).headers["Location"].startswith("/login/")


def test_a_failed_import_is_tried_again_by_its_button(
    theirs: CandidateImport, client_of: ClientOf, recruiter: User
) -> None:
    django_rq.get_queue("imports").empty()
    theirs.order()
    theirs.fail("The disk was full.")
    client = client_of(recruiter)
    assert b"The disk was full." in client.get(f"{URL}{theirs.pk}/").content
    assert client.get(f"{URL}{theirs.pk}/columns/").status_code == 200

    client.post(f"{URL}{theirs.pk}/retry/")

    assert django_rq.get_queue("imports").get_job_ids() == [jobs.job_id(theirs.pk)]
