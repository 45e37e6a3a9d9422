"""Answers to what is not taken: whole HTTP answers, made without Django's request or a database."""

import json
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string

HEADERS = {
    "Connection": "close",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Reader(Enum):
    """Who asked, and therefore in what form is answered."""

    PERSON = auto()  # by a page
    SCRIPT = auto()  # htmx: by a sentence, which it shows on the page that is there
    PROGRAM = auto()  # by JSON


@dataclass(frozen=True)
class Answer:
    status: HTTPStatus
    title: str
    why: str  # for people, with what to do
    reader: Reader = Reader.PERSON

    def as_bytes(self) -> bytes:
        if self.reader is Reader.PROGRAM:
            kind, text = "application/json", json.dumps({"errors": {"body": self.why}})
        elif self.reader is Reader.SCRIPT:
            kind, text = "text/plain; charset=utf-8", self.why
        else:
            kind = "text/html; charset=utf-8"
            text = render_to_string("refused.html", {"title": self.title, "why": self.why})
        body = text.encode()
        headers = {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def too_large(reader: Reader, most: int) -> Answer:
    go_back = "Go back and send" if reader is Reader.PERSON else "Send"
    why = (
        "An event may have 64 KiB at most. Shorten its texts."
        if reader is Reader.PROGRAM
        else f"Belay takes up to {filesizeformat(most)} at a time. Nothing of it was kept. "
        f"{go_back} less: a shorter text, or fewer candidates at once."
    )
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too much at once", why, reader)


def file_too_large(most: int) -> Answer:
    why = (
        f"A file of candidates may have {filesizeformat(most)} at most. Nothing of it was kept. "
        "Split it into smaller files and upload them one after the other."
    )
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file is too large", why)


def not_an_uploader(most: int) -> Answer:
    why = (
        f"Files of more than {filesizeformat(most)} are taken only from members who may import "
        "candidates. Nothing of it was kept. Log in as one of them and upload the file again."
    )
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file was not taken", why)


def nobody_knows() -> Answer:
    why = (
        "Belay can’t reach its database right now, so it can’t see who you are. Nothing of the "
        "file was kept. Go back and upload it again in a moment."
    )
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "Back in a moment", why)


def too_slow(reader: Reader) -> Answer:
    why = (
        "What you sent came too slowly, so Belay stopped waiting. Nothing of it was kept. "
        "Send it again over a faster connection."
    )
    return Answer(HTTPStatus.REQUEST_TIMEOUT, "That took too long", why, reader)


def head_too_slow() -> Answer:
    why = (
        "The beginning of your request came too slowly, so Belay stopped waiting. "
        "Try again over a faster connection."
    )
    return Answer(HTTPStatus.REQUEST_TIMEOUT, "That took too long", why)


def head_too_large(most: int) -> Answer:
    why = (
        f"The address and the cookies that your browser sent are longer than the "
        f"{filesizeformat(most)} that Belay takes. Use a shorter address; if it is short, delete "
        "this site’s cookies in your browser and log in again."
    )
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    return Answer(status, "That is too much at once", why)


def too_many_headers(most: int) -> Answer:
    why = (
        f"Your browser sent more than the {most:,} lines of headers that Belay takes. Turn off "
        "extensions that add to what it sends, and try again."
    )
    return Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "That is too much at once", why)


def too_many_connections() -> Answer:
    why = (
        "Too many connections to Belay are open right now. Close pages that you don’t need, "
        "and reload this one in a moment."
    )
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "Back in a moment", why)
