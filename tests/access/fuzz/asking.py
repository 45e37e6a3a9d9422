"""One request of the fuzz, and what is wrong with its answer."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.test import Client

from .hostile import FORM

MOST_SECONDS = 10
MOST_BYTES = 20_000_000  # of an answer of this small world
SECRET = "Svärd"  # a candidate of Acme in Manila, and who may not read of it:
OUTSIDERS = ("elsewhere", "stranger", "nobody")
Fields = list[tuple[str, str | bytes]]


@dataclass(frozen=True)
class Ask:
    method: str
    path: str
    query: Fields = field(default_factory=list)
    form: Fields = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: tuple[str, bytes] | None = None  # instead of the form: its type and its bytes

    def with_fields(self, fields: Fields) -> "Ask":
        """Where a browser would put them."""
        is_form = self.method == "POST"
        return replace(self, form=fields) if is_form else replace(self, query=fields)

    def by_htmx(self) -> "Ask":
        return replace(self, headers=self.headers | {"HX-Request": "true"})

    def sent_by(self, client: Client) -> Any:
        kind, body = self.body or (FORM, urlencode(self.form).encode())
        address = f"{self.path}?{urlencode(self.query)}" if self.query else self.path
        if self.method == "GET":
            return client.get(address, headers=self.headers)
        return client.generic(self.method, address, body, kind, headers=self.headers)

    def __str__(self) -> str:
        said = {
            "query": self.query,
            "form": self.form,
            "headers": self.headers,
            "body": self.body and (self.body[0], self.body[1][:100]),
        }
        shown = {name: value for name, value in said.items() if value}
        return f"{self.method} {self.path} {str(shown)[:600]}"


class TookTooLong(BaseException):
    """No `except Exception` on the way stops it."""


@contextmanager
def time_limit() -> Iterator[None]:
    def end(*_: Any) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def all_troubles(clients: dict[str, Client], asked: Iterable[tuple[str, Ask]]) -> list[str]:
    """What is wrong with the answers to everybody's requests."""
    wrong = []
    for name, ask in asked:
        error, text = trouble(clients[name], ask)
        if name in OUTSIDERS and SECRET in text and SECRET not in f"{ask.query} {ask.form}":
            error = error or f"{ask}: tells of {SECRET}"
        wrong += [f"{name}: {error}"] if error else []
    return wrong


def trouble(client: Client, ask: Ask) -> tuple[str, str]:
    """What is wrong with the answer, or nothing; and its text. Leaves no trace in the database."""
    cookies = SimpleCookie(client.cookies)  # a logout takes them
    text = ""
    try:
        with transaction.atomic():
            try:
                with time_limit():
                    answer = ask.sent_by(client)
                    text = body_of(answer)
            finally:
                transaction.set_rollback(True)
        wrong = why(answer)
    except TookTooLong:
        wrong = f"took more than {MOST_SECONDS} s"
    except Exception as error:  # while it streamed: what had begun, broke off
        wrong = told(error)
    finally:
        client.cookies = cookies
    return (f"{ask}: {wrong}" if wrong else "", text)


def body_of(answer: Any) -> str:
    if not answer.streaming:
        return str(answer.content.decode(errors="replace"))
    body = b""
    for piece in answer.streaming_content:
        body += piece
        assert len(body) < MOST_BYTES, "a stream without an end"
    return body.decode(errors="replace")


def why(answer: Any) -> str:
    if answer.status_code < 500:
        return ""
    error = getattr(answer, "exc_info", None)
    return f"{answer.status_code} {told(error[1]) if error else ''}"


def told(error: BaseException) -> str:
    where, at = error.__traceback__, ""
    while where:
        code = where.tb_frame.f_code
        if "site-packages" not in code.co_filename:
            at = f"{code.co_filename.split('/wt/')[-1]}:{where.tb_lineno}"
        where = where.tb_next
    return f"{error!r:.300} at {at}"
