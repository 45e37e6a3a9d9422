"""Belay as people use it: daphne, workers and the cron on the test database, and real Chromium."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django_rq
import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from pipeline.workspaces.models import User
from tests import nursery
from tests.bulk_actions.conftest import start_move as start_move
from tests.chromium import chromium
from tests.conftest import PASSWORD
from tests.daphne import Daphne
from tests.servers import child_environment

SHOTS = Path(settings.BASE_DIR) / ".test-output"
SERIALIZER = ("--serializer", "rq.serializers.JSONSerializer")
DESKTOP: ViewportSize = {"width": 1360, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
AXE = f"if (!window.axe) {{ {Axe().axe_script} }}"
# Not what it found to be right, with the HTML of each: that is most of what it says.
VIOLATIONS = 'axe.run({ resultTypes: ["violations"] }).then((found) => found.violations)'


@dataclass
class Site:
    """A running Belay. Chunks of one, so that a person has the time to press Cancel."""

    web: Daphne
    workers: list[psutil.Process] = field(default_factory=list)

    def run(self, *command: str) -> None:
        environment = child_environment() | self.web.environment
        self.workers.append(nursery.manage(*command, environment=environment, log=self.web.log))

    def dismiss(self) -> None:
        family = [
            p for worker in self.workers if worker.is_running() for p in worker.children(True)
        ]
        for process in [*self.workers, *family]:
            if process.is_running():
                process.kill()
        self.workers.clear()


@pytest.fixture(scope="package")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daphne]:
    web = Daphne(tmp_path_factory.mktemp("site") / "site.log")
    web.environment = {"BULK_CHUNK_SIZE": "1", "PUBLIC_URL": web.url}
    web.start()
    yield web
    web.kill()


@pytest.fixture
def site(web: Daphne, transactional_db: None) -> Iterator[Site]:
    """The pages alone, and what a test runs beside them, which goes with the test."""
    django_rq.get_queue("default").connection.flushall()
    if not web.is_running:  # a test that killed it has failed
        web.start()
    site = Site(web)
    yield site
    site.dismiss()


@pytest.fixture
def workers(site: Site) -> None:
    """What works on what the pages order."""
    for _ in range(2):
        site.run("rqworker", "default", *SERIALIZER, "--with-scheduler")
    site.run("rqworker", "imports", *SERIALIZER)
    for queue in ("messages", "exports"):
        site.run("rqworker", queue, *SERIALIZER, "--with-scheduler")
    periodic = ("--worker-class", "config.worker.PeriodicWorker")
    site.run("rqworker", "periodic", *SERIALIZER, *periodic)
    site.run("rqcron", "config.cron")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@dataclass
class Visit:
    """Opens the candidates in a browser of a user's own, and notes what the console complains of.

    `by_form` logs in as people do; else the session is there already.
    """

    browser: Browser
    site: Site
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __call__(self, user: User, size: ViewportSize = DESKTOP, by_form: bool = False) -> Page:
        # Whatever moves is painted sixty times a second, here by the processor.
        context = self.browser.new_context(
            viewport=size, base_url=self.site.web.url, reduced_motion="reduce"
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.on("pageerror", lambda error: self.complaints.append(f"{user}: {error}"))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(f"{user}: {message.text} ({page.url})")
                if message.type in ("error", "warning")
                else None
            ),
        )
        if by_form:
            page.goto("/login/")
            page.get_by_label("E-mail").fill(user.email)
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url("**/candidates/")
        else:
            client = Client()
            client.force_login(user)
            for name, cookie in client.cookies.items():
                context.add_cookies(
                    [{"name": name, "value": cookie.value, "url": self.site.web.url}]
                )
            page.goto("/candidates/")
        return page


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Any console error or violation of the content security policy fails the test in the end."""
    visit = Visit(browser, site)
    yield visit
    for context in visit.contexts:
        context.close()
    assert visit.complaints == []


def live_desk(visit: Visit, user: User, **size: Any) -> Page:
    """Once it hears every change, and has asked for what it did not hear."""
    page = visit(user, **size)
    with page.expect_response(
        lambda response: response.request.headers.get("hx-trigger") == "queue"
    ):
        page.goto("/tasks/")
    expect(page.locator("#progress-panel")).to_have_attribute("data-live", "on")
    return page


def look(page: Page, name: str) -> None:
    """Keep a picture, and let axe find nothing serious on the page as it is now."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")
    page.evaluate(AXE)
    found = page.evaluate(VIOLATIONS)
    serious = [
        f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == [], f"{name}: {serious}"
