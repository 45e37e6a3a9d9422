"""Connections to a real daphne: how many it holds, and how long it waits for a request's head."""

import re
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from twisted.web.http import HTTPChannel

from config.connections import Channel
from pipeline.workspaces.models import User
from tests.daphne import Daphne
from tests.panels.crowd import login_of

pytestmark = pytest.mark.django_db(transaction=True)
MOST, MOST_OF_ONE = 6, 4
HEAD_SECONDS = 2
IDLE_SECONDS = 2
SLOW_SECONDS = 2 * (IDLE_SECONDS + Channel.abortTimeout)
KIB = 1024
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
Connect = Callable[..., socket.socket]


def server(folder: Path, **environment: str) -> Iterator[Daphne]:
    limits = {"CONNECTIONS": str(MOST), "CONNECTIONS_PER_ADDRESS": str(MOST_OF_ONE)}
    limits |= {"HEAD_SECONDS": str(HEAD_SECONDS), "HTTPS": "0"}
    daphne = Daphne(folder / "daphne.log", environment=limits | environment)
    daphne.start()
    yield daphne
    daphne.kill()


@pytest.fixture(scope="module")
def daphne(tmp_path_factory: Any, django_db_setup: None) -> Iterator[Daphne]:
    yield from server(tmp_path_factory.mktemp("connections"))


@pytest.fixture
def connect() -> Iterator[Connect]:
    """`connect(daphne, n)`: a connection from this machine's n-th address; closed in the end."""
    opened: list[socket.socket] = []

    def connect(daphne: Daphne, number: int = 1) -> socket.socket:
        source = (f"127.0.0.{number}", 0)
        opened.append(socket.create_connection(("127.0.0.1", daphne.port), 60, source))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


def ask(connection: socket.socket, request: bytes = HEALTH) -> bytes:
    """The first bytes of the answer; none where the connection was closed without one."""
    with suppress(ConnectionError):
        connection.sendall(request)
    with suppress(ConnectionError):
        return connection.recv(64 * KIB)
    return b""


def status(answer: bytes) -> int:
    return int(answer.split()[1]) if answer else 0


def until(wanted: int, attempt: Callable[[], int]) -> None:
    """daphne hears of a closed connection a moment later."""
    for _ in range(600):
        if (seen := attempt()) == wanted:
            return
        time.sleep(0.1)
    pytest.fail(f"Still {seen}, not {wanted}")


def test_one_address_has_so_many_connections_and_others_have_theirs(
    daphne: Daphne, connect: Connect
) -> None:
    until(200, lambda: status(ask(connect(daphne))))  # those of tests before are gone
    held = [connect(daphne, 2) for _ in range(MOST_OF_ONE)]
    assert {status(ask(one)) for one in held} == {200}

    refused = ask(connect(daphne, 2))

    assert status(refused) == 503
    assert b"Too many connections to Belay are open right now" in refused
    assert status(ask(connect(daphne, 3))) == 200
    assert {status(ask(one)) for one in held} == {200}  # these go on
    held[0].close()
    until(200, lambda: status(ask(connect(daphne, 2))))


def test_a_process_holds_so_many_and_no_more(daphne: Daphne, connect: Connect) -> None:
    def hold_all() -> int:
        held[:] = [connect(daphne, 10 + number) for number in range(MOST)]
        seen = {status(ask(one)) for one in held}
        if seen != {200}:
            for one in held:
                one.close()
        return max(seen)

    held: list[socket.socket] = []
    until(200, hold_all)

    assert status(ask(connect(daphne, 30))) == 503
    held[0].close()
    until(200, lambda: status(ask(connect(daphne, 30))))


def test_a_live_socket_counts_while_it_is_open_and_outlives_the_heads_time(
    daphne: Daphne, connect: Connect, recruiter: User
) -> None:
    cookie = f"sessionid={login_of(recruiter)}"
    panel = (
        "GET /ws/live/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Version: 13\r\nOrigin: http://localhost\r\nCookie: {cookie}\r\n\r\n"
    ).encode()
    live = [connect(daphne, 40) for _ in range(MOST_OF_ONE)]
    for one in live:
        assert status(ask(one, panel)) == 101

    assert status(ask(connect(daphne, 40))) == 503
    time.sleep(HEAD_SECONDS + 1)
    for one in live:
        one.sendall(b"\x89\x80\0\0\0\0")  # a ping
        assert b"\x8a\x00" in read_on(one)
    live[0].close()
    until(200, lambda: status(ask(connect(daphne, 40))))


def read_on(connection: socket.socket) -> bytes:
    """Up to the pong: the panel's own messages may come before it."""
    seen = b""
    while b"\x8a\x00" not in seen:
        more = connection.recv(64 * KIB)
        assert more, seen
        seen += more
    return seen


def test_behind_a_proxy_one_address_may_have_all(tmp_path: Path, connect: Connect) -> None:
    for daphne in server(tmp_path, TRUSTED_PROXIES="1"):
        # One was asked whether it answers; it is gone in a moment.
        until(MOST, lambda daphne=daphne: answered_of(MOST, daphne, connect))  # type: ignore[misc]


def answered_of(number: int, daphne: Daphne, connect: Connect) -> int:
    some = [connect(daphne) for _ in range(number)]
    answers = [status(ask(one)) for one in some]
    for one in some:
        one.close()
    return answers.count(200)


