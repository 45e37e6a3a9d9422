"""`manage.py benchmark` needs nothing but itself: no settings, no servers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings


@pytest.mark.slow
def test_it_measures_the_engine_on_servers_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "benchmark", "--only", "engine", "--sizes", "500"]
    figures = tmp_path / "figures.json"

    ended = subprocess.run(
        [*command, "--json", str(figures)],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "500" in figures.read_text()
