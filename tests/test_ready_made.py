"""What test processes share is made once, and anew when what it is made from has changed."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests import ready_made, servers


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ready_made, "BASE", tmp_path)
    monkeypatch.setattr(ready_made, "FOLDER", tmp_path / "ready-made")
    source = tmp_path / "source"
    source.write_text("one")
    return source


@pytest.fixture
def make() -> Callable[[Path], None]:
    def make(target: Path) -> None:
        made.append(target)
        target.mkdir()

    made: list[Path] = []
    make.made = made  # type: ignore[attr-defined]
    return make


def test_it_is_made_once_for_all_processes_and_anew_after_a_change(source: Path, make) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: ready_made.made_of([source], "thing", make), range(8)))
    assert len(make.made) == len(found) == 1

    source.write_text("two")
    found.add(ready_made.made_of([source], "thing", make))
    assert len(make.made) == len(found) == 2
    assert all(folder.is_dir() for folder in found)


def test_what_failed_half_way_is_not_taken_for_made(source: Path, make) -> None:
    def fail(target: Path) -> None:
        make(target)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        ready_made.made_of([source], "thing", fail)

    ready_made.made_of([source], "thing", make)
    assert len(make.made) == 2


def test_what_nobody_used_for_a_day_goes(source: Path, make) -> None:
    old = ready_made.made_of([source], "thing", make)
    day_ago = time.time() - ready_made.KEPT_SECONDS - 1
    os.utime(old, (day_ago, day_ago))
    source.write_text("two")

    new = ready_made.made_of([source], "thing", make)

    assert [*ready_made.FOLDER.glob("thing-*")] == [new]


def test_this_run_uses_both() -> None:
    """A static file's name has its hash; the database that was copied has what migrations make."""
    assert str(ready_made.static_files()) == settings.STATIC_ROOT
    assert (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file()
    if servers.postgres is None:
        pytest.skip("the servers are not this run's own")
    with psycopg.connect(servers.postgres.dsn("belay")) as belay:
        assert belay.execute("SELECT count(*) > 30 FROM django_migrations").fetchone() == (True,)
