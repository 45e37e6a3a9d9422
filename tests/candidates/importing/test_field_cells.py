"""Cells as people have reported them of other products: each file stands for its kind."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from pipeline.candidates.importing import jobs
from pipeline.candidates.importing.forms import ColumnsForm
from pipeline.candidates.models import Candidate, Label, Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.outreach.models import OptOut

from .conftest import DATA

FIELD = DATA / "field"
Way = Callable[[str], CandidateImport]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["page", "command"])
def imports(request: Any, client: Client, recruiter: Any, opening: Opening) -> Way:
    """`imports("22_phones.csv")`: by the pages, as a recruiter clicks, or by the command."""
    client.force_login(recruiter)

    def by_page(name: str) -> CandidateImport:
        with (FIELD / name).open("rb") as file:
            answer = client.post(
                "/candidates/import/", {"file": file, "opening": opening.pk, "region": "GB"}
            )
        assert answer.status_code == 302, answer.content.decode()
        imported = CandidateImport.objects.latest("pk")
        form = ColumnsForm(imported=imported)
        chosen = {bound.html_name: bound.initial or "" for bound in form}
        assert client.post(answer["Location"], chosen)["Location"] == imported.get_absolute_url()
        jobs.run_import(imported.pk)
        imported.refresh_from_db()
        page = client.get(imported.get_absolute_url()).content.decode()
        assert imported.is_done, page
        assert all(remark.split(":")[0] in page for remark in imported.remarks)
        return imported

    def by_command(name: str) -> CandidateImport:
        out = StringIO()
        arguments = [str(FIELD / name), "--opening", opening.name, "--region", "GB"]
        call_command("import_candidates", *arguments, stdout=out)
        imported = CandidateImport.objects.latest("pk")
        assert all(remark in out.getvalue() for remark in imported.remarks)
        return imported

    return by_page if request.param == "page" else by_command


def noticed(imported: CandidateImport) -> dict[str, int]:
    return {code: found["count"] for code, found in imported.counts["findings"].items()}


def person(name: str) -> Candidate:
    return Candidate.objects.get(full_name=name)


def test_a_value_under_a_blank_heading_and_second_columns(imports: Way) -> None:
    imported = imports("17_two_email_columns.csv")

    assert imported.counts["rejected"] == 0
    assert (person("Ada Lind").email, person("Ada Lind").phone) == (
        "ada.home@example.com",
        "+447700900031",
    )
    assert person("Ben Wong").email == "ben@example.com"
    assert person("Ben Wong").attributes["Second e-mail"] == "ben.home@example.com"
    assert person("Ben Wong").attributes["Other phones"] == "+447700900033"
    assert noticed(imported) == {"under_no_heading": 1}


def test_google_contacts(imports: Way) -> None:
    imports("18_google_contacts.csv")

    mina, otto = person("Mina Hoxha"), person("Otto Klein")
    assert (mina.email, mina.phone) == ("mina@example.com", "+447700900041")
    assert mina.attributes["Second e-mail"] == "m.hoxha@example.org"
    assert mina.attributes["Other phones"] == "+447700900042"
    assert {label.name for label in mina.labels.all()} == {"Drivers", "myContacts"}
    assert otto.attributes["Second e-mail"] == "otto@example.net"


def test_phones(imports: Way) -> None:
    imported = imports("22_phones.csv")

    numbers = {c.full_name[-2:]: c.phone for c in Candidate.objects.all()}
    cases = [*range(3, 17), 17, 18, 22, 23, 24, 26]
    ends = [*range(61, 75), 76, 77, 78, 79, 80, 81]  # 15 and 16 hold two numbers each
    ends[12:14] = [73, 75]
    assert numbers == {
        f"{case:02}": f"+4477009000{end}" for case, end in zip(cases, ends, strict=True)
    }
    assert imported.counts["reasons"] == {
        "rounded_phone_only": 2,
        "invalid_phone_only": 4,
    }


def test_emails(imports: Way) -> None:
    imports("23_emails.csv")

    found = set(Candidate.objects.values_list("email", flat=True))
    assert {
        "ana@example.com", "ana4@example.com", "ana5@example.com", "ana12@example.com",
        "ana8@müller.example", "josé@example.com", "ana19@example.museum",
    } <= found  # fmt: skip
    assert not any("bla.bla" in email or "xn--" in email for email in found)
    assert person("Mail Case 08").attributes["Second e-mail"] == "ana4@example.org"
    assert person("Mail Case 09").attributes["Second e-mail"] == "ana5b@example.com"


def test_dates(imports: Way) -> None:
    imported = imports("25_dates.csv")

    days = {c.full_name[-2:]: str(c.created_at)[:10] for c in Candidate.objects.all()}
    assert days["01"] == "2025-04-03"
    assert days["09"] == days["10"] == "2023-12-31"
    assert days["11"] == days["12"] == "2025-01-01"
    assert days["17"] == days["18"] == days["19"] == "2025-12-03"
    assert days["20"] == days["21"] == days["22"] == "2025-03-04"
    assert days["24"] == "2025-12-31"
    assert noticed(imported) == {"date_unreadable": 6}
    kept = Candidate.objects.filter(attributes__has_key="Applied on as written")
    assert {c.full_name[-2:] for c in kept} == {"13", "15", "16", "23", "25", "26"}


def test_two_digit_years(imports: Way) -> None:
    imports("26_two_digit_years.csv")

    found = Candidate.objects.order_by("full_name").values_list("created_at__year", flat=True)
    assert list(found) == [1998, 1999, 2000, 2024, 1969]


def test_opt_out_columns(imports: Way) -> None:
    for _ in range(2):
        imports("27_opt_out_columns.csv")

        assert set(OptOut.objects.values_list("channel", "address")) == {
            ("email", "opal@example.com"),
            ("email", "mei@example.com"),
            ("sms", "+447700900092"),
            ("call", "+447700900092"),
        }


def test_labels_by_case(imports: Way) -> None:
    imported = imports("28_labels_by_case.csv")

    assert set(Label.objects.values_list("name", flat=True)) == {"German", "forklift", "x" * 60}
    assert noticed(imported) == {"label_cut": 1}


def test_shared_contacts(imports: Way) -> None:
    imported = imports("29_shared_contacts.csv")
    again = imports("29_shared_contacts.csv")

    desk = Candidate.objects.get(email="jobs@example.org")
    names = {desk.full_name, *desk.attributes["Other names"].split("; ")}
    assert names == {"Agency Desk", "Tariq Aziz", "Olena Bondar"}
    assert noticed(imported)["other_name"] == 3  # two of the agency's, and Pedro
    assert again.counts["new"] == 0
