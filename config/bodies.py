"""How much a client may send, and how slowly: refused before daphne keeps any of it.

daphne spools a request's body until it is complete, whatever its size and whoever sends it. The
head has its limits in connections.py.
"""

import asyncio
import io
import logging
import time
from typing import IO, Any
from urllib.parse import unquote

from daphne.http_protocol import WebRequest
from django.conf import settings

from config import body_refusals as refusals
from config.uploaders import may_upload
from notifications.threads import Threads

log = logging.getLogger(__name__)
BODY = "belay.body"  # in a request's scope: the file, instead of events with all of its bytes
MOST_BYTES = 3 * 1024**2
MOST_API_BYTES = 64 * 1024  # of an event; its endpoint says so too
FORM_BYTES = 64 * 1024  # of a form beside its file
UPLOAD = (b"POST", "/candidates/import/")
ASK_SECONDS = 10.0
# A request has BODY_SECONDS from its first line on, and one more for each SLOWEST bytes of a body.
SLOWEST = 4 * 1024
# So long does a refused client get to notice. A connection that is closed while it still sends is
# reset, and its browser shows that instead of the answer.
DRAIN_SECONDS = 5.0
asking = Threads("uploaders", 1)


class Request(WebRequest):  # type: ignore[misc]  # daphne has no types
    """A request whose body has limits. What is beyond them is read no further, or thrown away."""

    content: IO[bytes] | None  # none before the head is complete

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Django parses forms. Twisted would do it too, in memory and while every page waits.
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)
        self.began = time.monotonic()
        self.received = 0
        self.most = 0
        self.is_complete = self.is_asking = self.is_refused = False
        self.postponed: tuple[bytes, bytes, bytes] | None = None

    @property
    def wanted(self) -> tuple[bytes, str]:
        """Method and path; twisted sets its own only once the body is there."""
        command, target = (getattr(self.channel, name, b"") for name in ("_command", "_path"))
        return command, unquote(target.split(b"?", 1)[0].decode("latin-1"))

    @property
    def is_for_api(self) -> bool:
        return self.wanted[1].startswith("/api/")

    @property
    def reader(self) -> refusals.Reader:
        if self.is_for_api:
            return refusals.Reader.PROGRAM
        is_script = self.requestHeaders.hasHeader(b"HX-Request")
        return refusals.Reader.SCRIPT if is_script else refusals.Reader.PERSON

    def gotLength(self, length: int | None) -> None:  # noqa: N802  twisted's name
        """Called when the head is complete; None is a body whose length nobody knows."""
        self.channel.head_is_complete()
        self.most = MOST_API_BYTES if self.is_for_api else MOST_BYTES
        if not self.is_refused and length is not None and length > self.most:
            self.exceed(length)
        super().gotLength(0 if self.is_refused else length)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self.received += len(data)
        if self.received > self.most and not (self.is_refused or self.is_asking):
            self.exceed(self.received)
        if not self.is_refused:
            super().handleContentChunk(data)

    def requestReceived(self, *line: bytes) -> None:  # noqa: N802
        self.is_complete = True
        if self.is_refused:
            self.channel.loseConnection()  # nothing is on its way any more
        elif self.is_asking:
            self.postponed = line  # type: ignore[assignment]
        else:
            super().requestReceived(*line)

    def exceed(self, length: int) -> None:
        """Refuse what is too much for anybody; for an upload, ask first who sends it."""
        if self.wanted != UPLOAD:
            self.refuse(refusals.too_large(self.reader, MOST_BYTES))
        elif length > (most := settings.IMPORT_MAX_BYTES + FORM_BYTES) or self.most == most:
            self.refuse(refusals.file_too_large(settings.IMPORT_MAX_BYTES))
        else:
            self.is_asking = True
            self.transport.pauseProducing()
            self.question = asyncio.ensure_future(self.ask())  # kept, or it may be collected

    async def ask(self) -> None:
        """Take the whole of it from a member who may start imports, nothing more from others."""
        cookies = b"; ".join(self.requestHeaders.getRawHeaders(b"Cookie", []))
        asked = asyncio.wrap_future(asking.submit(may_upload, cookies.decode("latin-1")))
        try:
            is_allowed, refusal = await asyncio.wait_for(asked, ASK_SECONDS), None
        except Exception as error:
            log.warning("Nobody knows who uploads: %r", error)
            is_allowed, refusal = False, refusals.nobody_knows()
        if self.channel is None:  # gone meanwhile
            return
        self.is_asking = False
        self.most = settings.IMPORT_MAX_BYTES + FORM_BYTES
        if not is_allowed:
            self.refuse(refusal or refusals.not_an_uploader(MOST_BYTES))
        self.transport.resumeProducing()
        if self.postponed:
            self.requestReceived(*self.postponed)

    def refuse(self, answer: refusals.Answer) -> None:
        """Answer and send nothing more; what still comes is thrown away for DRAIN_SECONDS."""
        self.is_refused, self.refused_at = True, time.monotonic()
        if self.content is not None:
            self.content.close()
            self.content = io.BytesIO()
        self.requestHeaders.removeHeader(b"Expect")  # or twisted would ask for the body
        self.transport.write(answer.as_bytes())
        self.transport.loseWriteConnection()
        log.warning("%s %s: %s", answer.status, self.wanted[1][:200], answer.why)

    def check_timeouts(self) -> None:
        """Called by daphne every two seconds; its loop would end with an exception from here."""
        super().check_timeouts()
        # Completeness first: what is done has no channel any more, not even none.
        if self.is_complete or self.is_asking or self.channel is None:
            return
        now = time.monotonic()
        if self.is_refused and now - self.refused_at > DRAIN_SECONDS:
            self.channel.forceAbortClient()
        elif not self.is_refused and now - self.began > self.most_seconds:
            self.refuse(refusals.too_slow(self.reader))

    @property
    def most_seconds(self) -> float:
        """How long it may take to arrive, judged by what has."""
        return float(settings.BODY_SECONDS + self.received / SLOWEST)

    def take_body(self) -> IO[bytes]:
        """The whole body, from its beginning; daphne itself finds none from now on."""
        body, self.content = self.content, io.BytesIO()
        assert body is not None
        return body
