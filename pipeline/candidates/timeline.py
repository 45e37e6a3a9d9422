"""What happened to a candidate. The rooms above add their part in their AppConfig's `ready`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from django.utils.translation import gettext as _

from pipeline.workspaces.models import User

from .models import Candidate
from .sight import sight_of

MOST = 200  # events on a page; a source need not bring more


@dataclass(frozen=True)
class Event:
    at: datetime
    text: str
    link: str = ""  # the page that tells more
    by: str = ""  # who did it
    detail: str = ""  # longer text, shown when it is asked for


# Each gets the candidate and who is looking, and brings only what that user may see.
SOURCES: list[Callable[[Candidate, User], Iterable[Event]]] = []


def events_of(candidate: Candidate, user: User) -> list[Event]:
    """What happened to `candidate` as far as `user` may know, newest first, at most MOST.

    A candidate that was moved brings a past in openings that the user may not see.
    """
    events = chain.from_iterable(source(candidate, user) for source in SOURCES)
    newest = sorted(events, key=lambda event: event.at, reverse=True)[:MOST]
    clean = sight_of(user).clean
    return [replace(event, text=clean(event.text), detail=clean(event.detail)) for event in newest]


def arrival(candidate: Candidate, user: User) -> list[Event]:
    source = f" from {candidate.source}" if candidate.source else ""
    return [
        Event(
            candidate.created_at,
            _("Applied to %(opening)s%(source)s")
            % {"opening": candidate.opening, "source": source},
        )
    ]


SOURCES.append(arrival)
