"""Answers to what is not taken: whole HTTP answers, made without Django's request or a database."""

import json
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

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
        _("An event can be up to 64 KiB. Shorten its texts.")
        if reader is Reader.PROGRAM
        else _(
            "Belay accepts up to %(most)s at a time. Nothing was saved. %(go_back)s "
            "less: a shorter text, or fewer candidates at once."
        )
        % {"most": filesizeformat(most), "go_back": go_back}
    )
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too much at once", why, reader)


def file_too_large(most: int) -> Answer:
    why = _(
        "A candidate file can be up to %(most)s. Nothing was saved. Split it into "
        "smaller files and upload them one after the other."
    ) % {"most": filesizeformat(most)}
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file is too large", why)


def not_an_uploader(most: int) -> Answer:
    why = _(
        "Files larger than %(most)s are accepted only from members who can import "
        "candidates. Nothing was saved. Log in as one of them and upload the file "
        "again."
    ) % {"most": filesizeformat(most)}
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The file was not accepted"), why)


def nobody_knows() -> Answer:
    why = _(
        "Belay can’t reach its database right now, so it can’t check who you are. "
        "Nothing was saved. Go back and upload it again in a moment."
    )
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "Back in a moment", why)


def too_slow(reader: Reader) -> Answer:
    why = _(
        "Your data arrived too slowly, so Belay stopped waiting. Nothing was saved. "
        "Send it again over a faster connection."
    )
    return Answer(HTTPStatus.REQUEST_TIMEOUT, "That took too long", why, reader)


def head_too_slow() -> Answer:
    why = _(
        "Your request arrived too slowly, so Belay stopped waiting. "
        "Try again over a faster connection."
    )
    return Answer(HTTPStatus.REQUEST_TIMEOUT, "That took too long", why)


def head_too_large(most: int) -> Answer:
    why = _(
        "The address and cookies that your browser sent are longer than the %(most)s "
        "that Belay accepts. Use a shorter address. If it is already short, delete "
        "this site’s cookies in your browser and log in again."
    ) % {"most": filesizeformat(most)}
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    return Answer(status, "That is too much at once", why)


def too_many_headers(most: int) -> Answer:
    why = (
        f"Your browser sent more than {most:,} request headers. Turn off extensions "
        f"that add headers, and try again."
    )
    return Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "That is too much at once", why)


def too_many_connections() -> Answer:
    why = _(
        "Too many connections to Belay are open right now. Close pages you don’t "
        "need, then reload this one in a moment."
    )
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "Back in a moment", why)