# --- heads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head", [b"GET /" + b"a" * 200, b"GET /healthz HTTP/1.1\r\nX-Slow: " + b"a" * 200]
)
def test_a_head_that_trickles_in_is_waited_for_no_longer(
    head: bytes, daphne: Daphne, connect: Connect
) -> None:
    """Byte by byte, which would put off twisted's own end of an idle connection each time."""
    slow = connect(daphne, 50)
    slow.settimeout(0.2)
    answer = b""
    for number in range(len(head)):
        with suppress(OSError):
            slow.sendall(head[number : number + 1])
        with suppress(TimeoutError):
            answer = slow.recv(64 * KIB)
            break

    assert status(answer) == 408
    assert b"arrived too slowly" in answer


def test_a_connection_may_idle_between_two_requests(daphne: Daphne, connect: Connect) -> None:
    kept = connect(daphne, 51)
    assert status(ask(kept)) == 200
    time.sleep(HEAD_SECONDS + 1)
    assert status(ask(kept)) == 200


@pytest.mark.parametrize(
    "lines",
    [
        [b"X-Long: " + b"a" * 20 * KIB],
        [b"X-%d: " % number + b"a" * KIB for number in range(20)],
        [b"Cookie: " + b"a" * 300 * KIB],
    ],
    ids=["a long line", "many lines", "more than is read at once"],
)
def test_a_head_that_is_too_large_is_answered_with_a_sentence(
    lines: list[bytes], daphne: Daphne, connect: Connect
) -> None:
    request = b"\r\n".join([b"GET /healthz HTTP/1.1", b"Host: localhost", *lines, b"", b""])

    answer = ask(connect(daphne, 52), request)

    assert status(answer) == 431
    assert b"delete this site" in answer


def test_too_many_headers_are_answered_with_a_sentence(daphne: Daphne, connect: Connect) -> None:
    def asked_with(number: int) -> bytes:
        lines = [b"GET /healthz HTTP/1.1", b"Host: localhost", *[b"A: b"] * (number - 1), b"", b""]
        return ask(connect(daphne, 54), b"\r\n".join(lines))

    most = HTTPChannel.maxHeaders
    refused = asked_with(most + 1)

    assert status(asked_with(most)) == 200
    assert status(refused) == 431
    assert b"more than 500 request headers" in refused
    assert b"<h1" in refused


def test_an_address_that_is_too_long_is_answered_with_a_sentence(
    daphne: Daphne, connect: Connect
) -> None:
    request = b"GET /?q=%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"a" * 20 * KIB)

    assert status(ask(connect(daphne, 53), request)) == 431


def test_what_is_asked_for_at_once_is_answered_as_fast_as_it_is_read(
    daphne: Daphne, connect: Connect
) -> None:
    """A hundred times a file of half a megabyte, of which nothing is read at first."""
    assert daphne.process
    process, times = psutil.Process(daphne.process.pid), 100
    page = urllib.request.urlopen(f"{daphne.url}/login/", timeout=60).read().decode()  # noqa: S310
    [style] = re.findall(r"/static/tabler/[^\"]+\.css", page)
    size = len(urllib.request.urlopen(daphne.url + style, timeout=60).read())  # noqa: S310
    before = process.memory_info().rss
    reader = connect(daphne)

    reader.sendall(f"GET {style} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * times)

    until(200, lambda: status(ask(connect(daphne, 2))))
    time.sleep(5)
    assert process.memory_info().rss - before < times * size / 4

    read = 0
    while read < times * size:
        piece = reader.recv(1024 * KIB)
        assert piece, "closed before the end"
        read += len(piece)


# --- answers that are read slowly -----------------------------------------------------------------


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: Any, django_db_setup: None) -> Iterator[Daphne]:
    """A server that soon gives up a connection on which nothing happens."""
    yield from server(tmp_path_factory.mktemp("hasty"), IDLE_SECONDS=str(IDLE_SECONDS))


def begin_to_read(daphne: Daphne) -> tuple[socket.socket, int]:
    """A connection that has asked for half a megabyte, as from far away, and the answer's size."""
    page = urllib.request.urlopen(f"{daphne.url}/login/", timeout=60).read().decode()  # noqa: S310
    [style] = re.findall(r"/static/tabler/[^\"]+\.css", page)
    size = len(urllib.request.urlopen(daphne.url + style, timeout=60).read())  # noqa: S310
    reader = socket.socket()
    reader.settimeout(60)
    reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)  # or the kernel keeps all of it
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * KIB)
    reader.connect(("127.0.0.1", daphne.port))
    reader.sendall(f"GET {style} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return reader, size


def read_slowly(reader: socket.socket, size: int, pieces: int) -> int:
    """How much came before the end or the reset."""
    read = 0
    with suppress(ConnectionError):
        while read < size and (piece := reader.recv(size // pieces)):
            read += len(piece)
            time.sleep(len(piece) * pieces / size * SLOW_SECONDS / pieces)
    return read


def test_an_answer_is_sent_for_as_long_as_it_is_read(hasty: Daphne) -> None:
    reader, size = begin_to_read(hasty)

    with reader:
        assert read_slowly(reader, size, 100) >= size


def test_a_client_that_reads_nothing_is_not_waited_for(hasty: Daphne) -> None:
    reader, size = begin_to_read(hasty)

    with reader:
        time.sleep(SLOW_SECONDS)
        assert read_slowly(reader, size, 1) < size
