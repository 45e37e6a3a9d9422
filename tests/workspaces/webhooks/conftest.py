"""A customer's receiver on loopback, a real one, that misbehaves when told to."""

import ipaddress
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import django_rq
import pytest
from django.utils import timezone

from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.webhook import WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.webhooks import outbox

LINGER_NOT = struct.pack("ii", 1, 0)  # a close that is a reset
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


class Receiver:
    """`how` it answers is a status, or a function of the handler; what it got is in `got`."""

    def __init__(self) -> None:
        self.how: int | Callable[[BaseHTTPRequestHandler], None] = 200
        self.headers: dict[str, str] = {}
        self.text = "Thanks"
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.changed = threading.Condition()
        self.over = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.changed:
                    receiver.got.append((dict(self.headers), body))
                    receiver.changed.notify_all()
                if callable(receiver.how):
                    receiver.how(self)
                else:
                    receiver.answer(self, receiver.how)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                pass  # the sender has hung up

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler, status: int) -> None:
        handler.send_response(status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(self.text.encode())))
        handler.end_headers()
        handler.wfile.write(self.text.encode())

    def hang(self, _handler: BaseHTTPRequestHandler) -> None:
        self.over.wait(30)

    def reset(self, handler: BaseHTTPRequestHandler) -> None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        handler.connection.close()

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """A byte every twentieth of a second: never silent, never done."""
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000:
            if self.over.wait(0.05):
                return
            handler.wfile.write(bytes([byte]))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/belay?key=1"

    @property
    def ids(self) -> list[str]:
        with self.changed:
            return [headers["webhook-id"] for headers, _ in self.got]

    def wait_for(self, count: int, seconds: float = 120) -> None:
        with self.changed:
            enough = self.changed.wait_for(lambda: len(self.got) >= count, seconds)
        assert enough, f"{len(self.got)} of {count} came in {seconds} s"

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_NETWORKS = LOOPBACK
    settings.WEBHOOK_READ_SECONDS = settings.WEBHOOK_CONNECT_SECONDS = 0.5
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(autouse=True)
def empty_queue() -> Iterator[None]:
    yield
    django_rq.get_queue("webhooks").empty()


@pytest.fixture
def endpoint(workspace: Workspace, owner: User, receiver: Receiver) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        workspace=workspace,
        url=receiver.url,
        description="Payroll",
        events=["task.created", "task.canceled"],
        created_by=owner,
    )


Put = Callable[..., list[WebhookDelivery]]


@pytest.fixture
def put(endpoint: WebhookEndpoint) -> Put:
    """`put(n)`: so many events for the endpoint, as deliveries that are due."""

    def put(number: int = 1, event: str = "task.created") -> list[WebhookDelivery]:
        before = set(WebhookDelivery.objects.values_list("pk", flat=True))
        outbox.put(endpoint.workspace_id, event, [{"id": n} for n in range(number)])
        return list(WebhookDelivery.objects.exclude(pk__in=before).order_by("pk"))

    return put


def make_due(delivery: WebhookDelivery) -> None:
    """As if the wait were over."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())


def data_of(body: bytes) -> Any:
    return json.loads(body)["data"]
