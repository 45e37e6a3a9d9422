"""Django's SMTP backend, on a connection that knows how far its message has come."""

import smtplib
from typing import Any

from django.core.mail.backends import smtp
from django.utils.translation import gettext

from .base import NotSent, NotTaken, Unavailable, Unconfirmed

SERVER = "The mail server"
GOING_AWAY = 421  # how a server says, in answer to anything, that it closes the connection
WANTS_LOGIN = (530, 535, 538)


class ConnectionLost(NotSent):
    """A connection that had carried messages before was gone before this one was begun."""


class Tracked(smtplib.SMTP):
    """`step` is the command that the server was last asked to carry out for a message.

    Before "data" not a word of the message itself has left, so that an end of the connection
    means that it was not taken. From "data" on, nobody can tell.
    """

    step = ""

    def mail(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self.step = "mail"
        return super().mail(*args, **kwargs)

    def rcpt(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self.step = "rcpt"
        return super().rcpt(*args, **kwargs)

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.step = "data"
        return super().data(msg)


class TrackedTLS(Tracked, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    connection: Tracked | None
    carried = 0  # messages that this connection has carried

    @property
    def connection_class(self) -> type[Tracked]:
        return TrackedTLS if self.use_ssl else Tracked

    def open(self) -> bool | None:
        """Connect and greet: Django would leave the greeting to the first message."""
        is_new = super().open()
        if is_new and self.connection is not None:
            self.carried = 0
            try:
                self.connection.ehlo_or_helo_if_needed()
            except OSError:
                abandon(self)
                raise
        return is_new

    def _send(self, email_message: Any) -> bool:
        assert self.connection is not None
        self.connection.step = ""
        is_sent = bool(super()._send(email_message))  # type: ignore[misc]
        self.carried += 1
        return is_sent


def from_opening(error: OSError | ValueError) -> Unavailable:
    """Why there is no connection, by what connecting, greeting, STARTTLS or the login raised."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Unavailable(
            gettext("%(server)s refused the credentials: %(error)s")
            % {"server": SERVER, "error": answer(error)}
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return Unavailable(
            gettext("%(server)s does not accept logins: %(error)s")
            % {"server": SERVER, "error": answer(error)}
        )
    return Unavailable(f"{SERVER} can't be reached.")


def from_sending(error: OSError, backend: smtp.EmailBackend) -> NotSent:
    """What an error says about the message. A connection of no more use is dropped."""
    # Django's own backend does not know the step: then the worst is assumed.
    step = getattr(backend.connection, "step", "data")
    is_new = not getattr(backend, "carried", 0)
    code = code_of(error)
    if code in (None, GOING_AWAY):
        abandon(backend)
    if step == "data":
        return from_data(error, code)
    if code in (None, GOING_AWAY):
        timed_out = isinstance(error.__context__, TimeoutError)
        if not is_new and not timed_out:
            return ConnectionLost(f"{SERVER} closed the connection.")
        if step == "rcpt":
            return NotTaken(
                gettext("%(server)s closed the connection before it accepted the message.")
                % {"server": SERVER}
            )
        return Unavailable(gettext("%(server)s no longer answers.") % {"server": SERVER})
    if step == "" or code in WANTS_LOGIN:
        return Unavailable(
            gettext("%(server)s does not accept logins: %(error)s")
            % {"server": SERVER, "error": answer(error)}
        )
    return NotTaken(f"{SERVER} refused it: {answer(error)}")


def from_data(error: OSError, code: int | None) -> NotSent:
    """Only an answer in so many words, to the message as a whole, says that it was not taken."""
    refusals = (
        smtplib.SMTPDataError,
        smtplib.SMTPRecipientsRefused,
        smtplib.SMTPSenderRefused,
    )
    if isinstance(error, refusals) and code is not None:
        return NotTaken(f"{SERVER} refused it: {answer(error)}")
    return Unconfirmed(
        gettext("%(server)s did not confirm it: the message may or may not have been sent.")
        % {"server": SERVER}
    )


def reply_of(error: OSError) -> tuple[int, bytes | str]:
    """The server's code and text; (0, "") where the error is no answer of a server's."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        reply: tuple[int, bytes | str] = next(iter(error.recipients.values()))
        return reply
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, error.smtp_error
    return 0, ""


def code_of(error: OSError) -> int | None:
    """The code of a refusal, or None for whatever else: what is no answer can't be trusted."""
    code, _ = reply_of(error)
    return code if 400 <= code < 600 else None


def answer(error: OSError) -> str:
    """What the server said: "550 No such user." """
    code, text = reply_of(error)
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}".strip().rstrip(".")[:300] + "."


def abandon(backend: smtp.EmailBackend) -> None:
    """Without QUIT: who does not answer would not answer that either."""
    if backend.connection is not None:
        backend.connection.close()
        backend.connection = None
