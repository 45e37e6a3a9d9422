"""A mail server and an SMS provider on loopback, real ones, that misbehave when told to.

They run in threads of the test process; whatever sends, a worker process too, reaches them by
their address (`environment`). How they behave may be changed at any time. What they took is kept.
"""

import asyncio
import contextlib
import json
import logging
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every command
TIMEOUT = 0.5  # seconds that senders wait for a provider in the tests that use `fast`
SLOW = 0.3  # seconds that a slow mail server takes for a step
LINGER_NOT = struct.pack("ii", 1, 0)  # a close that is a reset


class Provider:
    """What both have in common: how they behave, and what they took, by recipient."""

    def __init__(self) -> None:
        self.at = self.how = ""
        self.times = 0
        self.by_recipient: dict[str, list[str]] = defaultdict(list)
        self.changed = threading.Condition()
        self.misbehaved = 0
        self.over = threading.Event()

    def misbehave(self, at: str, how: str, times: int = 1_000_000) -> None:
        """From now on, so many times: `how` is "hang", "slow", "reset", "close" or an answer, as in
        "550 No".

        `at` is the step: greeting, ehlo, auth, mail, rcpt, data, or after_data, when the mail is
        taken unless the answer says no. The SMS provider has one step only, "post".
        """
        with self.changed:
            self.at, self.how, self.times = at, how, times

    def behave(self) -> None:
        self.misbehave("", "")

    def whim(self, step: str) -> str:
        """How to misbehave at this step; empty for not at all."""
        with self.changed:
            if self.at != step or not self.times:
                return ""
            self.times -= 1
            self.misbehaved += 1
            self.changed.notify_all()
            return self.how

    def take(self, recipient: str, text: str) -> None:
        with self.changed:
            self.by_recipient[recipient].append(text)
            self.changed.notify_all()

    @property
    def count(self) -> int:
        """Messages taken so far."""
        with self.changed:
            return sum(map(len, self.by_recipient.values()))

    @property
    def twice(self) -> list[str]:
        """Who got more than one."""
        with self.changed:
            return [who for who, texts in self.by_recipient.items() if len(texts) > 1]

    def wait_for(self, count: int, seconds: float = 120) -> None:
        """Return as soon as so many messages were taken."""
        with self.changed:
            enough = self.changed.wait_for(lambda: self.count >= count, seconds)
        assert enough, f"{self.count} of {count} messages were taken in {seconds} s"

    def wait_until_it_misbehaved(self, times: int = 1, seconds: float = 120) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.misbehaved >= times, seconds)


class Conversation(SMTP):
    """One client's connection."""

    provider: "MailServer"
    step = "greeting"

    async def push(self, status: Any) -> None:
        how = self.provider.whim(self.step)
        if how == "hang":
            while not self.provider.over.is_set() and self.transport:
                await asyncio.sleep(0.05)
        elif how == "slow":
            await asyncio.sleep(SLOW)
            await super().push(status)
        elif how in ("reset", "close"):
            assert self.transport is not None
            if how == "reset":
                peer = self.transport.get_extra_info("socket")
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            self.transport.abort()  # type: ignore[attr-defined]
        else:
            await super().push(how or status)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        self.step = "ehlo"
        await super().smtp_EHLO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        self.step = "auth"
        await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        self.step = "mail"
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        self.step = "rcpt"
        await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        self.step = "data"
        await super().smtp_DATA(arg)

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802
        self.step = "rset"
        await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        self.step = "quit"
        await super().smtp_QUIT(arg)


class MailServer(Provider):
    def __init__(self) -> None:
        super().__init__()
        self.connections = 0
        self.loop = asyncio.new_event_loop()
        serving = self.loop.create_server(self.converse, "127.0.0.1", 0)
        self.server = self.loop.run_until_complete(serving)
        self.host, self.port = self.server.sockets[0].getsockname()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """For a process that is to send its e-mail here."""
        return {
            "EMAIL_SENDER": "email",
            "EMAIL_HOST": self.host,
            "EMAIL_PORT": str(self.port),
            "EMAIL_USE_TLS": "0",
            "MESSAGE_TIMEOUT_SECONDS": str(TIMEOUT),
        }

    def converse(self) -> SMTP:
        self.connections += 1
        conversation = Conversation(
            self,
            loop=self.loop,
            hostname="mail.test",
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )
        conversation.provider = self
        return conversation

    async def handle_DATA(  # noqa: N802
        self, conversation: Conversation, session: Session, envelope: Envelope
    ) -> str:
        conversation.step = "after_data"
        says_no = self.at == "after_data" and self.times and self.how[:1] in ("4", "5")
        if not says_no:
            for recipient in envelope.rcpt_tos:
                self.take(recipient, (envelope.original_content or b"").decode())
        return "250 Taken"

    def stop(self) -> None:
        """Nobody is there any more: connections are refused."""
        self.over.set()
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.server.close)
            asyncio.run_coroutine_threadsafe(self.end_conversations(), self.loop).result(5)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(5)
            self.loop.close()

    async def end_conversations(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class SMSProvider(Provider):
    """Stands in for https://api.twilio.com, and as it is so simple for an e-mail provider's API."""

    def __init__(self) -> None:
        super().__init__()
        self.credentials: set[str] = set()
        provider = self

        class Handler(Answering):
            pass

        Handler.provider = provider
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True)
        self.thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """For a process that is to send its SMS here."""
        return {
            "SMS_SENDER": "twilio",
            "SMS_FROM": "+15005550006",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "a-token",
            "TWILIO_API_URL": self.url,
            "MESSAGE_TIMEOUT_SECONDS": str(TIMEOUT),
            "NO_PROXY": "127.0.0.1",
        }

    def stop(self) -> None:
        """Nobody is there any more: connections are refused."""
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet, or the client's acknowledgement would take 40 ms
    provider: SMSProvider

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        form = {
            name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()
        }
        how = self.provider.whim("post")
        if how[:1] != "4":
            self.provider.take(form.get("To") or form["to"], form.get("Body") or form["text"])
        if how == "hang":
            self.provider.over.wait(60)
            self.close_connection = True
        elif how in ("reset", "close"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            self.close_connection = True
        elif how == "garbage":
            self.answer(201, "<html>")
        elif how:
            status, code, text = how.split(" ", 2)
            self.answer(int(status), {"code": int(code), "message": text, "status": int(status)})
        else:
            self.answer(
                201,
                {"sid": f"SM{self.provider.count:032}", "id": "<1@mail.test>", "message": "Queued"},
            )

    def answer(self, status: int, content: Any) -> None:
        body = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    server = MailServer()
    settings.EMAIL_SENDER = "email"
    settings.EMAIL_BACKEND = "pipeline.outreach.senders.smtp.EmailBackend"  # pytest-django's is not
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
    settings.EMAIL_USE_TLS = False
    yield server
    server.stop()


@pytest.fixture
def sms_provider(settings, monkeypatch) -> Iterator[SMSProvider]:
    provider = SMSProvider()
    for name, value in provider.environment.items():
        if name not in ("MESSAGE_TIMEOUT_SECONDS", "NO_PROXY"):
            setattr(settings, name, value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield provider
    with contextlib.suppress(OSError):
        provider.stop()


@pytest.fixture
def fast(settings) -> None:
    """Senders of this process wait TIMEOUT for a provider, and no longer."""
    settings.EMAIL_TIMEOUT = settings.MESSAGE_TIMEOUT_SECONDS = TIMEOUT
