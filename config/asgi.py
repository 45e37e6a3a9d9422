"""The entry point of daphne: pages by Django in a few threads, the live panel by its hub."""

import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("BELAY_PROCESS", "web")  # the limits of its database sessions
# A web process keeps at most 8 connections to the database: these, one for each of PAGE_THREADS and
# DOWNLOAD_THREADS and one for the hub, and one that /readyz makes anew.
os.environ.setdefault("DATABASE_POOL", "7")

import django
from django.core.exceptions import ImproperlyConfigured

if any(argument.startswith("--proxy") for argument in sys.argv):
    raise ImproperlyConfigured(
        "daphne's --proxy-headers believes the address that a client writes into X-Forwarded-For. "
        "Leave it out, and set TRUSTED_PROXIES to the number of proxies in front of Belay."
    )
django.setup(set_prefix=False)  # first: the imports below need the apps loaded

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from config import cut_answers, web_server  # noqa: E402
from config.checks import tell_at_start  # noqa: E402
from config.in_time import InTime  # noqa: E402
from config.pages import Pages  # noqa: E402
from notifications.hub.app import live  # noqa: E402
from pipeline.foundation.private_files import close_folder  # noqa: E402

tell_at_start()
cut_answers.install()
web_server.install()
close_folder(Path(settings.MEDIA_ROOT))
sockets = [path("ws/live/", live)]  # type: ignore[arg-type]  # channels takes more than views
application = ProtocolTypeRouter(
    {
        "http": InTime(Pages()),
        "websocket": AllowedHostsOriginValidator(URLRouter(sockets)),
    }
)
