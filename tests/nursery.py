"""Processes of Belay that begin at once: forked from one that has imported all of it.

`manage.py rqworker` spends 1.5 s of processor time on its imports, and the tests start and kill
hundreds. What is forked is a process like any other, whose parent is its nursery; there is one
nursery for each environment, as settings are read once. Its end is that of its standard input.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

MODULE = "tests.nursery"
BASE = Path(__file__).resolve().parent.parent
MOST = 3  # kept for what may come
COMMANDS = "django_rq.management.commands"
PRELOADED = (f"{COMMANDS}.rqworker", f"{COMMANDS}.rqcron", "config.urls", "config.worker")

nurseries: dict[str, "subprocess.Popen[str]"] = {}


def manage(*command: str, environment: dict[str, str], log: Path) -> psutil.Process:
    """`manage.py command`, the leader of a session, which adds what it says to the log."""
    key = json.dumps(environment, sort_keys=True)
    nursery = nurseries.pop(key, None) or open_nursery(environment)
    nurseries[key] = nursery  # now the last to go
    while len(nurseries) > MOST:
        close(next(iter(nurseries)))
    assert nursery.stdin
    assert nursery.stdout
    nursery.stdin.write(json.dumps([str(log), "manage.py", *command]) + "\n")
    nursery.stdin.flush()
    answer = nursery.stdout.readline()
    assert answer, f"the nursery has ended: {nursery.wait()}"
    return psutil.Process(int(answer))


def open_nursery(environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", MODULE],
        cwd=BASE,
        # Settings are read here, by a command line that is no worker's.
        env=environment | {"BELAY_PROCESS": "worker"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def close(key: str) -> None:
    nurseries.pop(key).communicate()


def is_one(process: psutil.Process) -> bool:
    return process.pid in {nursery.pid for nursery in nurseries.values()}


# --- within a nursery ---


def main() -> None:
    prepare()
    for order in sys.stdin:
        log, *command = json.loads(order)
        if pid := os.fork():
            print(pid, flush=True)
            continue
        become(log)
        sys.argv = command
        from django.core.management import execute_from_command_line

        execute_from_command_line(command)
        return


def prepare() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.db import connection

    for module in PRELOADED:
        import_module(module)
    # Neither would live on in a fork.
    assert connection.connection is None
    assert threading.active_count() == 1
    gc.freeze()
    signal.signal(signal.SIGCHLD, reap)


def reap(*_: Any) -> None:
    """Whoever waits for a process that was killed waits until it is gone."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def become(log: str) -> None:
    """As a shell would have started it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    silent = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((silent, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    gc.unfreeze()


if __name__ == "__main__":
    main()
