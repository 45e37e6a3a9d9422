"""Webhooks go to the open internet, and into networks that the operator has named."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.foundation.public_addresses import Refused, check, is_public
from pipeline.workspaces.models.webhook import WebhookEndpoint
from pipeline.workspaces.webhooks import posting
from pipeline.workspaces.webhooks.sending import send_due

from .conftest import LOOPBACK, Put, Receiver

PUBLIC = ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822"]  # the last by NAT64
PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "192.88.99.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::a00:1", "fe80::1", "fe80::1%2", "fc00::1", "fd00:ec2::254"),
    *("fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001:20::1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::808:808"),
]
Resolves = Callable[..., list[str]]


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Resolves:
    """`resolves([…], […])`: what hooks.example is at, at the first look and at those after it.

    Returns the list of the names that were looked up.
    """
    real = socket.getaddrinfo
    asked: list[str] = []

    def resolves(*answers: list[str]) -> list[str]:
        def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            if host != "hooks.example":
                return real(host, port, *args, **kwargs)
            found = answers[min(len(asked), len(answers) - 1)]
            asked.append(host)
            kinds = [socket.AF_INET6 if ":" in one else socket.AF_INET for one in found]
            return [
                (kind, socket.SOCK_STREAM, 6, "", (one, port))
                for kind, one in zip(kinds, found, strict=True)
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return resolves


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_may_be_written_to(address: str, resolves: Resolves):
    resolves([address])

    target = check("https://hooks.example:8443/belay?key=1")

    assert (target.host, target.port, target.path) == ("hooks.example", 8443, "/belay?key=1")
    assert [str(one) for one in target.addresses] == [address]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str, resolves: Resolves):
    resolves([address], PUBLIC[:1])

    with pytest.raises(Refused, match="is not a public address"):
        check("https://hooks.example/")


@pytest.mark.parametrize("address", PRIVATE)
def test_one_private_address_among_public_ones_is_enough(address: str, resolves: Resolves):
    resolves([*PUBLIC, address])

    with pytest.raises(Refused, match="is not a public address"):
        check("https://hooks.example/")


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "017700000001", "[::1]", "[::ffff:7f00:1]"]
)
def test_an_address_in_disguise_is_refused(host: str):
    with pytest.raises(Refused, match="is not a public address"):
        check(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://hooks.example/", "Use https://"),
        ("ftp://hooks.example/", "Enter a full address"),
        ("hooks.example", "Enter a full address"),
        ("https://", "Enter a full address"),
        ("https://ana:secret@hooks.example/", "user name and password"),
        ("https://ana@hooks.example/", "user name and password"),
        ("https://hooks.example:0/", "Port 0 can’t be used"),
        ("https://hooks.example:99999/", "not a valid address"),
        ("https://hooks.example/a b", "can’t contain spaces"),
        ("https://hooks.example/\r\nHost: x", "can’t contain spaces"),
        ("https://hooks.example\\@127.0.0.1/", "spaces or backslashes"),
        ("https://hooks.example/ä", "%C3%A4"),
        ("https://[::1/", "not a valid address"),
        ("https://nowhere.invalid/", "can't be found"),
    ],
)
def test_what_is_no_good_address_is_refused_with_what_to_do(
    url: str, complaint: str, resolves: Resolves
):
    resolves(PUBLIC)

    with pytest.raises(Refused, match=complaint):
        check(url)


def test_the_operator_may_allow_networks(settings: Any, resolves: Resolves):
    settings.WEBHOOK_PRIVATE_NETWORKS = [
        ipaddress.ip_network("10.1.0.0/16"),
        ipaddress.ip_network("fd00::/8"),
    ]
    for allowed in ("10.1.2.3", "fd00::1", "::ffff:10.1.2.3"):
        resolves([allowed]).clear()
        assert check("http://hooks.example/").addresses
    for refused in ("10.2.0.1", "127.0.0.1", "fe80::1"):
        resolves([refused]).clear()
        with pytest.raises(Refused):
            check("https://hooks.example/")
    resolves(["10.1.2.3", PUBLIC[0]]).clear()
    with pytest.raises(Refused, match="Use https"):
        check("http://hooks.example/")


def test_a_look_up_that_takes_too_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch, resolves: Resolves
):
    over = threading.Event()
    monkeypatch.setattr("pipeline.foundation.public_addresses.LOOKUP_SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(10))

    with pytest.raises(Refused, match="took too long"):
        check("https://hooks.example/")
    over.set()


def test_the_address_is_checked_again_at_every_send(
    put: Put, receiver: Receiver, settings: Any, endpoint: WebhookEndpoint
):
    (delivery,) = put()
    settings.WEBHOOK_PRIVATE_NETWORKS = []

    send_due()

    delivery.refresh_from_db()
    assert receiver.got == []
    assert "is not a public address" in delivery.error
    assert delivery.is_pending


def test_the_connection_is_made_to_the_address_that_was_checked(
    resolves: Resolves, monkeypatch: pytest.MonkeyPatch
):
    asked = resolves([PUBLIC[0]], ["127.0.0.1"])
    dialed = []

    def create_connection(address: Any, timeout: float) -> None:
        dialed.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)

    answer = posting.post("https://hooks.example/", b"{}", {})

    assert dialed == [(PUBLIC[0], 443)]
    assert asked == ["hooks.example"]
    assert "refused the connection" in answer.error


def test_the_next_address_is_tried_when_one_does_not_answer(resolves: Resolves, receiver: Receiver):
    port = receiver.server.server_address[1]
    resolves(["127.0.0.2", "127.0.0.1"])  # nothing listens at the first one

    answer = posting.post(f"http://hooks.example:{port}/", b"{}", {})

    assert answer.is_good
    assert receiver.got[0][0]["Host"] == f"hooks.example:{port}"


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Any]:
    """A receiver with a certificate for hooks.example that this machine trusts."""
    settings.WEBHOOK_PRIVATE_NETWORKS = LOOPBACK
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    both = tmp_path / "both.pem"
    both.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    receiver = Receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    called: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: called.append(name)
    receiver.server.socket = context.wrap_socket(
        receiver.server.socket, server_side=True, do_handshake_on_connect=False
    )
    posting.certificates.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    yield receiver, called
    posting.certificates.cache_clear()
    receiver.close()


def test_the_certificate_is_checked_against_the_name(encrypted: Any, resolves: Resolves):
    receiver, called = encrypted
    port = receiver.server.server_address[1]
    resolves(["127.0.0.1"])

    good = posting.post(f"https://hooks.example:{port}/belay", b"{}", {})
    bad = posting.post(f"https://127.0.0.1:{port}/belay", b"{}", {})

    assert good.is_good, good
    assert called[0] == "hooks.example"
    assert receiver.got[0][0]["Host"] == f"hooks.example:{port}"
    assert bad.status is None
    assert "The certificate is not valid" in bad.error
    assert len(receiver.got) == 1


def test_who_never_finishes_the_handshake_is_cut_off(settings: Any):
    settings.WEBHOOK_PRIVATE_NETWORKS = LOOPBACK
    settings.WEBHOOK_READ_SECONDS = 0.5
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB, a byte at a time
                while not over.wait(0.1):
                    try:
                        peer.sendall(b"\x02")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        answer = posting.post(f"https://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        over.set()
        thread.join()

    assert answer.error == "The receiver did not answer in time."
    assert answer.milliseconds < 10_000


def test_every_address_of_the_lists_is_judged_by_itself():
    assert all(is_public(ipaddress.ip_address(one)) for one in PUBLIC)
    assert not any(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in PRIVATE)
