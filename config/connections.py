"""How many connections a web process holds, in all and from one address, and how long a head takes.

twisted accepts as many as there are file descriptors, and gives a first line a minute more for each
byte of it.
"""

# Half of twisted has types.
# mypy: disable-error-code="no-untyped-call"

import logging
import resource
import time
from collections import Counter
from functools import cached_property
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, cast

import daphne.http_protocol
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.http import HTTPChannel

from config import body_refusals as refusals

log = logging.getLogger(__name__)
MOST_HEAD = HTTPChannel.totalHeadersSize
DRAIN_SECONDS = 5.0  # for a refused client to notice, as for bodies
RESERVED = 128  # file descriptors for files, the database and Redis
QUIET_SECONDS = 10.0  # between two lines in the log


class Channel(HTTPChannel):
    """A connection whose requests have heads that are complete soon, or are refused.

    What a client asks for next is answered when it has read the answer before: else a few bytes
    that ask for a large file a hundred times would have all of them wait in memory.
    """

    transport: Any  # of twisted's TCP, whatever its types say
    abortTimeout: Any = DRAIN_SECONDS  # noqa: N815  for one that has idled too long
    late: Any = None  # the call that ends the wait for a head
    head_size = header_count = 0
    is_refused = False
    asked_next = b""
    unsent = 0  # of an answer that is whole, when last looked at
    _networkProducer: Any  # noqa: N815

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  twisted's names
        if self.is_refused:
            return
        if not self.requests and self.late is None:  # the first bytes of a head
            self.late = later(settings.HEAD_SECONDS, self.refuse, refusals.head_too_slow())
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        self.head_size += len(line)
        if self.is_refused:  # the rest of what was read at once
            return
        if self.head_size > MOST_HEAD:
            self.refuse(refusals.head_too_large(MOST_HEAD))
        else:
            super().lineReceived(line)

    def headerReceived(self, line: bytes) -> bool:  # noqa: N802
        self.header_count += 1
        if self.header_count > self.maxHeaders:
            self.refuse(refusals.too_many_headers(self.maxHeaders))
            return False
        return bool(super().headerReceived(line))

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        self.refuse(refusals.head_too_large(MOST_HEAD))

    def requestDone(self, request: Any) -> None:  # noqa: N802
        if self._waitingForTransport:
            self.asked_next = b"".join(self._dataBuffer)
            self._dataBuffer = []
        super().requestDone(request)
        if self._waitingForTransport:
            self._networkProducer.pauseProducing()
        self.unsent = self.count_unsent()

    def resumeProducing(self) -> None:  # noqa: N802
        """Called when everything has gone out."""
        super().resumeProducing()
        asked, self.asked_next = self.asked_next, b""
        if asked:
            self.dataReceived(asked)

    def timeoutConnection(self) -> None:  # noqa: N802
        """Wait on for a client that still reads: all of the answer was there to be sent at once."""
        before, self.unsent = self.unsent, self.count_unsent()
        if 0 < self.unsent < before:
            self.setTimeout(self.timeOut)
        else:
            super().timeoutConnection()

    def count_unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        sender = self.transport
        return len(sender.dataBuffer) - int(sender.offset) + int(sender._tempDataLen)

    def head_is_complete(self) -> None:
        """Called by the request, whose body has limits of its own."""
        self.head_size = self.header_count = 0
        self.stop_waiting()

    def refuse(self, answer: refusals.Answer) -> None:
        """Answer once. What still comes is thrown away, or the client might not see the answer."""
        self.stop_waiting()
        self.is_refused = True
        self.setTimeout(None)
        self.transport.write(answer.as_bytes())
        self.transport.loseWriteConnection()
        self.late = later(DRAIN_SECONDS, self.forceAbortClient)

    def stop_waiting(self) -> None:
        if self.late is not None and self.late.active():
            self.late.cancel()
        self.late = None

    def connectionLost(self, reason: Any = connectionDone) -> None:  # noqa: N802
        self.stop_waiting()
        super().connectionLost(reason)


def later(seconds: float, call: Any, *args: Any) -> Any:
    return cast("Any", reactor).callLater(seconds, call, *args)


class HTTPFactory(daphne.http_protocol.HTTPFactory):  # type: ignore[misc]  # daphne has no types
    protocol = Channel

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.timeOut = settings.IDLE_SECONDS


class Refused(Protocol):
    """One connection too many: it is told so and closed."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def connectionMade(self) -> None:  # noqa: N802
        transport: Any = self.transport
        transport.write(self.answer)
        transport.loseConnection()


class Connections(WrappingFactory[ProtocolWrapper]):
    """All connections of this process, live sockets too: those are HTTP to begin with."""

    def __init__(self, server: Any) -> None:
        super().__init__(HTTPFactory(server))
        self.by_address: Counter[str] = Counter()
        self.most = min(settings.CONNECTIONS, descriptors() - RESERVED)
        # Behind a proxy of the operator's all have its address.
        self.most_of_one = 0 if settings.TRUSTED_PROXIES else settings.CONNECTIONS_PER_ADDRESS
        self.told_at = 0.0

    @cached_property
    def answer(self) -> bytes:
        """Made once, as it is for a flood; and not before it is needed."""
        return refusals.too_many_connections().as_bytes()

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        address = address_of(addr)
        is_one_too_many = address and 0 < self.most_of_one <= self.by_address[address]
        if len(self.protocols) < self.most and not is_one_too_many:
            return super().buildProtocol(addr)
        self.tell(address)
        return Refused(self.answer)

    def registerProtocol(self, p: ProtocolWrapper) -> None:  # noqa: N802
        super().registerProtocol(p)
        self.by_address[address_of(p.getPeer())] += 1

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:  # noqa: N802
        super().unregisterProtocol(p)
        address = address_of(p.getPeer())
        self.by_address[address] -= 1
        if not self.by_address[address]:
            del self.by_address[address]

    def tell(self, address: str) -> None:
        if time.monotonic() - self.told_at < QUIET_SECONDS:
            return
        self.told_at = time.monotonic()
        count, theirs = len(self.protocols), self.by_address[address]
        log.warning("Too many connections: %s, %s of them from %s", count, theirs, address)


def address_of(addr: Any) -> str:
    """Whose connection it is; empty on a Unix socket. One client of IPv6 has a whole /64."""
    host = getattr(addr, "host", "")
    if not host:
        return ""
    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(ip_network((address, 64), strict=False))
    return str(address)


def descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 10**9 if soft == resource.RLIM_INFINITY else soft
