"""Starts the client's process and asks it what its panels show."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from pipeline.workspaces.models import User


class Crowd:
    def __init__(self, process: subprocess.Popen[str], count: int) -> None:
        self.process = process
        self.count = count

    def ask(self, question: str) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{question}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def rows(self) -> list[tuple[dict[str, tuple[int, str]], int]]:
        """What the panels that are connected show, and how many show that."""
        return [(json.loads(rows), count) for rows, count in self.ask("rows").items()]

    def showing(self, action: int, status: str) -> int:
        """How many connected panels show the action in that status."""
        return sum(
            count for rows, count in self.rows() if rows.get(str(action), (0, ""))[1] == status
        )

    def wait_until(self, is_so: Callable[[], bool], seconds: float) -> float:
        """Seconds until it is so. Raises TimeoutError."""
        began = time.monotonic()
        while not is_so():
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"Not within {seconds} s; panels connected: {self.ask('shown')}")
            time.sleep(0.05)
        return time.monotonic() - began

    def wait_until_shown(self, seconds: float = 60) -> float:
        return self.wait_until(lambda: self.ask("shown") == self.count, seconds)


@contextmanager
def crowd_of(count: int, port: int, users: list[User]) -> Iterator[Crowd]:
    """`count` panels of those users by turns, each user with one login."""
    keys = [login_of(user) for user in users]
    sessions = [keys[number % len(keys)] for number in range(count)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.panels.client", str(port), *sessions],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Crowd(process, count)
    finally:
        process.kill()
        process.communicate()


def login_of(user: User) -> str:
    """A session of that user's, as a login makes it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key
    return session.session_key
