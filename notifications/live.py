"""Pushes what changed to the open panels: rendered once, whoever watches."""

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
from pipeline.bulk_actions.signals import bulk_action_changed

from .groups import groups_of, session_group, user_group
from .pusher import pusher

log = logging.getLogger(__name__)
PAUSE_SECONDS = 5.0  # in which none is tried after one that failed; see LiveConsumer.check

WHOLE = ("bulk_actions/_row.html", "bulk_actions/_cancel_dialog.html")
TICK = ("bulk_actions/_progress.html", "bulk_actions/_dialog_numbers.html")

paused_until = 0.0


@receiver(bulk_action_changed)
def push_bulk_action(action_id: int, status_changed: bool, **_: Any) -> None:
    action = BulkAction.objects.for_rows().filter(pk=action_id).first()
    if action is None or time.monotonic() < paused_until:
        return
    push(
        groups_of(action),
        {
            "type": "bulk_action.changed",
            "action": action.pk,
            "status": action.status,
            "status_changed": status_changed,
            "html": html_of(action, WHOLE if status_changed else TICK),
        },
    )


def push_bells(users: Iterable[int]) -> None:
    """Have the open pages of those users look at their bell."""
    if time.monotonic() >= paused_until:
        push([user_group(pk) for pk in users], {"type": "bell.changed"})


@receiver(user_logged_out)
def close_sockets(request: HttpRequest, **_: Any) -> None:
    """A logout ends the sockets of that login, on every page it has open."""
    if key := request.session.session_key:
        push([session_group(key)], {"type": "logged.out"})


def html_of(action: BulkAction, templates: tuple[str, ...]) -> str:
    """The fragments that pages include, without a request: the same bytes for every viewer."""
    with timezone.override(action.workspace.tz):
        return "".join(render_to_string(template, {"action": action}) for template in templates)


def push(groups: list[str], message: dict[str, Any]) -> None:
    """Send to all groups, or give up soon: a push that fails never fails the work."""
    push_each([(group, message) for group in groups])


def push_each(messages: list[tuple[str, dict[str, Any]]]) -> None:
    """The same, a message of its own for each group."""
    global paused_until
    try:
        pusher.send(messages)
    except Exception as error:
        paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("No live updates for %s s: %r", PAUSE_SECONDS, error)
