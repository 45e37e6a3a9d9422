"""Edits of a draft: each on top of the one that its editor saw, and each can be taken back."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from pipeline.foundation import database_clock
from pipeline.journeys.definition.definition import Definition
from pipeline.journeys.models import Journey, JourneyEdit, JourneyState
from pipeline.workspaces.models import User

KEPT = 200  # edits of a journey that can be taken back

DraftEdit = Callable[[Definition], Definition]


class Stale(ValueError):
    """Somebody else has edited meanwhile; says who did what. Nothing was changed."""


class Archived(ValueError):
    """It is out of use. Nothing was changed."""


def read_draft(journey: Journey) -> Definition:
    """Raises BadDefinition. A draft that nothing was ever written into is an empty one."""
    return Definition.from_json(journey.draft) if journey.draft else Definition()


@transaction.atomic
def edit(journey: Journey, by: User, revision: int, what: str, change: DraftEdit) -> None:
    """Make the draft what `change` makes of it; `what` is told by the Undo button: "Added Wait".

    Raises Stale or Archived, or whatever `change` does, and has then changed nothing. An edit that
    changes nothing is none.
    """
    lock(journey, revision)
    keep(journey, by, what, change(read_draft(journey)).as_json())


@transaction.atomic
def replace(journey: Journey, by: User, revision: int, what: str, draft: dict[str, Any]) -> None:
    """Put another draft in its place, whatever it is now. Raises Stale or Archived."""
    lock(journey, revision)
    keep(journey, by, what, draft)


def keep(journey: Journey, by: User, what: str, after: dict[str, Any]) -> None:
    before = journey.draft
    if after == before:
        return
    journey.edits.exclude(undone_by=None).delete()  # these can't be done again on top of it
    JourneyEdit.objects.create(
        journey=journey, revision=journey.revision, draft=before, what=what[:200], made_by=by
    )
    old = journey.edits.values("pk")[KEPT:]
    journey.edits.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    write(journey, after)


@transaction.atomic
def undo(journey: Journey, by: User, revision: int) -> str:
    """Take the last edit back. Returns what that was; empty where there is none left."""
    lock(journey, revision)
    last = last_edit(journey)
    if last is None:
        return ""
    exchange(journey, last)
    last.undone_by, last.undone_at = by, database_clock.now()
    last.save(update_fields=["draft", "undone_by", "undone_at"])
    return last.what


@transaction.atomic
def redo(journey: Journey, by: User, revision: int) -> str:
    """Do again what was taken back last. Returns what that was; empty where there is none."""
    lock(journey, revision)
    first = next_edit(journey)
    if first is None:
        return ""
    exchange(journey, first)
    first.made_by, first.made_at = by, database_clock.now()
    first.undone_by = first.undone_at = None
    first.save(update_fields=["draft", "made_by", "made_at", "undone_by", "undone_at"])
    return first.what


def last_edit(journey: Journey) -> JourneyEdit | None:
    """What Undo would take back."""
    return journey.edits.filter(undone_by=None).first()


def next_edit(journey: Journey) -> JourneyEdit | None:
    """What Redo would do again."""
    return journey.edits.exclude(undone_by=None).order_by("revision").first()


def exchange(journey: Journey, one: JourneyEdit) -> None:
    """An edit keeps the draft on its other side: the one before, or once undone the one after."""
    draft = one.draft
    one.draft = journey.draft
    write(journey, draft)


def write(journey: Journey, draft: Any) -> None:
    journey.draft = draft
    journey.revision += 1
    journey.save(update_fields=["draft", "revision"])


def lock(journey: Journey, revision: int) -> None:
    """Raises Stale unless the draft is still the one that was seen, which then nobody edits."""
    now = Journey.objects.select_for_update(no_key=True).get(pk=journey.pk)
    journey.draft, journey.revision, journey.state = now.draft, now.revision, now.state
    if now.state == JourneyState.ARCHIVED:
        raise Archived(
            gettext("%(journey)s is archived, so it can’t be edited any more.")
            % {"journey": journey}
        )
    if now.revision != revision:
        raise Stale(what_happened(journey))


def what_happened(journey: Journey) -> str:
    """ "Ana Ruiz has edited this journey meanwhile (Added Wait), so nothing was changed. …" """
    undone = journey.edits.exclude(undone_at=None).order_by("-undone_at")
    made = [(one.made_at, one.made_by, one.what) for one in journey.edits.order_by("-made_at")[:1]]
    made += [
        (one.undone_at, one.undone_by, f"Undid: {one.what}")
        for one in undone[:1]
        if one.undone_at and one.undone_by
    ]
    if not made:
        return f"{NOTHING} {AS_IT_IS}"
    _, who, what = max(made, key=lambda one: one[0])
    return gettext(
        "%(who)s has edited this journey in the meantime (%(what)s). %(nothing)s %(as_it_is)s"
    ) % {"who": who, "what": what, "nothing": NOTHING, "as_it_is": AS_IT_IS}


NOTHING = "Your change was not saved."
AS_IT_IS = "This is the current version. Make your change again if you still need it."
