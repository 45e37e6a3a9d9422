"""What has no answer in time gets a 503, and never a second one."""

import asyncio
import time
from typing import Any

import pytest

from config.in_time import App, InTime

SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}


def statuses(pages: App) -> list[int]:
    """Of the answers that began."""
    sent: list[dict[str, Any]] = []

    async def send(event: Any) -> None:
        sent.append(event)

    async def receive() -> Any:
        return {"type": "http.request"}

    asyncio.run(InTime(pages)(SCOPE, receive, send))
    return [event["status"] for event in sent if event["type"] == "http.response.start"]


async def begin(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.01)
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(autouse=True)
def little_time(settings: Any) -> None:
    settings.ANSWER_SECONDS = 0.05


def test_in_time_it_is_the_pages_answer() -> None:
    async def pages(_scope: Any, _receive: Any, send: Any) -> None:
        await begin(send)

    assert statuses(pages) == [200]


def test_too_late_it_is_a_503_and_nothing_after_it() -> None:
    async def pages(_scope: Any, _receive: Any, send: Any) -> None:
        await asyncio.sleep(0.2)
        await begin(send)

    assert statuses(pages) == [503]


def test_an_answer_that_begins_at_the_last_moment_is_the_only_one() -> None:
    async def pages(_scope: Any, _receive: Any, send: Any) -> None:
        # Whatever was due meanwhile then happens in the same step of the loop.
        asyncio.get_running_loop().call_later(0.01, time.sleep, 0.1)
        await asyncio.sleep(0.03)
        await begin(send)

    assert statuses(pages) == [200]
