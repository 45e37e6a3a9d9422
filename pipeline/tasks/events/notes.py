"""What an event says, as the agent reads it in the notes of the task."""

import json
from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from django.utils.formats import date_format


def notes_of(said: dict[str, Any], zone: tzinfo) -> str:
    """Times are told in `zone`, the workspace's."""
    parts = [said["name"], *subject(said), said["text"], *properties(said), *facts(said, zone)]
    return "\n".join(filter(None, parts))


def subject(said: dict[str, Any]) -> Iterator[str]:
    if said["subject"]:
        yield f"Subject: {said['subject']}"


def properties(said: dict[str, Any]) -> Iterator[str]:
    for name, value in said["properties"].items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"{name}: {text}"


def facts(said: dict[str, Any], zone: tzinfo) -> Iterator[str]:
    if said["recording_url"]:
        yield f"Recording: {said['recording_url']}"
    if said["occurred_at"]:
        yield f"Happened: {date_format(said['occurred_at'].astimezone(zone), 'j M Y, H:i')}"
