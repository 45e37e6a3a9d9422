"""Belay as people use it: daphne, workers and the cron on the test database, and real Chromium."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import django_rq
import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from pipeline.workspaces.models import User
from tests.bulk_actions.conftest import start_move as start_move
from tests.chromium import chromium
from tests.conftest import PASSWORD
from tests.servers import child_environment

SHOTS = Path(settings.BASE_DIR) / ".test-output"
SERIALIZER = ("--serializer", "rq.serializers.JSONSerializer")
expect.set_options(timeout=20_000)  # a busy machine starts workers slowly
DESKTOP: ViewportSize = {"width": 1360, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass
class Site:
    """A running Belay. Chunks of one, so that a person has the time to press Cancel."""

    log: Path
    port: int
    processes: list[psutil.Process] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *command: str) -> psutil.Process:
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=settings.BASE_DIR,
                env=child_environment() | {"BULK_CHUNK_SIZE": "1", "PUBLIC_URL": self.address},
                stdout=log,
                stderr=log,
            )
        self.processes.append(psutil.Process(process.pid))
        return self.processes[-1]

    def start_web(self) -> psutil.Process:
        web = self.run(
            "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "config.asgi:application"
        )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.address}/healthz")  # noqa: S310
                return web
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"daphne did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        family = [p for one in self.processes if one.is_running() for p in one.children(True)]
        for process in [*self.processes, *family]:
            if process.is_running():
                process.kill()


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    django_rq.get_queue("default").connection.flushall()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = Site(tmp_path / "site.log", port)
    for _ in range(2):
        site.run("manage.py", "rqworker", "default", *SERIALIZER, "--with-scheduler")
    site.run("manage.py", "rqworker", "imports", *SERIALIZER)
    site.run("manage.py", "rqcron", "config.cron")
    site.start_web()
    yield site
    site.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@dataclass
class Visit:
    """Logs a user in, in a browser of their own, and notes what the console complains of."""

    browser: Browser
    site: Site
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __call__(self, user: User, size: ViewportSize = DESKTOP) -> Page:
        context = self.browser.new_context(viewport=size, base_url=self.site.address)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(f"{user}: {error}"))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(f"{user}: {message.text} ({page.url})")
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.goto("/login/")
        page.get_by_label("E-mail").fill(user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/candidates/")
        return page


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Any console error or violation of the content security policy fails the test in the end."""
    visit = Visit(browser, site)
    yield visit
    for context in visit.contexts:
        context.close()
    assert visit.complaints == []


def look(page: Page, name: str) -> None:
    """Keep a picture, and let axe find nothing serious on the page as it is now."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")
    found = Axe().run(page).response["violations"]
    serious = [
        f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == [], f"{name}: {serious}"
