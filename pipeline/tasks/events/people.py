"""Whom an event is about."""

from typing import Any

from pipeline.candidates.models import Candidate, Opening
from pipeline.tasks.models import Task
from pipeline.tasks.models.event_types import CALLBACKS, EventType
from pipeline.workspaces.models import Workspace

from .forms import WHO
from .refusals import Errors, NotPossible


def candidate_of(workspace: Workspace, said: dict[str, Any]) -> Candidate:
    """The candidate, locked: nothing that happens to one happens twice at a time.

    Of several applications the newest one; of a canceled callback the newest that waits for one.
    Raises NotPossible.
    """
    named = {name: said[name] for name in WHO if said[name]}
    found = applications(openings_of(workspace, said["opening"]), named)
    if said["type"] == EventType.CALLBACK_CANCELED:
        found = with_callback(found) or found
    locked = Candidate.objects.select_for_update(no_key=True)
    candidate = locked.filter(pk=max(found)).first() if found else None
    if candidate is None:
        raise NotPossible(unknown(named, said["opening"]))
    return candidate


def openings_of(workspace: Workspace, asked_for: int | str | None) -> list[int]:
    openings = Opening.objects.filter(workspace=workspace)
    if isinstance(asked_for, int):
        openings = openings.filter(pk=asked_for)
    elif asked_for:
        openings = openings.filter(name=asked_for)
    found = list(openings.values_list("pk", flat=True))
    if asked_for and not found:
        raise NotPossible({"opening": f"There is no opening {asked_for}. Send its id or its name."})
    return found


def applications(openings: list[int], named: dict[str, Any]) -> list[int]:
    """Who is all that is `named`. Each opening has an index of its addresses and numbers.

    All are fetched: asked for the newest one alone, PostgreSQL may look through everybody instead.
    """
    columns = {"candidate": "pk", "phone": "phone", "email": "email"}
    who = {columns[name]: value for name, value in named.items()}
    found = Candidate.objects.filter(opening__in=openings, **who).order_by()
    return list(found.values_list("pk", flat=True))


def with_callback(candidates: list[int]) -> list[int]:
    waiting = Task.objects.waiting().for_candidates(candidates).filter(type__in=CALLBACKS)
    return list(waiting.order_by().values_list("candidate", flat=True))


def unknown(named: dict[str, Any], opening: int | str | None) -> Errors:
    where = "in this opening" if opening else "in this workspace"
    both = " and ".join(f"{name} {value}" for name, value in named.items())
    return dict.fromkeys(named, f"There is no candidate {where} with {both}.")
