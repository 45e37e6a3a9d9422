"""What keeps a draft from being published, at which block; and what is to be confirmed first."""

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from pipeline.candidates.models import Folder, Label, Opening
from pipeline.journeys.definition.conditions import OPERATORS
from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.definition.schedule import time_problems
from pipeline.journeys.definition.triggers import is_id
from pipeline.journeys.models import Journey
from pipeline.workspaces.models import Membership, Workspace

from .base import gone
from .view import read

TRIGGER = ""  # the key of the trigger's problems
ENDLESS = "This path never ends: none of its blocks leads out of the loop, and none waits."
CIRCLE = (
    "This block is in a loop without a Wait. A candidate who keeps going around the "
    "loop is stopped after 100 steps in a row."
)


def problems_of(
    definition: Definition, workspace: Workspace, journey: Journey | None = None
) -> dict[str, list[str]]:
    """The sentences for each block with a problem, by the block's id; TRIGGER for the trigger.

    With `journey`, also what is wrong in that one alone: it can't start itself.
    """
    found = {TRIGGER: trigger_problems(definition, workspace)}
    endless = endless_in(definition)
    for node in definition:
        found[node.id] = problems_at(node, workspace, journey)
        if node.id in endless:
            found[node.id].append(ENDLESS)
    if not definition.nodes:
        found[TRIGGER].append(_("The journey has no blocks yet. Add the first one."))
    return {place: sentences for place, sentences in found.items() if sentences}


def problems_at(node: Node, workspace: Workspace, journey: Journey | None = None) -> list[str]:
    reading = read(node)
    if reading.problem:
        return [reading.problem]
    problems = reading.problems(workspace)
    if journey:
        problems += reading.tried(lambda block: block.problems_in(journey), [])
    if not problems and set(node.ways) != set(reading.ways):
        problems.append(
            _("The paths of this block are out of date. Open the block and save it again.")
        )
    return problems


def warnings_of(definition: Definition) -> dict[str, list[str]]:
    """What whoever publishes it has to confirm, by the block's id."""
    circles = circles_without_wait(definition) - endless_in(definition)
    found = {}
    for node in definition:
        found[node.id] = read(node).warnings + ([CIRCLE] if node.id in circles else [])
    return {pk: sentences for pk, sentences in found.items() if sentences}


# --- circles ---


def endless_in(definition: Definition) -> set[str]:
    """The blocks of circles out of which no way leads, and in which none waits."""
    return {pk for pk in circles_without_wait(definition) if never_ends(pk, definition)}


def never_ends(start: str, definition: Definition) -> bool:
    """Whether whoever comes here goes round for ever, without ever a wait."""
    nodes = [definition.nodes[pk] for pk in definition.reached_from(start)]
    return not any(waits(node) or not node.ways or None in node.ways.values() for node in nodes)


def circles_without_wait(definition: Definition) -> set[str]:
    """The blocks from which a way leads back to them without passing a Wait."""
    found = set()
    for pk, node in definition.nodes.items():
        met: set[str] = set()
        ahead = [pk] if not waits(node) else []
        while ahead and pk not in met:
            following = definition.nodes[ahead.pop()].ways.values()
            new = {to for to in following if to and to not in met}
            met |= new
            ahead.extend(to for to in new if not waits(definition.nodes[to]))
        if pk in met:
            found.add(pk)
    return found


def waits(node: Node) -> bool:
    return node.type == "wait"


# --- the trigger ---


def trigger_problems(definition: Definition, workspace: Workspace) -> list[str]:
    options = definition.trigger.get("options", {})
    check = {
        "by_hand": lambda *_: [],
        "created": lambda *_: [],
        "folder": folder_problems,
        "label": label_problems,
        "event": event_problems,
        "schedule": schedule_problems,
    }.get(definition.trigger["type"])
    if check is None:
        return [f"Belay does not know the trigger “{definition.trigger['type'][:40]}”. Choose one."]
    return check(options, workspace)


def folder_problems(options: dict[str, Any], workspace: Workspace) -> list[str]:
    folders = Folder.objects.filter(opening__workspace=workspace)
    return missing(folders, options, "folder")


def label_problems(options: dict[str, Any], workspace: Workspace) -> list[str]:
    return missing(Label.objects.filter(workspace=workspace), options, "label")


def missing(rows: Any, options: dict[str, Any], what: str) -> list[str]:
    pk = options.get(what)
    if not pk:
        return [f"No {what} is chosen."]
    if not is_id(pk) or not rows.filter(pk=pk).exists():
        return [gone(what, str(options.get(f"{what}_name") or pk)[:100])]
    return []


def event_problems(options: dict[str, Any], workspace: Workspace) -> list[str]:
    name = options.get("event_name")
    if not isinstance(name, str) or not name.strip():
        return [
            _("The event has no name yet. Enter the name of the event that lets candidates enter.")
        ]
    if len(name) > 100:
        return [_("The name of an event can have up to 100 characters.")]
    if not isinstance(options.get("property", ""), str):
        return [_("The event's property can't be read. Enter it again.")]
    if options.get("property") and options.get("operator") not in list(OPERATORS):
        return ["Choose how to compare the event's property."]
    return []


def schedule_problems(options: dict[str, Any], workspace: Workspace) -> list[str]:
    filters = options.get("filters", "")
    readable = filters if isinstance(filters, str) else ""
    return time_problems(options) + filter_problems(QueryDict(readable), workspace)


def filter_problems(filters: QueryDict, workspace: Workspace) -> list[str]:
    """What is gone of the candidates list's filter; it would let nobody enter."""
    offers: dict[str, Any] = {
        "opening": Opening.objects.filter(workspace=workspace),
        "folder": Folder.objects.filter(opening__workspace=workspace),
        "label": Label.objects.filter(workspace=workspace),
        "recruiter": Membership.objects.filter(workspace=workspace),
    }
    return [
        f"The schedule's filter names {ARTICLE[name]} {name} that no longer exists."
        for name, rows in offers.items()
        if (pk := filters.get(name)) and not (is_id(pk) and rows.filter(pk=pk).exists())
    ]


ARTICLE = {"opening": "an", "folder": "a", "label": "a", "recruiter": "a"}
