"""What the panel beside the flow shows: a block's form, the blocks to add, where to move one."""

from typing import Any

from django.utils.translation import gettext as _

from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.blocks.base import BlockForm
from pipeline.journeys.blocks.view import Reading, read, ways_of_new
from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.definition.edits import (
    BEFORE,
    CantEdit,
    Place,
    can_move_down,
    can_move_up,
    lost_with,
    move,
    node_of,
    places,
    target_of,
)
from pipeline.journeys.models import Journey
from pipeline.workspaces.models import User, Workspace

from .access import is_editable
from .canvas import Panel
from .forms import TriggerForm


def empty_form(reading: Reading, workspace: Workspace) -> BlockForm | None:
    """The block's form with what it holds now; None for a block that Belay no longer knows."""
    if reading.type is None:
        return None
    return reading.type.form(workspace=workspace, initial=reading.answers)


def block_panel(
    journey: Journey,
    definition: Definition,
    pk: str,
    user: User,
    form: BlockForm | None = None,
) -> Panel:
    """Raises CantEdit where the block is gone."""
    node = node_of(definition, pk)
    reading = read(node)
    form = form or empty_form(reading, journey.workspace)
    context: dict[str, Any] = {
        "node": node,
        "reading": reading,
        "form": form,
        "is_editable": is_editable(journey, user),
        "preview": reading.preview(journey.workspace, user),
        "can_move_up": can_move_up(definition, pk),
        "can_move_down": can_move_down(definition, pk),
        "asks_before_delete": sum(to is not None for to in node.ways.values()) > 1,
    }
    return Panel("_panel_block.html", context, pk)


def add_panel(definition: Definition, place: Place) -> Panel:
    """The blocks to add there, and the blocks at which that way could go on instead."""
    follows = target_of(definition, place)
    offered = [block for block in BLOCKS.values() if follows is None or ways_of_new(block)]
    others = [node for node in definition if node.id != follows and node.id != place.block]
    context = {
        "place": place,
        "where": place_text(definition, place),
        "blocks": offered,
        "follows": read(definition.nodes[follows]) if follows else None,
        "targets": [(node.id, read(node).title) for node in others],
        "can_end": follows is not None and place.block,
    }
    return Panel("_panel_add.html", context)


def move_panel(definition: Definition, pk: str) -> Panel:
    """The places to which it can move."""
    node = node_of(definition, pk)
    found = []
    for place in places(definition):
        if place.block == pk or target_of(definition, place) == pk:
            continue
        try:
            move(definition, pk, place)
        except CantEdit:
            continue
        found.append((str(place), place_text(definition, place)))
    return Panel("_panel_move.html", {"node": node, "reading": read(node), "places": found}, pk)


def delete_panel(definition: Definition, pk: str) -> Panel:
    """Which of its ways what leads here goes on with, and what is lost with the others."""
    node = node_of(definition, pk)
    reading = read(node)
    choices = []
    for way in node.ways:
        lost = [read(definition.nodes[one]).title for one in lost_with(definition, pk, way)]
        choices.append((way, reading.way_label(way) or way, lost))
    context = {"node": node, "reading": reading, "choices": choices}
    return Panel("_panel_delete.html", context, pk)


def trigger_panel(
    journey: Journey, definition: Definition, user: User, form: TriggerForm | None = None
) -> Panel:
    if form is None:
        answers = TriggerForm.answers(definition.trigger, definition.reentry)
        form = TriggerForm(user=user, initial=answers)
    return Panel("_panel_trigger.html", {"form": form, "is_editable": is_editable(journey, user)})


def place_text(definition: Definition, place: Place) -> str:
    """Where that is, in words: "after “Wait: 3 days”"."""
    if place == Place():
        return "at the beginning"
    node: Node = node_of(definition, place.block)
    reading = read(node)
    if place.way == BEFORE:
        return _("before “%(title)s”, where paths meet") % {"title": reading.title}
    label = reading.way_label(place.way)
    return f"after “{reading.title}”" + (
        _(", on the path “%(label)s”") % {"label": label} if label else ""
    )
