"""The folders of `up`: the data's, which may be read-only, and those of the servers' sockets."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from config.data_folder import DataFolder
from config.embedded import Redis, ServerError, socket_folders

NOBODY = 65534
A_RUN = """
import sys; from pathlib import Path; from config.embedded import Redis
redis = Redis(Path(sys.argv[1])); redis.start(); redis.wait_until_ready()
print(redis.process.pid, redis.sockets, flush=True); sys.stdin.read()
"""


@contextmanager
def not_as_root() -> Iterator[None]:
    """Root may write to what is read-only."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_read_only_data_folder_is_a_sentence(is_there: bool) -> None:
    # Not tmp_path, which another user can't enter.
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "data"
        if is_there:
            folder.mkdir()
            (folder / "up.lock").touch(0o666)
            (folder / "up.lock").chmod(0o666)
            folder.chmod(0o555)
        Path(above).chmod(0o555)

        with not_as_root(), pytest.raises(ServerError) as raised:
            DataFolder(folder).hold()

        if is_there:
            folder.chmod(0o755)
        Path(above).chmod(0o755)
    assert f"The data folder {folder} can't be written to" in str(raised.value)
    assert "--data" in str(raised.value)


def test_sockets_of_killed_runs_are_removed_but_not_those_in_use(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", A_RUN, str(tmp_path)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout
    pid, folder = run.stdout.readline().split()
    mine = Redis(tmp_path / "mine")  # not started yet

    run.kill()
    run.wait()
    socket_folders.remove_abandoned()
    assert Path(folder, "redis.sock").exists()  # its server lives, and perhaps its workers
    server = psutil.Process(int(pid))
    server.kill()
    server.wait()
    socket_folders.remove_abandoned()

    assert not Path(folder).exists()
    assert mine.sockets.exists()
    mine.stop()
    assert not mine.sockets.exists()
