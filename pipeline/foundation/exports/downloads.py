"""Answers that are sent piece by piece, under WSGI and ASGI, however large they are."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import FileResponse, StreamingHttpResponse


class InPieces(StreamingHttpResponse):
    """Reads each piece in the request's thread when it is its turn.

    Under ASGI, Django's own would make a list of all of them first: the whole file in memory.
    """

    workspace_id: int | None = None  # whose members asked for it

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces: Iterator[Any] = iter(self.streaming_content)  # type: ignore[arg-type]
        while (piece := await sync_to_async(lambda: next(pieces, None))()) is not None:
            yield piece


class FileDownload(InPieces, FileResponse):
    """A stored file, to be saved by the browser under `filename` and nowhere on the way."""

    block_size = 256 * 1024  # each piece is a jump between threads

    def __init__(self, stored: Any, filename: str) -> None:
        super().__init__(stored, as_attachment=True, filename=filename)
        self["X-Content-Type-Options"] = "nosniff"
        self["Cache-Control"] = "no-store, private"
