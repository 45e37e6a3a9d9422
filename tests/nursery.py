"""Processes of Belay that begin at once: forked from one that has imported all of it.

`manage.py rqworker` spends 1.5 s of processor time on its imports, daphne 2 s, and the tests start
and kill hundreds. The root has imported what reads no setting: daphne is forked from it, and the
nurseries, one for each environment, as settings are read once. A nursery has imported all of Belay,
and workers are forked from it. What is forked is a process like any other, whose parent that is.
The end of root and nursery is that of the socket from which they take their orders.
"""

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

MODULE = "tests.nursery"
BASE = Path(__file__).resolve().parent.parent
MOST = 3  # kept for what may come
LARGEST = 1 << 17  # bytes of an order
WITHOUT_SETTINGS = (
    *("django.contrib.admin.options", "django.db.backends.postgresql.base", "psycopg_pool"),
    *("redis.asyncio", "rq.cron", "rq.worker", "channels.routing", "django_filters"),
    # Not what makes the reactor: its event loop would be everybody's.
    *("twisted.internet.asyncioreactor", "twisted.web.http", "autobahn.twisted.websocket"),
    *("cryptography.fernet", "phonenumbers", "requests", "xlsxwriter"),
)
COMMANDS = "django_rq.management.commands"
PRELOADED = (f"{COMMANDS}.rqworker", f"{COMMANDS}.rqcron", "config.urls", "config.worker")


@dataclass
class Parent:
    pid: int
    wire: socket.socket
    process: "subprocess.Popen[bytes] | None" = None  # a root's

    def ask(self, *order: Any, descriptors: Iterable[int] = ()) -> int:
        """The id of the process that it has forked for the order."""
        socket.send_fds(self.wire, [json.dumps(order).encode()], [*descriptors])
        answer = self.wire.recv(LARGEST)
        assert answer, f"{self.pid} has ended"
        return int(answer)


roots: dict[str, Parent] = {}
nurseries: dict[str, Parent] = {}


def manage(*command: str, environment: dict[str, str], log: Path) -> psutil.Process:
    """`manage.py command`, the leader of a session, which adds what it says to the log."""
    key = json.dumps(environment, sort_keys=True)
    nursery = nurseries.pop(key, None) or open_nursery(environment)
    nurseries[key] = nursery  # now the last to go
    while len(nurseries) > MOST:
        close(next(iter(nurseries)))
    return psutil.Process(nursery.ask(str(log), "manage.py", *command))


def daphne(*arguments: str, environment: dict[str, str], log: Path) -> psutil.Process:
    """`python -m daphne …`, in the same way."""
    root = root_for(environment)
    return psutil.Process(root.ask(environment, str(log), "daphne", *arguments))


def root_for(environment: dict[str, str]) -> Parent:
    """Another one where Python is told to import something else, which may read any variable."""
    is_usual = environment.get("PYTHONPATH") == os.environ.get("PYTHONPATH")
    key = "" if is_usual else json.dumps(environment, sort_keys=True)
    if key not in roots:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", MODULE],
                cwd=BASE,
                env=environment | {"PYTHONUNBUFFERED": "1"},
                stdin=theirs.fileno(),
                start_new_session=True,
            )
        roots[key] = Parent(process.pid, ours, process)
    return roots[key]


def open_nursery(environment: dict[str, str]) -> Parent:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Settings are read here, by a command line that is no worker's.
    environment = environment | {"BELAY_PROCESS": "worker"}
    with theirs:
        pid = root_for(environment).ask(environment, descriptors=[theirs.fileno()])
    return Parent(pid, ours)


def close(key: str) -> None:
    nurseries.pop(key).wire.close()


def orphans() -> list[psutil.Process]:
    """What has outlived its parent, as a horse does the worker that is killed; of this run."""
    parents = {root.pid for root in roots.values()}
    family = {}
    for process in psutil.process_iter(["cmdline", "ppid"]):
        if MODULE in (process.info["cmdline"] or ()):
            family[process.pid] = process
    return [
        process
        for process in family.values()
        if process.info["ppid"] not in family and process.pid not in parents and is_ours(process)
    ]


def is_ours(process: psutil.Process) -> bool:
    try:
        return bool(process.environ().get("BELAY_DATA") == os.environ["BELAY_DATA"])
    except psutil.Error:
        return False


# --- within the root ---


def main() -> None:
    for module in WITHOUT_SETTINGS:
        import_module(module)
    wire = socket.socket(fileno=0)
    be_parent()
    while True:
        order, descriptors, _, _ = socket.recv_fds(wire, LARGEST, 1)
        if not order:
            return
        if pid := os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            wire.send(str(pid).encode())
            continue
        wire.detach()
        environment, *command = json.loads(order)
        os.environ.clear()
        os.environ.update(environment)
        if descriptors:
            be_nursery(socket.socket(fileno=descriptors[0]))
        else:
            run(*command)
        return


def be_parent() -> None:
    # Neither of them would live on in a fork.
    assert threading.active_count() == 1
    assert "twisted.internet.reactor" not in sys.modules
    gc.freeze()
    signal.signal(signal.SIGCHLD, reap)


def reap(*_: Any) -> None:
    """Whoever waits for a process that was killed waits until it is gone."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def run(log: str, *command: str) -> None:
    become(log)
    sys.argv = [*command]
    if command[0] == "daphne":
        runpy.run_module("daphne", run_name="__main__")
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


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


# --- within a nursery ---


def be_nursery(wire: socket.socket) -> None:
    prepare()
    while order := wire.recv(LARGEST):
        if pid := os.fork():
            wire.send(str(pid).encode())
            continue
        wire.close()
        run(*json.loads(order))
        return


def prepare() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.db import connection

    for module in PRELOADED:
        import_module(module)
    assert connection.connection is None
    be_parent()


if __name__ == "__main__":
    main()
