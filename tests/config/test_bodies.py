"""What clients send, through a real daphne: too much of it is refused before it is kept."""

import json
import socket
import time
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest
from django.middleware.csrf import _get_new_csrf_string

from pipeline.candidates.models import Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import User
from tests.daphne import Daphne
from tests.panels.crowd import login_of

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1024**2
MOST_FILE = 30 * MB
UPLOAD = "/candidates/import/"
API = "/api/events/"
LONG = {"Content-Length": str(500 * MB)}
CHUNKED = {"Transfer-Encoding": "chunked"}


@pytest.fixture(scope="module")
def daphne(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Daphne]:
    folder = tmp_path_factory.mktemp("bodies")
    environment = {
        "IMPORT_MAX_BYTES": str(MOST_FILE),
        "BODY_SECONDS": "4",
        "HTTPS": "0",
    }
    daphne = Daphne(folder / "daphne.log", environment=environment)
    daphne.start()
    yield daphne
    daphne.kill()


def ask(
    daphne: Daphne, path: str, headers: dict[str, str], body: Iterable[bytes] = ()
) -> tuple[int, str]:
    """The answer's status and text, once the server has closed the connection."""
    with socket.create_connection(("127.0.0.1", daphne.port), timeout=30) as client:
        lines = [f"POST {path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        client.sendall("\r\n".join([*lines, "Host: localhost", "", ""]).encode())
        for part in body:
            client.sendall(part)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, text = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), text.decode()


