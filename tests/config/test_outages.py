"""What people and programs are answered while PostgreSQL is away, and what stays an error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from redis.backoff import NoBackoff
from redis.retry import Retry

from pipeline.foundation.outages import Outage, outage_of
from pipeline.workspaces.models import User
from tests import servers

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
TYPED = {"name": "Nacht & <b>Tag</b>", "text": "one\ntwo", "label": ["7", "9"]}


@contextmanager
def postgresql_away() -> Iterator[None]:
    assert servers.postgres
    connection.close()
    servers.postgres.stop("immediate")
    try:
        yield
    finally:
        connection.close()
        servers.postgres.start()
        servers.postgres.wait_until_ready()


@pytest.fixture
def browser(recruiter: User, client_of: ClientOf) -> Client:
    """Logged in, and told of an error as a browser is."""
    browser = client_of(recruiter)
    browser.raise_request_exception = False
    return browser


class Fields(HTMLParser):
    """The hidden fields of a page's form, as a browser sends them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        if tag == "input":
            self.found.append((fields["name"] or "", fields["value"] or ""))


def is_told(answer: Any) -> bool:
    seconds = int(answer["Retry-After"])
    return (
        answer.status_code == 503 and 1 <= seconds <= 15 and "no-store" in answer["Cache-Control"]
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_while_postgresql_is_away_each_answer_says_so_and_can_be_asked_again(
    browser: Client,
) -> None:
    file = SimpleUploadedFile("people.csv", b"name\nAna\n")
    with postgresql_away():
        anonymous = Client().get("/login/")
        page = browser.get("/candidates/?q=ana")
        part = browser.get("/tasks/", headers=HTMX)
        sent = browser.post("/bulk-actions/?x=1", TYPED)
        sent_part = browser.post("/bulk-actions/", TYPED, headers=HTMX)
        with_file = browser.post("/candidates/import/", {"file": file})
        login = browser.post("/login/", {"username": "ana@example.com", "password": "secret"})
        event = browser.post(
            "/api/events/", "{}", "application/json", headers={"Authorization": "Bearer x"}
        )
    again = browser.get("/candidates/?q=ana")

    assert anonymous.status_code == 200  # nothing of it is in the database
    answers = (page, part, sent, sent_part, with_file, login, event)
    assert [is_told(one) for one in answers] == [True] * 7
    text = page.content.decode()
    assert "reach its database" in text
    assert 1 <= int(page["Refresh"]) <= 15
    assert "<script>" not in text
    assert part.content == sent_part.content == Outage.DATABASE.value.encode()
    assert part["Content-Type"] == "text/plain; charset=utf-8"
    text = sent.content.decode()
    assert "Refresh" not in sent
    assert 'action="/bulk-actions/?x=1"' in text
    assert Fields(text).found == [
        ("name", "Nacht & <b>Tag</b>"),
        ("text", "one\ntwo"),
        ("label", "7"),
        ("label", "9"),
    ]
    assert Fields(with_file.content.decode()).found == []
    assert "secret" not in login.content.decode()
    assert "database" in event.json()["errors"]["server"]
    assert again.status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("statement", "outage"),
    [
        ("SET statement_timeout = 1; SELECT pg_sleep(5)", Outage.BUSY),
        ("SELECT pg_terminate_backend(pg_backend_pid())", Outage.DATABASE),
        ("SELECT 1 / 0", None),
        ("SELECT nothing", None),
        ("SELECT 'x'::int", None),
    ],
)
def test_an_outage_is_told_from_a_bug(statement: str, outage: Outage | None) -> None:
    try:
        with pytest.raises(Exception) as raised, connection.cursor() as cursor:  # noqa: PT011
            cursor.execute(statement)
    finally:
        connection.close()

    assert outage_of(raised.value) is outage


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_was_waited_for_too_long_is_busy() -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(1)")
        with pytest.raises(OperationalError) as raised, connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1; SELECT pg_advisory_lock(1)")
    finally:
        other.close()
        connection.close()

    assert outage_of(raised.value) is Outage.BUSY


def test_redis_that_is_away_or_full_is_an_outage_and_a_wrong_command_is_a_bug() -> None:
    gone = redis.Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0))
    here = redis.Redis.from_url(settings.REDIS_URL)
    with pytest.raises(redis.ConnectionError) as raised:
        gone.ping()
    with pytest.raises(redis.ResponseError) as wrong:
        here.execute_command("NOTHING")
    here.close()

    assert outage_of(raised.value) is Outage.QUEUE
    assert outage_of(redis.ResponseError("MISCONF Errors writing to the AOF file")) is Outage.QUEUE
    assert outage_of(wrong.value) is None


@pytest.mark.django_db
def test_a_bug_stays_a_500(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("pipeline.candidates.models.CandidateQuerySet.visible_to", broken)

    assert browser.get("/candidates/").status_code == 500
