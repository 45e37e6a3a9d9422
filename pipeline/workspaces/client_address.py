"""Where a request came from, behind any number of proxies that are trusted.

Each proxy writes the address of whoever asked it at the right end of X-Forwarded-For; what stands
further left was there before, and anybody can write that. So it is counted from the right, by the
setting TRUSTED_PROXIES, and never from the left.
"""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

# "192.0.2.1:4711", "[2001:db8::1]:4711", "[2001:db8::1]".
WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::\d{1,5})?|(?P<four>[\d.]+):\d{1,5}")


def client_address(request: HttpRequest) -> str | None:
    """The outermost address that a trusted proxy vouches for, as PostgreSQL's inet takes it.

    With no trusted proxy, or one that has written none or nothing readable, it is the address of
    the connection itself; None where there is none, as on a Unix socket.
    """
    count: int = settings.TRUSTED_PROXIES
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    vouched = address_in(hops[-count]) if 0 < count <= len(hops) else None
    return vouched or address_in(str(request.META.get("REMOTE_ADDR") or ""))


def address_in(text: str) -> str | None:
    """Read an IP address, with or without a port; None when the text isn't one."""
    written = text.strip().strip('"')
    if match := WITH_PORT.fullmatch(written):
        written = match["six"] or match["four"] or ""
    try:
        found = ipaddress.ip_address(written.partition("%")[0])  # without the zone of a link
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(found)
