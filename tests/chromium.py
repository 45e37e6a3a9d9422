"""The real browser of the tests: Playwright's own download fails on closed networks."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--disable-gpu", "--disable-background-networking", "--disable-component-update")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for some tests; without one they fail, so that nobody misses them unnoticed.

    Playwright keeps an event loop in this thread. Queries between its calls are fine, but a push
    needs a loop of its own: order what pushes in another thread, and close the browser before
    tests that know nothing of it.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail("These tests need Chromium: on Debian, apt-get install chromium.")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()
