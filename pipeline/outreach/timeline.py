"""A candidate's timeline: the messages, with their texts."""

from collections.abc import Iterator

from pipeline.candidates.models import Candidate
from pipeline.candidates.timeline import MOST, Event
from pipeline.workspaces.models import User

from .models import Message


def messages(candidate: Candidate, user: User) -> Iterator[Event]:
    """ "SMS sent", "E-mail “Your interview” failed: The mail server refused it: …" """
    for message in candidate.messages.order_by("-pk")[:MOST]:
        yield Event(
            at=message.ended_at or message.created_at, text=title(message), detail=message.body
        )


def title(message: Message) -> str:
    subject = f" “{message.subject}”" if message.subject else ""
    problem = f": {message.problem}" if message.problem else ""
    status = message.get_status_display().lower()
    return f"{message.get_channel_display()}{subject} {status}{problem}"
