"""SMS through Twilio."""

from typing import Any

import requests
from django.conf import settings
from django.utils.translation import gettext as _
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from pipeline.outreach.models import Message

from .base import NotSent, OptedOut, Sender, Unavailable, Unconfirmed
from .http import from_answer, from_failure

PROVIDER = "The SMS provider"
TWILIO = "https://api.twilio.com"
HAS_REPLIED_STOP = 21610
# Twilio's codes that recruiters can do something about: https://www.twilio.com/docs/api/errors
READABLE = {
    21211: "the phone number is not valid.",
    21217: "the phone number is not valid.",
    21408: "SMS to this country are switched off in the provider's account.",
    HAS_REPLIED_STOP: "they replied STOP and get no SMS from this number.",
    21612: "the phone number can't be reached from the provider's number.",
    21614: "the phone number is not a mobile number.",
    21617: "the text is too long.",
}


class HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Asks at TWILIO_API_URL, and gives up in time."""

    def __init__(self) -> None:
        # One try: a second one might be a second SMS.
        super().__init__(timeout=settings.MESSAGE_TIMEOUT_SECONDS, max_retries=0)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if url.startswith(TWILIO):
            url = settings.TWILIO_API_URL.rstrip("/") + url.removeprefix(TWILIO)
        return super().request(method, url, *args, **kwargs)


class TwilioSender(Sender):
    def __init__(self) -> None:
        self.http: HttpClient | None = None
        self.client: Client | None = None

    def open(self) -> None:
        """Connections are made by the first request and kept; here only the account is checked."""
        if self.client is not None:
            return
        if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.SMS_FROM):
            raise Unavailable(f"{PROVIDER}'s account is not set up yet.")
        self.http = HttpClient()
        self.client = Client(
            settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=self.http
        )

    def send(self, message: Message) -> str:
        self.open()
        assert self.client is not None
        try:
            sent = self.client.messages.create(
                to=message.address, body=message.body, **sent_from(settings.SMS_FROM)
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise refusal(error)
        except requests.RequestException as error:
            raise from_failure(error, PROVIDER)
        except (TwilioException, ValueError, KeyError, TypeError):
            raise Unconfirmed(
                _("%(provider)s's answer can't be read: the message may or may not have been sent.")
                % {"provider": PROVIDER}
            )
        return str(sent.sid or "")

    def close(self) -> None:
        if self.http is not None and self.http.session is not None:
            self.http.session.close()
        self.http = self.client = None


def sent_from(sender: str) -> dict[str, str]:
    """A phone number or a name, or the id of one of Twilio's messaging services."""
    return {"messaging_service_sid" if sender.startswith("MG") else "from_": sender}


def refusal(error: TwilioRestException | TwilioServiceException) -> NotSent:
    if isinstance(error, TwilioRestException):
        said = error.msg.removeprefix("Unable to create record: ")
    else:
        said = error.detail or error.title
    why = READABLE.get(error.code or 0) or said.rstrip(".") + "."
    if error.code == HAS_REPLIED_STOP:
        return OptedOut(str(from_answer(error.status, why, PROVIDER)))
    return from_answer(error.status, why, PROVIDER)
