"""Where a webhook may go: to the open internet, and into networks that the operator has named.

Else a customer could make Belay ask what only Belay can reach: itself, its neighbours, the
cloud's metadata (server-side request forgery). A name is looked up once for each try, all its
addresses are judged, and the connection is made to one that was: a name that leads elsewhere a
moment later (DNS rebinding) leads nowhere.
"""

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LOOKUP_SECONDS = 5
PORTS = {"https": 443, "http": 80}

# What IANA has given out for the public internet (2000::/3), and IPv4 by NAT64 (RFC 6052).
PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# In 2000::/3 too, and special (RFC 6890 and its registry). Python's lists differ by version.
SPECIAL = [
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "100.64.0.0/10",  # carriers' and clouds' own
        "2001::/23",  # Teredo, ORCHID and others
        "3fff::/20",  # documentation
    )
]
lookups = ThreadPoolExecutor(max_workers=32, thread_name_prefix="lookup")


class Refused(Exception):
    """The address is not allowed or can't be reached; the message says why and what to do."""


@dataclass(frozen=True)
class Target:
    """An address that may be written to, and the name it is called by."""

    scheme: str
    host: str  # as in the URL, for the Host header and the certificate; international ones in ASCII
    port: int
    path: str  # with the query
    addresses: tuple[Address, ...]

    @property
    def is_encrypted(self) -> bool:
        return self.scheme == "https"


def check(url: str) -> Target:
    """Look `url` up. Raises Refused, unless every address of it may be written to."""
    scheme, host, port, path = parts_of(url)
    addresses = resolve(host, port)
    allowed = [is_allowed(address) for address in addresses]
    for address, is_ours in zip(addresses, allowed, strict=True):
        if not is_ours and not is_public(address):
            where = f"{host} is at {address}, which" if host != str(address) else host
            raise Refused(
                _(
                    "%(where)s is not a public address. Webhooks can only go to public "
                    "addresses, unless your Belay administrator allows your network "
                    "(WEBHOOK_PRIVATE_NETWORKS)."
                )
                % {"where": where}
            )
    if scheme == "http" and not all(allowed):
        raise Refused(_("Use https://. Over http://, anyone on the network can read what is sent."))
    return Target(scheme, host, port, path, tuple(addresses))


def parts_of(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path with query. Raises Refused for what is no web address."""
    example = _("Enter a full address, for example https://example.com/belay.")
    if any(ord(character) <= 32 or ord(character) == 127 for character in url) or "\\" in url:
        raise Refused(
            _("An address can’t contain spaces or backslashes. %(example)s") % {"example": example}
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        # `xn--…`; and addresses, which are already as they should be
        host = host if ":" in host else host.rstrip(".").encode("idna").decode()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path.encode("ascii")
    except UnicodeEncodeError:
        raise Refused(
            _("Percent-encode letters beyond a to z in the path, for example ä as %C3%A4.")
        )
    except ValueError:
        raise Refused(_("This is not a valid address. %(example)s") % {"example": example})
    if parts.scheme not in PORTS or not host:
        raise Refused(example)
    if parts.username is not None or parts.password is not None:
        raise Refused(_("Remove the user name and password: the signature shows who is sending."))
    if port == 0:
        raise Refused(_("Port 0 can’t be used. Choose another port."))
    return parts.scheme, host, port or PORTS[parts.scheme], path


def resolve(host: str, port: int) -> list[Address]:
    """All addresses of `host`. Raises Refused when there is none, or no answer in time."""
    # In a thread: it has no time limit of its own, and a page must not wait for it.
    lookup = lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = lookup.result(timeout=LOOKUP_SECONDS)
    except TookTooLong:
        raise Refused(f"Looking up {host} took too long. Try again.")
    except (OSError, UnicodeError):
        raise Refused(
            _("%(host)s can't be found. Check the spelling, or try again.") % {"host": host}
        )
    names = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    if not names:
        raise Refused(
            _("%(host)s can't be found. Check the spelling, or try again.") % {"host": host}
        )
    return [ipaddress.ip_address(name) for name in names]


def is_allowed(address: Address) -> bool:
    """Whether the address is in a network the operator allows."""
    inside = embedded(address) or address
    return any(
        ip.version == network.version and ip in network
        for network in map(ipaddress.ip_network, settings.WEBHOOK_PRIVATE_NETWORKS)
        for ip in (address, inside)
    )


def is_public(address: Address) -> bool:
    """Whether the address, and one embedded in it, is a single host on the public internet."""
    inside = embedded(address)
    if inside is not None and not is_public(inside):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if inside is not None:
            return address in NAT64  # how an IPv6-only network reaches IPv4; the others are past
        if address not in PUBLIC_IPV6:
            return False
    is_special = any(
        address.version == network.version and address in network for network in SPECIAL
    )
    return address.is_global and not address.is_multicast and not is_special


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64 or int(address) >> 32 == 0:  # or "IPv4-compatible" (RFC 4291, 2.5.5.1)
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
