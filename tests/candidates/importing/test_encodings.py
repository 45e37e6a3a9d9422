"""Files of many writings and encodings, sound and damaged: who is in them has the right name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from pipeline.candidates.importing import reading
from pipeline.candidates.importing.encodings import ENCODINGS, codec_named, encoding_of
from pipeline.candidates.importing.findings import LONGEST_CELL
from pipeline.candidates.importing.reading import Wanted
from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.models.attributes import LONGEST
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import User

from .conftest import ImportFile
from .names import NAMES, files

MIXED = "\r\n".join(["Name,Email", *(f"Renée Åkesson {n},r{n}@x.org" for n in range(400))])
URL = "/candidates/import/"


def wrong_in(rows: int, plain_share: float, path: Path) -> list[tuple[str, str, str, bool]]:
    found = []
    for writing, encoding, text in files(rows, plain_share):
        path.write_bytes(text.encode(encoding))
        guess = encoding_of(path)
        if path.read_bytes().decode(guess.encoding, "replace") != text:
            found.append((writing, encoding, guess.encoding, guess.is_sure))
    return found


@pytest.mark.parametrize(("rows", "plain_share", "most"), [(8, 0, 1), (30, 0.7, 1), (300, 0.95, 0)])
def test_names_tell_the_encoding(rows: int, plain_share: float, most: int, tmp_path: Path) -> None:
    """Of short files one may be wrong, if the page says that it is not sure."""
    wrong = wrong_in(rows, plain_share, tmp_path / "a.csv")

    assert len(wrong) <= most, wrong
    assert not any(is_sure for *_, is_sure in wrong), wrong


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("writing", ["Polish", "Chinese"])
def test_wide_encodings_are_read_with_their_mark_and_without(
    writing: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    names = NAMES[writing][1].split()
    lines = ["Name,Email", *(f"{name},p{n}@example.com" for n, name in enumerate(names))]
    path.write_text("\n".join(lines), encoding)

    layout = reading.look_at(path)

    assert [row[0] for row in reading.rows_of(path, layout)] == names


def test_a_letter_at_the_end_of_a_large_file_tells_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    plain = b"".join(b"Ann %d,ann%d@x.org\r\n" % (n, n) for n in range(120_000))
    path.write_bytes(b"Name,Email\r\n" + plain + "Łukasz Żółciński,z@x.org\r\n".encode("cp1250"))

    layout = reading.look_at(path)

    assert layout.encoding == "cp1250"
    assert "Łukasz Żółciński" in layout.examples


@pytest.mark.parametrize("bad", [b"\xe9", b"\xc3", b"\xff\xfe", b"\xf0\x9f"])
@pytest.mark.parametrize("times", [1, 30])
def test_bad_bytes_change_no_other_row(bad: bytes, times: int, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = MIXED.encode().split(b"\r\n")
    for n in range(1, 1 + times):
        lines[n * 7] = lines[n * 7].replace(b"r", b"r" + bad, 1)
    path.write_bytes(b"\r\n".join(lines))

    layout = reading.look_at(path)
    records = reading.records_of(path, layout)
    names = [row[0] for row in reading.rows_of(path, layout, records)]

    assert layout.encoding == "utf-8-sig"
    good = [name for n, name in enumerate(names, 1) if n % 7 or n > 7 * times]
    assert good == [f"Renée Åkesson {n - 1}" for n in range(1, 401) if n % 7 or n > 7 * times]
    assert records.findings.counts["unreadable"] == times
    assert records.findings.rows["unreadable"][:1] == [8]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_zero_bytes_are_dropped_and_counted(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(MIXED.replace("kesson 7,", "kes\0s\0on 7,").encode(encoding))

    layout = reading.look_at(path)
    records = reading.records_of(path, layout)
    rows = list(reading.rows_of(path, layout, records))

    assert rows[7][0] == "Renée Åkesson 7"
    assert len(rows) == 400
    assert (records.findings.counts["nuls"], records.findings.rows["nuls"]) == (2, [9])


def test_what_somebody_else_has_garbled_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Name,Email\nRenÃ©e,r@x.org\nNoël’s,n@x.org\nJOSÉ,j@x.org\n", "utf-8")

    layout = reading.look_at(path)
    records = reading.records_of(path, layout)
    list(reading.rows_of(path, layout, records))

    assert layout.is_garbled
    assert layout.examples[0] == "RenÃ©e"
    assert records.findings.as_json() == {"garbled": {"count": 1, "rows": [2]}}


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("Windows-1251", "cp1251"), ("latin-1", "cp1252"), ("utf-8", "utf-8-sig"),
        ("Shift_JIS", "cp932"), ("GB2312", "gb18030"), ("EUC-KR", "cp949"), ("nonsense", ""),
        ("hex", ""),
    ],
)  # fmt: skip
def test_encodings_go_by_their_usual_names(name: str, codec: str) -> None:
    assert codec_named(name) == codec
    assert not codec or codec in ENCODINGS


def test_a_cell_is_as_long_as_an_attribute_may_be() -> None:
    assert LONGEST_CELL == LONGEST


# --- on the page and in the command ---

CYRILLIC = "Имя;Email;Phone\r\nМария Ковалёва;m@x.org;+447700900001\r\n"


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_names_and_lets_another_encoding_be_chosen(
    client_of: Callable[[User], Client], recruiter: User, opening: Opening
) -> None:
    client = client_of(recruiter)
    file = SimpleUploadedFile("people.csv", CYRILLIC.encode("cp1251"))
    page = client.post(URL, {"file": file, "opening": opening.pk}, follow=True)
    assert "Мария Ковалёва" in page.content.decode()
    assert "Cyrillic (Windows-1251)" in page.content.decode()
    imported = CandidateImport.objects.get()
    chosen = {"column-0": "full_name", "column-1": "email", "column-2": "keep", "region": "GB"}

    page = client.post(f"{URL}{imported.pk}/again/", {**chosen, "encoding": "koi8_r"}, follow=True)

    assert "лЮПХЪ" in page.content.decode()
    imported.refresh_from_db()
    assert imported.layout["encoding"] == "koi8_r"
    heading = imported.layout["columns"][0]
    assert (imported.mapping, imported.kept) == (
        {"full_name": heading, "email": "Email"}, ["Phone"],
    )  # fmt: skip
    page = client.post(f"{URL}{imported.pk}/columns/", {**chosen, "encoding": "cp1251"})
    imported.refresh_from_db()
    assert imported.awaits_columns  # what was not yet seen is shown first
    assert imported.layout["columns"][0] == "Имя"
    assert imported.mapping["full_name"] == "Имя"
    client.post(f"{URL}{imported.pk}/columns/", {**chosen, "encoding": "cp1251"})
    imported.refresh_from_db()
    assert not imported.awaits_columns


@pytest.mark.django_db(transaction=True)
def test_an_unsure_guess_and_garbled_names_are_said(
    client_of: Callable[[User], Client], recruiter: User, opening: Opening, tmp_path: Path
) -> None:
    client = client_of(recruiter)
    file = SimpleUploadedFile("people.csv", "Name,Email\nRenÃ©e,r@x.org\n".encode())
    page = client.post(URL, {"file": file, "opening": opening.pk}, follow=True)
    assert "garbled in the file itself" in page.content.decode()
    imported = CandidateImport.objects.get()

    imported.layout["is_sure"] = False
    imported.save()
    page = client.get(f"{URL}{imported.pk}/columns/")

    assert "does not tell its encoding for sure" in page.content.decode()
    assert any("does not tell its encoding" in remark for remark in imported.remarks)


@pytest.mark.django_db(transaction=True)
def test_the_command_takes_an_encoding(
    opening: Opening, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CYRILLIC.encode("koi8_r"))
    arguments = [str(path), "--opening", opening.name, "--map", "full_name=Имя"]

    with pytest.raises(CommandError, match="reads no encoding “klingon”"):
        call_command("import_candidates", *arguments, "--encoding", "klingon")
    with pytest.raises(CommandError, match="does not have a column"):
        call_command("import_candidates", *arguments, "--encoding", "cp1252")
    call_command("import_candidates", *arguments, "--encoding", "KOI8-R")

    assert Candidate.objects.get().full_name == "Мария Ковалёва"
    assert "Read as Имя, Мария Ковалёва" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_the_result_names_the_damaged_rows(import_file: ImportFile, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(MIXED.encode().replace(b"n 7,", b"n\xff 7,").replace(b"n 9,", b"\0n 9,"))

    imported = import_file(path)

    assert imported.remarks == [
        "1 row holds characters that could not be read: row 9.",
        "1 zero byte was dropped: row 11.",
    ]
    assert Candidate.objects.filter(full_name="Renée Åkesson\ufffd 7").exists()
    assert Candidate.objects.filter(full_name="Renée Åkesson 9").exists()


def test_a_wanted_encoding_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CYRILLIC.encode("cp1251"))

    layout = reading.look_at(path, Wanted(encoding="koi8_r"))

    assert (layout.encoding, layout.is_sure) == ("koi8_r", True)
