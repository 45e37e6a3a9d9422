"""A page whose viewer's rights change hears nothing until it is known what they may see now."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from notifications.bell import BellNumbers
from notifications.hub.admission import Admission, ask_for
from notifications.hub.hub import Hub
from notifications.hub.page import Event, Outbox, Page
from notifications.hub.pushes import Pushes
from notifications.hub.viewers import Login, Viewer
from notifications.publishing import people_channel
from pipeline.workspaces.models import User

VIEWER = Viewer(1, 1, "recruiter", None, "UTC")
LOGIN = Login("key", 1, "mark")


async def send(_event: Event) -> None: ...


def rights_changed(hub: Hub, user: int) -> None:
    message = {"type": "access", "users": [user]}
    Pushes(hub).hear(people_channel(), json.dumps(message).encode())


def test_a_second_change_is_not_answered_by_the_question_about_the_first() -> None:
    async def scene() -> None:
        hub = Hub()
        hub.outbox = Outbox()
        page = Page("key", hears_tasks=False, send=send, login=LOGIN)
        hub.join(page, VIEWER)
        hub.outbox.release(page)
        as_before = {LOGIN: (VIEWER, BellNumbers(0, 0, 0, 0))}

        hub.suspect(page)
        asked = {**hub.suspects}
        hub.suspect(page)
        hub.judge({page}, asked, as_before)
        assert page.held is not None

        hub.judge({page}, {**hub.suspects}, as_before)
        assert page.held is None

    asyncio.run(scene())


@pytest.mark.django_db(transaction=True)
def test_a_change_of_ones_rights_has_nobody_elses_admission_asked_for_again(
    recruiter: User, colleague: User, client_of: Callable[[User], Client]
) -> None:
    """It comes while both have just connected and the database is being asked about them."""
    keys = [client_of(user).cookies["sessionid"].value for user in (recruiter, colleague)]
    asked: list[list[str]] = []

    async def scene() -> None:
        hub = Hub()
        hub.start()
        ask = hub.ask

        async def ask_and_hear(call: Any, *about: Any) -> Any:
            found = await ask(call, *about)
            if call is ask_for:
                asked.append(*about)
                if len(asked) == 1:
                    rights_changed(hub, recruiter.pk)
            return found

        hub.ask = ask_and_hear  # type: ignore[assignment,method-assign]
        pages = [Page(key, hears_tasks=False, send=send) for key in keys]
        for page in pages:
            hub.arrive(page)
        async with asyncio.timeout(60):
            while any(page.held is not None for page in pages):
                await asyncio.sleep(0.01)
        for task in hub.tasks:
            task.cancel()
        await asyncio.gather(*hub.tasks, return_exceptions=True)

    asyncio.run(scene())

    assert asked == [keys, keys[:1]]


def test_a_change_of_ones_rights_holds_nothing_back_from_others() -> None:
    async def scene() -> None:
        hub = Hub()
        hub.outbox, hub.admission, hub.check_soon = Outbox(), Admission(hub), asyncio.Event()
        mine, theirs = (
            Page(f"key-{user}", hears_tasks=False, send=send, login=Login(f"key-{user}", user, "m"))
            for user in (1, 2)
        )
        for user, page in enumerate((mine, theirs), start=1):
            hub.join(page, Viewer(user, 1, "recruiter", None, "UTC"))
            hub.outbox.release(page)

        rights_changed(hub, 1)
        hub.outbox.send([mine, theirs], "news")

        assert (mine.held, theirs.held) == (["news"], None)
        assert set(hub.suspects) == {mine}

    asyncio.run(scene())
