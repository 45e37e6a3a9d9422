"""E-mail through one of Django's backends: SMTP, or a provider's API by django-anymail."""

import contextlib
from email.utils import parseaddr

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRequestsAPIError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp
from django.utils.translation import gettext as _

from pipeline.outreach.models import Message
from pipeline.outreach.unsubscribing import footer, headers

from .base import NotSent, NotTaken, Sender, Unavailable, Unconfirmed
from .http import from_answer, from_failure, said_in
from .smtp import ConnectionLost, from_opening, from_sending

PROVIDER = "The e-mail provider"


class EmailSender(Sender):
    def __init__(self) -> None:
        self.backend = get_connection()

    def open(self) -> None:
        try:
            self.backend.open()
        except (OSError, ValueError) as error:  # every error of smtplib is an OSError
            raise from_opening(error)

    def send(self, message: Message) -> str:
        mail = as_mail(message)
        try:
            self.hand_over(mail)
        except ConnectionLost:
            # Servers end a connection after some time or messages. This one was not begun there.
            try:
                self.hand_over(mail)
            except ConnectionLost as error:
                raise Unavailable(str(error))
        status = getattr(mail, "anymail_status", None)
        return str(getattr(status, "message_id", None) or mail.extra_headers["Message-ID"])

    def hand_over(self, mail: EmailMessage) -> None:
        self.open()
        try:
            self.backend.send_messages([mail])
        except AnymailError as error:
            raise from_anymail(error)
        except OSError as error:
            if isinstance(self.backend, smtp.EmailBackend):
                raise from_sending(error, self.backend)
            raise Unconfirmed(
                _("%(provider)s failed: the message may or may not have been sent.")
                % {"provider": PROVIDER}
            )
        except ValueError:  # an address or a header that can't be written down
            raise NotTaken(f"An e-mail to {mail.to[0]} can't be written.")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.backend.close()


def as_mail(message: Message) -> EmailMessage:
    """Its id is the same whenever it is made, so that a copy would be seen as one."""
    sender = settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(sender)[1].rpartition("@")[2]
    return EmailMessage(
        subject=message.subject,
        body=message.body + footer(message),
        from_email=sender,
        to=[message.address],
        headers={"Message-ID": f"<belay-{message.pk}@{domain}>", **headers(message)},
    )


def from_anymail(error: AnymailError) -> NotSent:
    if isinstance(error, AnymailRequestsAPIError):
        if error.response is not None:
            return from_answer(error.response.status_code, said_in(error.response), PROVIDER)
        if isinstance(error.__cause__, requests.RequestException):
            return from_failure(error.__cause__, PROVIDER)
    if isinstance(error, AnymailAPIError):
        return Unconfirmed(
            _("%(provider)s failed: the message may or may not have been sent.")
            % {"provider": PROVIDER}
        )
    # The rest is refused before it is sent, or answered with a refusal of the recipient.
    return NotTaken(f"{PROVIDER} refused it: {' '.join(map(str, error.args))[:300]}")