def chunks(size: int, of: int = 64 * 1024) -> Iterator[bytes]:
    for _ in range(size // of):
        yield f"{of:x}\r\n".encode() + b"x" * of + b"\r\n"
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("path", ["/login/", "/", "/admin/", "/nothing/", "/candidates/import/1/"])
def test_more_than_3_mb_are_refused_by_their_length(daphne: Daphne, path: str) -> None:
    status, text = ask(daphne, path, LONG)  # not a byte of the body is sent

    assert status == 413
    assert "send less" in text


def test_a_script_that_sends_more_is_answered_with_a_sentence_to_show(daphne: Daphne) -> None:
    status, text = ask(daphne, "/login/", {**LONG, "HX-Request": "true"})

    assert status == 413
    assert text.startswith("Belay accepts up to 3.0")
    assert "<" not in text


def test_more_than_3_mb_of_unknown_length_are_refused_while_they_come(daphne: Daphne) -> None:
    status, text = ask(daphne, "/login/", CHUNKED, chunks(4 * MB))

    assert status == 413
    assert "send less" in text


def test_a_client_that_sends_on_after_the_refusal_reads_it(daphne: Daphne) -> None:
    length = {"Content-Length": str(40 * MB)}

    status, _ = ask(daphne, "/login/", length, repeat(b"x" * MB, 40))

    assert status == 413


@pytest.mark.parametrize("headers", [{"Content-Length": str(65 * 1024)}, CHUNKED])
@pytest.mark.parametrize("path", [API, "/api/events", "/api%2fevents/"])
def test_events_of_more_than_64_kib_are_refused_in_json(
    daphne: Daphne, path: str, headers: dict[str, str]
) -> None:
    body = chunks(128 * 1024) if headers is CHUNKED else ()

    status, text = ask(daphne, path, headers, body)

    assert status == 413
    assert "64 KiB" in json.loads(text)["errors"]["body"]


@pytest.mark.parametrize(
    "headers", [{"Content-Length": "9" * 5000}, {"Content-Length": "-1"}, {**LONG, **CHUNKED}]
)
def test_a_length_that_is_none_ends_the_connection(daphne: Daphne, headers: dict[str, str]) -> None:
    with socket.create_connection(("127.0.0.1", daphne.port), timeout=10) as client:
        lines = ["POST /login/ HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        client.sendall("\r\n".join([*lines, "Host: localhost", "", ""]).encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))

    assert not answer or answer.split()[1] in (b"400", b"413")


def test_a_form_within_the_limit_arrives_whole(daphne: Daphne) -> None:
    body = b"username=a@b.c&password=" + b"x" * (2 * MB)
    headers = {"Content-Length": str(len(body)), "Connection": "close"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"

    status, _ = ask(daphne, "/login/", headers, [body])

    assert status == 403  # by Django, which misses the form's token


def file_of(size: int) -> bytes:
    row = b"Ana Ruiz,ana@x.org," + b"n" * 1000 + b"\r\n"
    return b"Name,E-mail,Notes\r\n" + row * (size // len(row))


def upload(
    daphne: Daphne, user: User | None, opening: Opening, size: int, path: str = UPLOAD
) -> tuple[int, str]:
    token = _get_new_csrf_string()
    cookies = f"csrftoken={token}" + (f"; sessionid={login_of(user)}" if user else "")
    fields = {"csrfmiddlewaretoken": token, "opening": str(opening.pk), "region": "GB"}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n')
    body = b"".join([*parts, file_of(size), b"\r\n--x--\r\n"])
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(len(body)),
        "Cookie": cookies,
        "Connection": "close",
    }
    return ask(daphne, path, headers, [body])


def test_a_file_of_more_is_taken_from_a_starter_only_and_on_the_upload_only(
    daphne: Daphne, opening: Opening, recruiter: User, agent: User, stranger: User
) -> None:
    for nobody in (None, agent):
        status, text = upload(daphne, nobody, opening, 4 * MB)
        assert status == 413
        assert "Log in as one of them" in text

    assert upload(daphne, recruiter, opening, 4 * MB, path=f"{UPLOAD}1/columns/")[0] == 413
    assert upload(daphne, recruiter, opening, 4 * MB)[0] == 302
    assert "Split it" in upload(daphne, recruiter, opening, MOST_FILE + MB)[1]
    imported = CandidateImport.objects.get()
    assert imported.file.size == len(file_of(4 * MB))


def test_a_large_file_is_not_held_in_memory(
    daphne: Daphne, opening: Opening, recruiter: User
) -> None:
    assert upload(daphne, recruiter, opening, 4 * MB)[0] == 302  # all that it ever imports

    with memory_of(daphne) as seen:
        status, _ = upload(daphne, recruiter, opening, MOST_FILE - MB)

    assert status == 302
    assert max(seen) - seen[0] < 15


class memory_of:  # noqa: N801  a context manager reads as a phrase
    """MiB of the web process from here on, the first before anything was done."""

    def __init__(self, daphne: Daphne) -> None:
        assert daphne.process
        self.process = psutil.Process(daphne.process.pid)
        self.seen = [self.now()]
        self.over = Event()

    def now(self) -> float:
        return float(self.process.memory_info().rss / MB)

    def __enter__(self) -> list[float]:
        self.watch = Thread(target=self.look)
        self.watch.start()
        return self.seen

    def look(self) -> None:
        while not self.over.wait(0.01):
            self.seen.append(self.now())

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.watch.join()


def test_whoever_sends_a_byte_now_and_then_is_not_waited_for(daphne: Daphne) -> None:
    with socket.create_connection(("127.0.0.1", daphne.port), timeout=30) as client:
        client.sendall(b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        began, answer = time.monotonic(), b""
        client.settimeout(0.2)
        while not answer and time.monotonic() - began < 20:
            client.sendall(b"x")
            try:
                answer = client.recv(65536)
            except TimeoutError:
                continue

    assert answer.split()[1] == b"408"


def test_a_head_without_an_end_is_refused(daphne: Daphne) -> None:
    with socket.create_connection(("127.0.0.1", daphne.port), timeout=30) as client:
        client.sendall(b"GET /login/ HTTP/1.1\r\n" + b"X-Some: thing\r\n" * 2000)
        answer = b"".join(iter(lambda: client.recv(65536), b""))

    assert answer.split()[1] == b"431"
    assert b"more than 500 request headers" in answer


def test_other_pages_are_answered_while_files_come(
    daphne: Daphne, opening: Opening, recruiter: User, tmp_path: Path
) -> None:
    sending = Thread(target=ask, args=[daphne, "/login/", LONG, repeat(b"x" * MB, 20)])
    sending.start()
    status, _ = ask(daphne, "/login/", {"Connection": "close", "Content-Length": "0"})
    sending.join()

    assert status == 403
