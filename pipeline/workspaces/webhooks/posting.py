"""One POST to an address that was checked, and nothing else.

The standard library's client on a connection of our own: nothing between asks a proxy, follows a
redirect, keeps a cookie, looks the name up again or waits longer than it was told to.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from threading import Timer

from django.conf import settings
from django.utils.translation import gettext as _
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pipeline.foundation.public_addresses import Refused, Target, check

MOST_READ = 64 * 1024  # bytes of an answer; the rest stays with the receiver
SHOWN = 500  # characters of it that are kept


@dataclass(frozen=True)
class Answer:
    """The result of an attempt: an HTTP status, or the error."""

    status: int | None = None
    text: str = ""
    error: str = ""
    retry_after: str = ""
    milliseconds: int = 0

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300 and not self.error


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """POST the body. Errors of the address, network or receiver are in the Answer, never raised."""
    began = time.monotonic()
    try:
        status, answer, text = exchange(check(url), body, headers)
        error, retry_after = error_of(status, answer), answer.headers.get("Retry-After", "")
    except Refused as refused:
        status, error, text, retry_after = None, str(refused), "", ""
    except (OSError, http.client.HTTPException) as failure:
        status, error, text, retry_after = None, in_words(failure), "", ""
    return Answer(
        status=status,
        text=text,
        error=error[:300],
        retry_after=retry_after[:100],
        milliseconds=round((time.monotonic() - began) * 1000),
    )


def exchange(
    target: Target, body: bytes, headers: dict[str, str]
) -> tuple[int, http.client.HTTPResponse, str]:
    with connected(target) as connection:
        connection.request("POST", target.path, body, {**headers, "User-Agent": "Belay"})
        answer = connection.getresponse()
        text = answer.read(MOST_READ).decode(errors="replace")
        # PostgreSQL keeps no NUL.
        return answer.status, answer, text[:SHOWN].replace("\0", "\ufffd")


@contextmanager
def connected(target: Target) -> Iterator[http.client.HTTPConnection]:
    """A connection to one of the target's addresses, cut when it has lasted too long."""
    kind = http.client.HTTPSConnection if target.is_encrypted else http.client.HTTPConnection
    connection = kind(target.host, target.port, timeout=settings.WEBHOOK_READ_SECONDS)
    sock = dial(target)
    # A receiver that answers a byte a second is never silent: only a clock ends that.
    is_late = False

    def cut() -> None:
        nonlocal is_late
        is_late = True
        with suppress(OSError):  # it is over already
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    clock = Timer(settings.WEBHOOK_READ_SECONDS, cut)
    clock.start()
    try:
        if target.is_encrypted:
            sock = encrypted = certificates().wrap_socket(
                sock, server_hostname=target.host, do_handshake_on_connect=False
            )
            encrypted.do_handshake()
        connection.sock = sock
        yield connection
    except (OSError, http.client.HTTPException):
        if is_late:
            raise TimeoutError
        raise
    finally:
        clock.cancel()
        connection.close()
        sock.close()
    if is_late:
        raise TimeoutError


def dial(target: Target) -> socket.socket:
    """Connect to the first address of the target that accepts. Raises OSError."""
    ends = time.monotonic() + settings.WEBHOOK_CONNECT_SECONDS
    failure: OSError = TimeoutError()
    for address in target.addresses:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            sock = socket.create_connection((str(address), target.port), timeout=left)
        except OSError as error:
            failure = error
        else:
            sock.settimeout(settings.WEBHOOK_READ_SECONDS)
            return sock
    raise failure


@cache
def certificates() -> ssl.SSLContext:
    """Trust the machine's certificates and those of browsers."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def error_of(status: int, answer: http.client.HTTPResponse) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        there = answer.headers.get("Location", "another address")
        return _(
            "The receiver redirects to %(there)s. Redirects are not followed: enter the "
            "final address."
        ) % {"there": there}
    return f"The receiver answered with {status}."


def in_words(failure: Exception) -> str:
    if isinstance(failure, ssl.SSLCertVerificationError):
        return _("The certificate is not valid: %(verify_message)s.") % {
            "verify_message": failure.verify_message
        }
    if isinstance(failure, ssl.SSLError):
        return _(
            "The connection could not be encrypted. Check that the receiver uses https "
            "on this port."
        )
    if isinstance(failure, TimeoutError):
        return "The receiver did not answer in time."
    if isinstance(failure, ConnectionRefusedError):
        return _("The receiver refused the connection. Check the address and the port.")
    if isinstance(failure, ConnectionError | http.client.RemoteDisconnected):
        return _("The receiver closed the connection.")
    if isinstance(failure, http.client.HTTPException):
        return _("The receiver's answer is not HTTP.")
    why = getattr(failure, "strerror", None) or failure
    return f"The receiver can't be reached: {why}."
