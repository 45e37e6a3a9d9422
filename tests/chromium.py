"""The real browser of the tests: Playwright's own download fails on closed networks."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
Do = Callable[..., Any]
expect.set_options(timeout=90_000)  # patience costs nothing where it is not needed
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


@pytest.fixture
def do() -> Iterator[Do]:
    """`do(function, …)` in another thread: pushes need an event loop of their own."""

    def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        yield lambda function, *args, **kwargs: thread.submit(
            call, function, *args, **kwargs
        ).result()
