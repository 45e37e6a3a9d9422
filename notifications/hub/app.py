"""The websocket of one page, as daphne sees it: everything else is the hub's."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http import parse_cookie

from pipeline.workspaces.sessions import is_session_key

from .hub import hub
from .page import Page, Send

Receive = Callable[[], Awaitable[dict[str, Any]]]


async def live(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Sends HTML to one page; hears nothing from it but `ping`.

    A page that shows tasks connects with `?tasks`, and is sent JSON about these, too.
    """
    await receive()  # that it wants to connect
    await send({"type": "websocket.accept"})  # first: a browser is not told why it is refused
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    page = Page(session_key_in(scope["headers"]), "tasks" in query, send)
    hub.arrive(page)
    try:
        while (event := await receive())["type"] != "websocket.disconnect":
            if event.get("text") == "ping":
                hub.ping(page)
    finally:
        hub.leave(page)


def session_key_in(headers: list[tuple[bytes, bytes]]) -> str:
    cookies = b"; ".join(value for name, value in headers if name == b"cookie").decode("latin-1")
    key = str(parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, ""))
    # One that PostgreSQL can't even be asked for would keep all that ask with it from an answer.
    return key if is_session_key(key) else ""
