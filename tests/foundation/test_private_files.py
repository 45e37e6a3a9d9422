"""What holds people is 0600 in 0700, whatever the umask; what an older Belay left is mended."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile

from pipeline.foundation.private_files import close_folder, make_private


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: Any) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> set[str]:
    kinds = {True: "folder", False: "file"}
    return {
        f"{kinds[path.is_dir()]} {path.stat().st_mode & 0o777:o}"
        for path in [folder, *folder.rglob("*")]
    }


def test_what_is_stored_is_private(umask: int, settings: Any, tmp_path: Path):
    settings.MEDIA_ROOT = tmp_path / "media"
    large = TemporaryUploadedFile("people.csv", "text/csv", 4, None)
    large.write(b"Name")

    default_storage.save("exports/1/part.jsonl", ContentFile(b"Name"))
    default_storage.save("imports/people.csv", large)
    large.close()

    assert modes(tmp_path / "media") == {"folder 700", "file 600"}


def open_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    (folder / "exports" / "1").mkdir(parents=True)
    (folder / "exports" / "1" / "part.jsonl").write_text("Name")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    return folder


def test_an_older_folder_is_closed_with_all_that_is_in_it(tmp_path: Path):
    folder = open_folder(tmp_path)

    close_folder(folder)

    assert modes(folder) == {"folder 700", "file 600"}


def test_an_interrupted_closing_is_begun_again(tmp_path: Path):
    folder = open_folder(tmp_path)
    (folder / "exports").chmod(0o700)

    close_folder(folder)

    assert modes(folder) == {"folder 700", "file 600"}


def test_what_is_excepted_or_linked_to_stays(tmp_path: Path):
    folder, elsewhere = open_folder(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (folder / "link").symlink_to(elsewhere)
    (folder / "postgres").mkdir()
    (folder / "postgres").chmod(0o750)

    make_private(folder, apart_from=["postgres"])

    assert (folder / "postgres").stat().st_mode & 0o777 == 0o750
    assert elsewhere.stat().st_mode & 0o777 == 0o755
    assert (folder / "exports").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_not_there_is_nothing_to_close(tmp_path: Path):
    close_folder(tmp_path / "media")

    assert not (tmp_path / "media").exists()
