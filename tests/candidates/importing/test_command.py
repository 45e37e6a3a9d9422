from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import Workspace

from .conftest import written

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    rows = [["Who", "Mail", "Tel"], ["Ana", "ana@x.org", "07700900001"], ["Bo", "", "x"]]
    return written(tmp_path / "people.csv", rows)


def run(path: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("import_candidates", str(path), *arguments, stdout=out)
    return out.getvalue()


def test_it_imports_and_tells_the_counts(people: Path, opening: Opening, tmp_path: Path) -> None:
    rejected = tmp_path / "out.csv"

    out = run(
        people, "--opening", opening.name, "--map", "full_name=Who", "--rejected", str(rejected)
    )

    assert "2 rows: 1 new candidates" in out
    assert "1 rejected" in out
    assert Candidate.objects.get().phone == "+447700900001"
    assert '"Bo","","x"' in rejected.read_text("utf-8-sig")


def test_it_makes_the_opening_on_demand(people: Path, workspace: Workspace) -> None:
    run(people, "--opening", "New", "--create-opening", "--map", "full_name=Who", "--region", "US")

    assert Opening.objects.get(name="New").inbox.name == "Inbox"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--opening", "Nope", "--map", "full_name=Who"], "Openings: “Customer Support, Manila”"),
        (["--opening", "Customer Support, Manila"], "Choose which column holds the name"),
        (["--opening", "Nope", "--map", "name=Who"], "no field “name”"),
        (["--opening", "Nope", "--map", "full_name=What"], "not have a column “What”"),
        (["--opening", "Nope", "--workspace", "No", "--map", "full_name=Who"], "Workspaces: Acme"),
    ],
)
def test_errors_say_what_there_is_and_nothing_is_left(
    arguments: list[str], words: str, people: Path, opening: Opening
) -> None:
    with pytest.raises(CommandError, match=words):
        run(people, *arguments)

    assert not CandidateImport.objects.exists()


def test_a_file_that_breaks_takes_the_new_opening_with_it(
    tmp_path: Path, workspace: Workspace
) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(b"Name,Email\r\nAna,a@x.org\r\n" * 9000 + b"B," * 3_000_000)

    with pytest.raises(CommandError, match="too long for a table"):
        run(path, "--opening", "New", "--create-opening")

    assert not CandidateImport.objects.exists()
    assert not Opening.objects.exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path, opening: Opening) -> None:
    with pytest.raises(CommandError, match="can't be read: No such file"):
        run(tmp_path / "none.csv", "--opening", opening.name)
