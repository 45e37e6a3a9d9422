"""Random journeys that can be published: every block that needs no network, in any shape.

Choices are those of a `random.Random`, so that a seed tells them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from pipeline.candidates.models import Folder, FolderKind, Label, Opening
from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.blocks.problems import endless_in
from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey
from pipeline.outreach.models import Campaign
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.webhook import WebhookEndpoint

Options = dict[str, Any]
TYPES = ("outbound_call", "asap_callback", "outbound_sms", "custom_task")
EVENTS = ("paid", "called")


@dataclass
class World:
    """What the blocks may name."""

    workspace: Workspace
    owner: User
    labels: list[Label]
    folders: list[Folder]
    campaign: Campaign
    endpoint: WebhookEndpoint

    def journeys(self, chance: Random, most: int) -> list[Journey]:
        """One to `most` of them, live, that may start and stop each other."""
        made = [
            Journey.objects.create(workspace=self.workspace, name=name, created_by=self.owner)
            for name in ("One", "Two", "Three")[: chance.randint(1, most)]
        ]
        for journey in made:
            self.publish_anew(journey, made, chance)
        return made

    def publish_anew(self, journey: Journey, among: list[Journey], chance: Random) -> None:
        others = [other for other in among if other != journey]
        journey.draft = definition(chance, self, others).as_json()
        journey.save(update_fields=["draft"])
        publish(journey, self.owner)


@pytest.fixture
def world(
    workspace: Workspace,
    owner: User,
    labels: list[Label],
    opening: Opening,
    campaign: Campaign,
) -> World:
    kinds = ("shortlisted", "on_hold", "hired")
    return World(
        workspace,
        owner,
        labels[:2],
        [opening.folders.get(kind=kind) for kind in kinds],
        campaign,
        WebhookEndpoint.objects.create(
            workspace=workspace, url="https://example.com/belay", events=["bulk_action.ended"]
        ),
    )


def definition(chance: Random, world: World, others: list[Journey], most: int = 7) -> Definition:
    """Ways lead on, back and out; no circle is endless."""
    ids = [f"b{n}" for n in range(1, chance.randint(2, most) + 1)]
    nodes = {}
    for pk in ids:
        type = chance.choice(list(OPTIONS))
        options = OPTIONS[type](chance, world, others)
        if options is None:  # there is no other journey to name
            type, options = "exit", {}
        ways = {way: chance.choice([None, *ids]) for way in BLOCKS[type](options).ways}
        nodes[pk] = Node(pk, type, options, ways)
    made = Definition(trigger(chance, world), reentry(chance), "b1", nodes)
    while endless := endless_in(made):
        node = made.nodes[min(endless)]
        way = chance.choice(sorted(node.ways))
        made = made.with_node(Node(node.id, node.type, node.options, node.ways | {way: None}))
    return made


def trigger(chance: Random, world: World) -> Options:
    type = chance.choice(["by_hand", "label", "folder", "event"])
    options: dict[str, Options] = {
        "by_hand": {},
        "label": {"label": chance.choice(world.labels).pk},
        "folder": {"folder": chance.choice(world.folders).pk},
        "event": {"event_name": chance.choice(EVENTS)},
    }
    return {"type": type, "options": options[type]}


def reentry(chance: Random) -> Options:
    rule = chance.choice(["always", "never", "after"])
    return {"rule": rule, "days": 1} if rule == "after" else {"rule": rule}


# --- the options of each block ---


def create_task(chance: Random, world: World, _: Any) -> Options:
    if chance.choice([False, True]):
        return {"type": "outbound_call", "campaign": world.campaign.pk}
    return {"type": chance.choice(TYPES)}


def cancel_task(chance: Random, world: World, _: Any) -> Options:
    return chance.choice(
        [
            {"scope": "all"},
            {"scope": "type", "types": chance.sample(TYPES, 2)},
            {"scope": "campaign", "campaign": world.campaign.pk},
        ]
    )


def wait(chance: Random, world: World, _: Any) -> Options:
    kind = chance.choice(["time", "until", "event"])
    if kind == "time":
        return {"kind": kind, "number": chance.randint(1, 3), "unit": "hours"}
    if kind == "until":
        return {"kind": kind, "at_time": chance.choice(["09:00", "17:30"])}
    event = chance.choice(["event", "label", "folder"])
    about: dict[str, Options] = {
        "event": {"event_name": chance.choice(EVENTS)},
        "label": {"label": chance.choice(world.labels).pk},
        "folder": {"folder": chance.choice(world.folders).pk},
    }
    at_most = {"at_most": 1, "at_most_unit": "days"} if chance.choice([True, False]) else {}
    return {"kind": kind, "event": event, **about[event], **at_most}


def condition(chance: Random, world: World, _: Any) -> Options:
    rules: list[Options] = [
        {"kind": "label", "label": chance.choice(world.labels).pk},
        {"kind": "folder", "folder": chance.choice(world.folders).pk},
        {"kind": "has_task", "task_type": chance.choice(TYPES)},
        {"kind": "attribute", "name": "Plan", "operator": "is", "value": "pro"},
    ]
    return {
        "join": chance.choice(["all", "any"]),
        "rules": chance.sample(rules, chance.randint(1, 2)),
    }


def split(chance: Random, *_: Any) -> Options:
    return {"shares": chance.choice([[50, 50], [20, 30, 50]])}


def update_candidate(chance: Random, world: World, _: Any) -> Options:
    first, second = [
        {"id": label.pk, "name": label.name} for label in chance.sample(world.labels, 2)
    ]
    return chance.choice(
        [
            {"add_labels": [first]},
            {"add_labels": [first], "remove_labels": [second]},
            {"remove_labels": [first]},
            {"folder": chance.choice(world.folders).pk},
            {"folder_kind": chance.choice([FolderKind.REJECTED, FolderKind.ON_HOLD]).value},
            {"attribute": "Plan", "value": chance.choice(["pro", "free", ""])},
        ]
    )


def start_journey(chance: Random, _: World, others: list[Journey]) -> Options | None:
    return {"journey": chance.choice(others).pk} if others else None


def stop_journey(chance: Random, _: World, others: list[Journey]) -> Options:
    if others and chance.random() < 0.5:
        return {"which": "one", "journey": chance.choice(others).pk}
    return {"which": "others"}


def webhook(_: Random, world: World, __: Any) -> Options:
    return {"endpoint": world.endpoint.pk, "properties": {}}


def leave(*_: Any) -> Options:
    return {}


OPTIONS: dict[str, Callable[[Random, World, list[Journey]], Options | None]] = {
    "exit": leave,
    "create_task": create_task,
    "cancel_task": cancel_task,
    "wait": wait,
    "condition": condition,
    "split": split,
    "update_candidate": update_candidate,
    "start_journey": start_journey,
    "stop_journey": stop_journey,
    "webhook": webhook,
}
