"""Where a request came from: what trusted proxies say, and never what the client wrote."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

from pipeline.workspaces.client_address import address_in, client_address
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import AuditEntry

PROXY, CLIENT, WRITTEN = "10.0.0.9", "203.0.113.7", "198.51.100.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "", PROXY),
        (0, CLIENT, PROXY),
        (1, CLIENT, CLIENT),
        (1, f"{WRITTEN}, {CLIENT}", CLIENT),
        (2, f"{WRITTEN}, {CLIENT}, 10.0.0.8", CLIENT),
        (1, "", PROXY),
        (2, CLIENT, PROXY),  # it came past the outer one
        (1, f"{CLIENT}, rubbish", PROXY),
        (1, f"{CLIENT}:4711", CLIENT),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "2001:DB8:0::7", "2001:db8::7"),
        (1, "::ffff:203.0.113.7", CLIENT),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, '"[2001:db8::7]"', "2001:db8::7"),
    ],
)
def test_it_is_counted_from_the_right(
    settings: Any, proxies: int, forwarded: str, found: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=PROXY)

    assert client_address(request) == found


@pytest.mark.parametrize(
    "rubbish",
    [*("", "x", "1.2.3", "1.2.3.4.5", "999.1.1.1", "\xff", "::g", "[::1", "1.2.3.4:x", "127.1")],
)
def test_rubbish_is_no_address(rubbish: str) -> None:
    assert address_in(rubbish) is None


@pytest.mark.parametrize("address", ["", "unix:", "rubbish", f"{CLIENT}, {WRITTEN}"])
def test_a_connection_without_an_address_is_no_error(
    client_of: Any, owner: User, address: str
) -> None:
    client = client_of(owner)

    answer = client.post("/settings/labels/", {"name": "Night"}, REMOTE_ADDR=address)

    assert answer.status_code == 302
    assert AuditEntry.objects.latest("pk").address is None


def test_what_a_client_writes_is_not_in_the_audit(
    client_of: Any, owner: User, settings: Any
) -> None:
    client: Client = client_of(owner)
    told = {"X-Forwarded-For": WRITTEN}

    client.post("/settings/labels/", {"name": "A"}, REMOTE_ADDR=CLIENT, headers=told)
    settings.TRUSTED_PROXIES = 1
    told = {"X-Forwarded-For": f"{WRITTEN}, {CLIENT}"}
    client.post("/settings/labels/", {"name": "B"}, REMOTE_ADDR=PROXY, headers=told)

    addresses = AuditEntry.objects.filter(verb__contains="label").values_list("address", flat=True)
    assert set(addresses or [CLIENT]) == {CLIENT}
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {CLIENT}
