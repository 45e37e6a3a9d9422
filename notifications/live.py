"""Pushes what changed to the open panels: rendered once, whoever watches.

A message carries all that a hub needs to send it on without asking the database: for an action its
version, its status and the openings of which a limited member must have one to see it.
"""

import hashlib
import logging
import time
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.seen import for_whoever_sees_a_part
from pipeline.bulk_actions.signals import bulk_action_changed
from pipeline.workspaces.signals import access_changed

from .publishing import Message, people_channel, publish, workspace_channel

log = logging.getLogger(__name__)
PAUSE_SECONDS = 5.0  # in which nothing is pushed after a push failed: the hubs look by themselves

WHOLE = ("bulk_actions/_row.html", "bulk_actions/_cancel_dialog.html")
TICK = ("bulk_actions/_progress.html", "bulk_actions/_dialog_numbers.html")

paused_until = 0.0


@receiver(bulk_action_changed)
def push_bulk_action(action_id: int, status_changed: bool, **_: Any) -> None:
    if is_paused():
        return
    action = BulkAction.objects.for_rows().filter(pk=action_id).first()
    if action:
        push([(workspace_channel(action.workspace_id), message_about(action, status_changed))])


def message_about(action: BulkAction, is_whole: bool) -> Message:
    """The row of an action, or (unless `is_whole`) the part of it that a tick replaces.

    That also for limited members who see only some of its openings, without names and numbers.
    Their rows the hubs look up: each such member sees other numbers.
    """
    message: Message = {
        "type": "action",
        "action": action.pk,
        "version": action.version,
        "status": action.status,
        "openings": action.opening_ids,
        "is_whole": is_whole,
        "html": html_of(action, WHOLE if is_whole else TICK),
    }
    if not is_whole and len(action.opening_ids) > 1:
        message["html_for_part"] = html_of(for_whoever_sees_a_part(action), TICK)
    return message


def html_of(action: BulkAction, templates: tuple[str, ...]) -> str:
    """The fragments that pages include, without a request: the same bytes for every viewer."""
    with timezone.override(action.workspace.tz):
        return "".join(render_to_string(template, {"action": action}) for template in templates)


def push_news(workspace_id: int, about: str, openings: Iterable[int] | None = None) -> None:
    """Tell open pages that what they show of `about` ("candidates", …) may have changed.

    A page hears it as the event `live:<about>` on its body, at most once in a second. Limited
    members hear it only for `openings` of theirs; without any, nobody who is limited does.
    """
    push([(workspace_channel(workspace_id), news(about, openings or ()))])


def news(about: str, openings: Iterable[int]) -> Message:
    return {"type": "news", "about": about, "openings": list(openings)}


def push_bells(users: Iterable[int]) -> None:
    """Have the open pages of those users show their bell as it is now."""
    push([(people_channel(), {"type": "bell", "users": list(users)})])


@receiver(access_changed)
def push_access(user_ids: list[int], **_: Any) -> None:
    """Have the sockets of those users checked at once: they may not see what they did."""
    send([(people_channel(), {"type": "access", "users": user_ids})])


@receiver(user_logged_out)
def close_sockets(request: HttpRequest, **_: Any) -> None:
    """A logout ends the sockets of that login, on every page it has open."""
    if key := request.session.session_key:
        send([(people_channel(), {"type": "logout", "login": login_mark(key)})])


def login_mark(session_key: str) -> str:
    """What a login is called in messages: its key is a secret and goes nowhere."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:40]


def is_paused() -> bool:
    return time.monotonic() < paused_until


def push(messages: list[tuple[str, Message]]) -> None:
    """Send each to its channel, unless Redis has failed just now."""
    if not is_paused():
        send(messages)


def send(messages: list[tuple[str, Message]]) -> None:
    """Send each to its channel, or give up soon: a push that fails never fails the work."""
    global paused_until
    try:
        publish(messages)
    except Exception as error:
        paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("No live updates for %s s: %r", PAUSE_SECONDS, error)
