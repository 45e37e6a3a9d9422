"""Pages that listen to a real daphne with a websocket."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User, Workspace
from tests.bulk_actions.conftest import empty_queue as empty_queue
from tests.bulk_actions.conftest import start_move as start_move
from tests.daphne import Daphne


@pytest.fixture(scope="session")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daphne]:
    daphne = Daphne(tmp_path_factory.mktemp("web") / "daphne.log")
    daphne.start()
    yield daphne
    daphne.stop()


class Page:
    """What an open page hears, as text."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def hear(self, timeout: float = 90) -> str:
        return str(self.socket.recv(timeout))

    def hear_until(self, what: str, timeout: float = 90) -> str:
        """The first message with `what` in it. Raises TimeoutError when none comes."""
        ends = time.monotonic() + timeout
        while what not in (heard := self.hear(ends - time.monotonic())):
            pass
        return heard

    def hears_nothing(self, seconds: float = 1.5) -> bool:
        try:
            self.hear(seconds)
        except TimeoutError:
            return True
        return False

    def closed_with(self, timeout: float = 90) -> int | None:
        """The code of the server's close. Raises TimeoutError when it doesn't."""
        ends = time.monotonic() + timeout
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.hear(ends - time.monotonic())
        return self.socket.close_code


OpenPage = Callable[..., Page]
MakeActions = Callable[..., list[BulkAction]]


@pytest.fixture
def open_page(web: Daphne) -> Iterator[OpenPage]:
    """`open_page(user)`: a socket of that user's login (of nobody's without one), from `origin`.

    With the `query` "?tasks" it is a page that shows tasks.
    """
    with page_opener(web) as open_page:
        yield open_page


@pytest.fixture
def open_page_of() -> Iterator[OpenPage]:
    """The same, of the server that is its first argument."""
    with contextlib.ExitStack() as opened:
        openers: dict[int, OpenPage] = {}

        def open_page_of(web: Daphne, *about: Any, **options: Any) -> Page:
            if web.port not in openers:
                openers[web.port] = opened.enter_context(page_opener(web))
            return openers[web.port](*about, **options)

        yield open_page_of


@contextlib.contextmanager
def page_opener(web: Daphne) -> Iterator[OpenPage]:
    """All that it opens are closed in the end."""
    with contextlib.ExitStack() as opened:

        def open_page(
            user: User | None = None,
            client: Client | None = None,
            origin: str = web.url,
            query: str = "",
        ) -> Page:
            client = client or Client()
            if user:
                client.force_login(user)
            cookie = client.cookies.get("sessionid")
            headers = {"Cookie": f"sessionid={cookie.value}"} if cookie else {}
            return Page(
                opened.enter_context(
                    connect(
                        f"ws://127.0.0.1:{web.port}/ws/live/{query}",
                        origin=Origin(origin),
                        additional_headers=headers,
                        open_timeout=90,
                    )
                )
            )

        yield open_page


def rows_in(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<li [^>]*id="bulk-action-(\d+)"', html)]


@pytest.fixture
def make_actions(workspace: Workspace, opening: Opening, recruiter: User) -> MakeActions:
    def make(count: int, **fields: Any) -> list[BulkAction]:
        values = {
            "workspace": workspace,
            "opening_ids": [opening.pk],
            "title": "Move to Hired",
            "operation": "move_to_folder",
            "total": 1,
            "started_by": recruiter,
            "starts_at": timezone.now(),
            **fields,
        }
        return [BulkAction.objects.create(key=uuid4(), **values) for _ in range(count)]

    return make
