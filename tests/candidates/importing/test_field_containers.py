"""Files as people really have them, by the page and by the command: encodings and workbooks."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from pipeline.candidates.importing import jobs
from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import User

from .conftest import DATA

pytestmark = pytest.mark.django_db(transaction=True)
THREE = {"Uma Rao", "Kwame Osei", "Lea Brandt"}


@dataclass(frozen=True)
class Right:
    """What must come of a file."""

    names: set[str]  # some, or all
    people: int
    rejected: dict[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()  # of name, e-mail and phone where nobody can guess them


RIGHT = {
    "01_gbk_chinese_headings.csv": Right(
        {"欧阳晓雯", "陈思远", "龙飞"}, 3, headings=("姓名", "邮箱", "手机")
    ),
    "03_shift_jis.csv": Right({"高橋 健太", "ソラ 美咲", "能登 表"}, 3),
    "04_windows1251.csv": Right({"Мария Ковалёва", "Олег Щукин"}, 2),
    "05_windows1250_polish_excel.csv": Right(
        {"Łukasz Żółciński", "Małgorzata Śliwińska", "Jiří Dvořák"}, 3
    ),
    "08_utf8_with_one_bad_byte.csv": Right(
        {"Renée Åkesson-0001", "Renée Åkesson-2000", "Ren\ufffde Åkesson-1500"},
        2000,
        remarks=("1 row holds characters that could not be read: row 1,501.",),
    ),
    "09_one_nul_byte.csv": Right(
        {"Sanna Virtanen-150"}, 300, remarks=("1 zero byte was dropped: row 151.",)
    ),
    "10_huge_resume_cell.csv": Right(
        {"Ivo Petrov"},
        2,
        remarks=("1 cell was longer than 32,767 characters and was cut: row 2.",),
    ),
    "15_unclosed_quote_mid_file.csv": Right(
        {"P37 Lund", "Q Lund", "R1 Lund"},
        79,
        remarks=(
            "In 1 row a quotation mark opens and never closes; the row ends with its line: row 41.",
        ),
    ),
    "02_strict_open_xml.xlsx": Right(THREE, 3),
    "03_SharedStrings_other_case.xlsx": Right(THREE, 3),
    "06_workbook2.xlsx": Right(THREE, 3),
    "08_hidden_sheet_first.xlsx": Right(
        THREE,
        3,
        remarks=("5 rows of the hidden sheet “Archive 2019” were not imported.",),
    ),
    "09_two_candidate_sheets.xlsx": Right(
        THREE, 3, remarks=("7 rows of sheet “Leeds” were not imported.",)
    ),
    "10_filtered_hidden_rows.xlsx": Right(
        {"Uma Rao", "Kwame Osei"}, 2, remarks=("2 hidden rows were left out: rows 3, 5.",)
    ),
    "11_formulas_and_errors.xlsx": Right(
        {"Pia Holm"},
        1,
        {"missing_name": 1, "unfinished_formula": 1},
        ("4 cells with an error, such as #N/A, were read as empty: rows 2, 3.",),
    ),
}
FIELDS = ("full_name", "email", "phone")


def check(imported: CandidateImport, right: Right) -> None:
    assert imported.is_done, imported.error
    assert imported.counts["reasons"] == right.rejected
    assert imported.counts["new"] == right.people
    found = set(Candidate.objects.values_list("full_name", flat=True))
    assert right.names <= found
    assert set(right.remarks) <= set(imported.remarks)


@pytest.mark.parametrize("name", RIGHT)
def test_by_the_page(
    name: str, client_of: Callable[[User], Client], recruiter: User, opening: Opening
) -> None:
    right, client = RIGHT[name], client_of(recruiter)
    file = SimpleUploadedFile(name, (DATA / "field" / name).read_bytes())
    upload = {"file": file, "opening": opening.pk, "region": "GB"}

    page = client.post("/candidates/import/", upload, follow=True)

    imported = CandidateImport.objects.get()
    shown = page.content.decode()
    if name.endswith(".csv") and not all(map(str.isascii, right.names)):
        assert any(person in shown for person in right.names)
    mapping = dict(zip(right.headings, FIELDS, strict=False))
    mapping |= {heading: known for known, heading in imported.mapping.items()}
    columns = imported.layout["columns"]
    form = {f"column-{at}": mapping.get(heading, "keep") for at, heading in enumerate(columns)}
    client.post(f"/candidates/import/{imported.pk}/columns/", {**form, "region": "GB"})
    jobs.run_import(imported.pk)
    imported.refresh_from_db()
    check(imported, right)
    result = client.get(f"/candidates/import/{imported.pk}/").content.decode()
    assert all(remark in result for remark in right.remarks)


@pytest.mark.parametrize("name", RIGHT)
def test_by_the_command(name: str, opening: Opening, capsys: pytest.CaptureFixture[str]) -> None:
    right = RIGHT[name]
    maps = [f"--map={known}={head}" for known, head in zip(FIELDS, right.headings, strict=False)]
    path = DATA / "field" / name

    call_command("import_candidates", str(path), "--opening", opening.name, "--region=GB", *maps)

    check(CandidateImport.objects.get(), right)
    told = capsys.readouterr().out
    assert all(remark in told for remark in right.remarks)
