"""How the threads of a web process are lent to its requests."""

import asyncio
from contextlib import AsyncExitStack
from threading import current_thread

import pytest
from asgiref.sync import sync_to_async

from config.pages import Pages, Pool


async def enter(pool: Pool, held: AsyncExitStack, *, is_stop: bool = False) -> str:
    """The name of the thread that is lent."""
    async with asyncio.timeout(1):
        await held.enter_async_context(pool.thread(is_stop=is_stop))
    return (await sync_to_async(current_thread)()).name


def test_what_stops_work_never_waits_for_slow_pages() -> None:
    async def scene() -> None:
        pool = Pool("page", 3, for_stops=1)
        async with AsyncExitStack() as slow, AsyncExitStack() as stops:
            lent = {await enter(pool, slow), await enter(pool, slow)}
            with pytest.raises(TimeoutError):
                await enter(pool, slow)

            lent.add(await enter(pool, stops, is_stop=True))

            assert len(lent) == 3

    asyncio.run(scene())


def test_stops_take_any_thread_that_is_free_and_give_it_back() -> None:
    async def scene() -> None:
        pool = Pool("page", 2, for_stops=1)
        for _ in range(3):
            async with AsyncExitStack() as stops:
                assert await enter(pool, stops, is_stop=True) != await enter(
                    pool, stops, is_stop=True
                )
        async with AsyncExitStack() as slow:
            await enter(pool, slow)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("method", "path", "is_look"),
    [
        ("POST", "/candidates/import/", True),
        ("POST", "/candidates/import/5/again/", True),
        ("POST", "/candidates/import/5/columns/", True),
        ("GET", "/candidates/import/5/columns/", False),
        ("POST", "/candidates/import/5/retry/", False),
        ("POST", "/candidates/importing/", False),
    ],
)
def test_what_looks_at_a_file_takes_no_page_s_thread(method: str, path: str, is_look: bool) -> None:
    pages = Pages()

    assert (pages.pool_for({"method": method, "path": path}) is pages.uploads) == is_look
