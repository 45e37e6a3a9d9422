"""What Belay says of its settings: at the start of every process, and for `manage.py check`."""

import ipaddress
import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured

from config.secret_key import ADVICE, weakness_of

BELAY = "belay"
LEAST_TOKEN = 32
LAPTOP = {"localhost", "127.0.0.1", "[::1]"}
SENDERS = {
    "EMAIL_SENDER": ("file", "console", "email"),
    "SMS_SENDER": ("file", "console", "twilio"),
}
TWILIO = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SMS_FROM")
Found = Iterator[CheckMessage]
log = logging.getLogger(__name__)


def tell_at_start() -> None:
    """For a process that is no management command, which would run the checks by itself.

    Logs the warnings; raises ImproperlyConfigured with the errors.
    """
    found = run_checks(tags=[BELAY])
    for problem in found:
        if not problem.is_serious():
            log.warning("%s", sentence(problem))
    if errors := [sentence(problem) for problem in found if problem.is_serious()]:
        raise ImproperlyConfigured(" ".join(errors))


def sentence(message: CheckMessage) -> str:
    return f"{message.msg} {message.hint} ({message.id})"


@register(BELAY)
def secrets_are_strong(**_: Any) -> Found:
    if not settings.DEBUG:
        yield from weak_keys()


@register(Tags.security, deploy=True)
def secrets_are_strong_whatever_debug_says(**_: Any) -> Found:
    if settings.DEBUG:
        yield from weak_keys()
    if settings.READYZ_TOKEN and len(settings.READYZ_TOKEN) < LEAST_TOKEN:
        yield Error(
            f"READYZ_TOKEN needs at least {LEAST_TOKEN} characters.",
            hint="Create one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            id="belay.E002",
        )


def weak_keys() -> Found:
    # Some commands need no key; Django refuses to sign anything without one.
    keys = [("SECRET_KEY", settings.SECRET_KEY)] if settings.SECRET_KEY else []
    keys += [("SECRET_KEY_FALLBACKS", key) for key in settings.SECRET_KEY_FALLBACKS]
    for name, key in keys:
        if weakness := weakness_of(key):
            yield Error(f"{name} {weakness}", hint=ADVICE, id="belay.E001")


@register(BELAY)
def addresses_make_sense(**_: Any) -> Found:
    if "*" in settings.ALLOWED_HOSTS:
        # The websocket's origin check does nothing then (channels' AllowedHostsOriginValidator).
        yield Error(
            "ALLOWED_HOSTS is '*', which would open the websocket to every site.",
            hint="Name the hosts: ALLOWED_HOSTS=belay.example.com",
            id="belay.E003",
        )
    if settings.TRUSTED_PROXIES < 0:
        yield Error(
            "TRUSTED_PROXIES is less than 0.",
            hint="Set it to the number of your proxies in front of Belay, 0 or more.",
            id="belay.E007",
        )
    for network in settings.WEBHOOK_PRIVATE_NETWORKS:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            yield Error(
                f"WEBHOOK_PRIVATE_NETWORKS: {error}.",
                hint="Write 10.20.0.0/16,fd00::/8.",
                id="belay.E006",
            )


@register(BELAY)
def debug_stays_on_a_laptop(**_: Any) -> Found:
    """Its pages show code and settings to whoever meets an error."""
    hosts = set(settings.ALLOWED_HOSTS) - LAPTOP
    if settings.DEBUG and (hosts or settings.HTTPS):
        yield Error(
            "DEBUG is on, but other machines can reach Belay.",
            hint="Remove it: `make dev` sets it. It needs HTTPS=0 and ALLOWED_HOSTS=localhost.",
            id="belay.E008",
        )


@register(BELAY)
def messages_can_leave(**_: Any) -> Found:
    for name, words in SENDERS.items():
        if (word := getattr(settings, name)) not in words:
            yield Error(
                f"{name} is {word!r}.",
                hint=f"Choose one of {', '.join(words)}.",
                id="belay.E004",
            )
    missing = [name for name in TWILIO if not getattr(settings, name)]
    if settings.SMS_SENDER == "twilio" and missing:
        yield Error(
            f"SMS_SENDER is 'twilio', and {', '.join(missing)} is not set.",
            hint="Set it, or use SMS_SENDER=file until you have it.",
            id="belay.E005",
        )


@register(BELAY)
def people_find_the_way(**_: Any) -> Found:
    """In production; a laptop gets by without."""
    if not settings.HTTPS:
        return
    if not settings.PUBLIC_URL:
        yield Warning(
            "PUBLIC_URL is not set, so e-mails have no links and lists can't be shared.",
            hint=(
                "Set it to the address of Belay in the browser: "
                "PUBLIC_URL=https://belay.example.com"
            ),
            id="belay.W001",
        )
    if settings.SUPPORT_URL.endswith("example.com"):
        yield Warning(
            "SUPPORT_URL is still the example, so “Contact support” reaches no one.",
            hint="Set it to your own page or address: SUPPORT_URL=mailto:help@example.org",
            id="belay.W002",
        )
    if settings.EMAIL_SENDER != "email":
        yield Warning(
            f"EMAIL_SENDER is {settings.EMAIL_SENDER!r}: e-mails are not sent.",
            hint="Set EMAIL_SENDER=email and a mail server: EMAIL_HOST=smtp.example.org",
            id="belay.W004",
        )
    elif settings.DEFAULT_FROM_EMAIL.endswith("@localhost>"):
        yield Warning(
            "DEFAULT_FROM_EMAIL is at localhost, and mail servers refuse or drop such e-mails.",
            hint="Set it to your own address: DEFAULT_FROM_EMAIL='Acme <jobs@acme.example>'",
            id="belay.W003",
        )
