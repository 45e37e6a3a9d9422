"""What an HTTP provider's answer, or its silence, says about the message."""

import ssl

import requests
from django.utils.translation import gettext as _
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from .base import NotSent, NotTaken, Unavailable, Unconfirmed

REFUSED_US = (401, 403)
NO_CONNECTION = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    ConnectTimeoutError,
    NewConnectionError,
    ssl.SSLCertVerificationError,
)


def from_answer(status: int, said: str, provider: str) -> NotSent:
    """For an answer that is not the expected one; `said` is what it says, readable."""
    if status in REFUSED_US:
        return Unavailable(
            _("%(provider)s refused the credentials: %(said)s")
            % {"provider": provider, "said": said}
        )
    if 400 <= status < 500:
        return NotTaken(f"{provider} refused it: {said}")
    return Unconfirmed(
        _("%(provider)s answered with %(status)s: the message may or may not have been sent.")
        % {"provider": provider, "status": status}
    )


def from_failure(error: requests.RequestException, provider: str) -> NotSent:
    """For a request that got no whole answer. Its address is not told: accounts are in there."""
    if never_left(error):
        return Unavailable(f"{provider} can't be reached.")
    if isinstance(error, requests.Timeout):
        return Unconfirmed(
            _("%(provider)s did not answer in time: the message may or may not have been sent.")
            % {"provider": provider}
        )
    return Unconfirmed(
        _("The connection to %(provider)s broke: the message may or may not have been sent.")
        % {"provider": provider}
    )


def never_left(error: BaseException | None) -> bool:
    """Whether the request can't have reached the provider: there was no connection to send it on.

    requests says ConnectionError both for a refused connection and for one that broke later; only
    urllib3's reason inside tells them apart.
    """
    if isinstance(error, NO_CONNECTION):
        return True
    if error is None:
        return False
    inside = [getattr(error, "reason", None), getattr(error, "original_error", None), *error.args]
    return any(never_left(each) for each in inside if isinstance(each, BaseException))


def said_in(response: requests.Response) -> str:
    """The provider's own words, from the fields in which they are usually found."""
    try:
        content = response.json()
    except ValueError:
        content = None
    while isinstance(content, dict | list) and content:
        if isinstance(content, list):
            content = content[0]
            continue
        lower = {str(key).lower(): value for key, value in content.items()}
        content = next((lower[key] for key in ("message", "errors", "error") if key in lower), None)
    return str(content or response.reason or response.status_code)[:300].rstrip(".") + "."
