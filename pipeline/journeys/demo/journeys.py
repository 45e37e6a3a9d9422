"""The demo's ready-made journeys, as their editor would have written them."""

from dataclasses import dataclass
from typing import Any

from pipeline.candidates.models import Folder, FolderKind, Label
from pipeline.journeys.definition.definition import Definition, Node
from pipeline.journeys.definition.triggers import summary_of
from pipeline.outreach.models import Campaign, Channel, MessageTemplate, Priority
from pipeline.tasks.demo.work import NIGHT
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Workspace

APPLIED = "Applied: call within a day"
BY_TEXT = "Night shift: ask by text"
CONVERTED = "Converted: cancel outstanding sales calls"
BLOCKED = "Blocked number: cancel all tasks"
HIRED = "Hired: collect the documents"
FAIR = "Job fair: thank you"
MONDAY = "Every Monday: who never answered"

Draft = dict[str, Any]
Options = dict[str, Any]


def draft(
    trigger: str, options: Options, *blocks: Node, rule: str = "never", in_words: str = ""
) -> Draft:
    summary = summary_of(trigger, options, in_words)
    return Definition(
        trigger={"type": trigger, "options": options, "summary": summary},
        reentry={"rule": rule},
        start=blocks[0].id,
        nodes={node.id: node for node in blocks},
    ).as_json()


def block(pk: str, type: str, options: Options, *onward: str, **ways: str | None) -> Node:
    """`block("b1", "wait", {…}, "b2")`, or with the ways by name: `yes="b2", no=None`."""
    named: dict[str, str | None] = {"next": onward[0]} if onward else ways
    return Node(pk, type, options, named)


def leave(pk: str, reason: str) -> Node:
    return block(pk, "exit", {"reason": reason})


def wait(pk: str, number: int, unit: str, onward: str) -> Node:
    return block(pk, "wait", {"kind": "time", "number": number, "unit": unit}, onward)


def wait_for(pk: str, name: str, days: int, *, happened: str, timed_out: str) -> Node:
    options = {
        "kind": "event",
        "event": "event",
        "event_name": name,
        "at_most": days,
        "at_most_unit": "days",
    }
    return block(pk, "wait", options, next=happened, timed_out=timed_out)


def create(
    pk: str, type: TaskType, onward: str, campaign: Campaign | None = None, **more: Any
) -> Node:
    options = {"type": type.value, "due_unit": "hours", **of(campaign), **more}
    return block(pk, "create_task", options, onward)


def cancel(pk: str, onward: str, reason: str, scope: str = "type", **more: Any) -> Node:
    return block(pk, "cancel_task", {"scope": scope, "reason": reason, **more}, onward)


def send(pk: str, template: MessageTemplate, onward: str) -> Node:
    named = {"template": template.pk, "template_name": template.name}
    return block(pk, f"send_{template.channel}", named, onward)


def of(campaign: Campaign | None) -> Options:
    return {"campaign": campaign.pk, "campaign_name": str(campaign)} if campaign else {}


@dataclass
class Shelf:
    """What the workspace has for journeys to name."""

    workspace: Workspace
    campaigns: list[Campaign]

    def label(self, name: str) -> Label:
        return Label.objects.get_or_create(workspace=self.workspace, name=name)[0]

    def template(self, channel: Channel, name: str) -> MessageTemplate:
        templates = MessageTemplate.objects.filter(workspace=self.workspace, channel=channel)
        return templates.get(name=name)

    def folder(self, kind: FolderKind) -> Folder:
        """Of the first opening."""
        opening = self.workspace.openings.earliest("pk")
        return opening.folders.select_related("opening").get(kind=kind)

    # --- the journeys ---

    @property
    def applied(self) -> Draft:
        no_answer = {
            "kind": "disposition",
            "task_type": TaskType.OUTBOUND_CALL.value,
            "disposition": "no_answer",
        }
        return draft(
            "created",
            {},
            create(
                "b1",
                TaskType.OUTBOUND_CALL,
                "b2",
                priority=Priority.HIGH.value,
                notes="New applicant: ask for the start date, then book the interview.",
            ),
            wait("b2", 2, "days", "b3"),
            block("b3", "condition", {"join": "all", "rules": [no_answer]}, yes="b4", no="b7"),
            send("b4", self.template(Channel.SMS, "Reminder"), "b5"),
            wait_for("b5", "Called back", 3, happened="b8", timed_out="b6"),
            create(
                "b6", TaskType.OUTBOUND_CALL, "b9", notes="No answer, no reply: call once more."
            ),
            leave("b7", "Talked to, or still in the queue"),
            leave("b8", "Called back"),
            leave("b9", "An agent tries once more"),
        )

    @property
    def by_text(self) -> Draft:
        campaign, label = self.campaigns[NIGHT], self.label("Night Shift")
        named = [{"id": label.pk, "name": label.name}]
        return draft(
            "by_hand",
            {},
            create(
                "b1", TaskType.OUTBOUND_SMS, "b2", campaign, notes="Ask whether nights are fine."
            ),
            wait_for("b2", "Night shift accepted", 7, happened="b3", timed_out="b4"),
            block("b3", "update_candidate", {"add_labels": named}, "b5"),
            cancel("b4", "b6", "Not asked within a week.", "campaign", **of(campaign)),
            leave("b5", "Works nights"),
            leave("b6", "Never mind the nights"),
            rule="always",
        )

    def converted(self, *types: TaskType) -> Draft:
        label = self.label("Converted")
        return draft(
            "label",
            {"label": label.pk, "label_name": label.name},
            cancel("b1", "b2", "Converted: no sales call is needed any more.", types=list(types)),
            leave("b2", "Done with sales"),
            rule="always",
        )

    @property
    def blocked(self) -> Draft:
        label = self.label("Blocked number")
        return draft(
            "label",
            {"label": label.pk, "label_name": label.name},
            cancel("b1", "b2", "The number is blocked.", "all"),
            leave("b2", "Nobody calls or writes"),
            rule="always",
        )

    @property
    def hired(self) -> Draft:
        folder = self.folder(FolderKind.HIRED)
        complete = {"attribute": "Documents", "value": "complete"}
        ask = "The documents are missing: ID card, bank details, work permit."
        return draft(
            "folder",
            {
                "folder": folder.pk,
                "folder_name": folder.name,
                "opening_name": folder.opening.name,
            },
            send("b1", self.template(Channel.EMAIL, "Welcome: your documents"), "b2"),
            wait_for("b2", "Documents received", 5, happened="b3", timed_out="b4"),
            block("b3", "update_candidate", complete, "b7"),
            block("b4", "split", {"shares": [50, 50]}, a="b5", b="b6"),
            create("b5", TaskType.OUTBOUND_SMS, "b8", notes=ask),
            create("b6", TaskType.OUTBOUND_CALL, "b9", notes=ask),
            leave("b7", "All documents are there"),
            leave("b8", "Asked by text"),
            leave("b9", "Asked by phone"),
        )

    def fair(self, label: Label) -> Draft:
        condition = {"property": "stand", "operator": "is", "value": "Madrid"}
        named = [{"id": label.pk, "name": label.name}]
        return draft(
            "event",
            {"event_name": "Fair visit", **condition},
            block("b1", "update_candidate", {"add_labels": named}, "b2"),
            wait("b2", 1, "weeks", "b3"),
            send("b3", self.template(Channel.EMAIL, "Invitation to an interview"), "b4"),
            leave("b4", "Invited"),
        )

    @property
    def monday(self) -> Draft:
        folder = self.folder(FolderKind.NO_RESPONSE)
        filters = f"opening={folder.opening_id}&folder={folder.pk}"
        return draft(
            "schedule",
            {"filters": filters, "at_time": "09:00", "weekday": "0"},
            create("b1", TaskType.OUTBOUND_CALL, "b2", notes="Has not answered: one last call."),
            leave("b2", "Called a last time"),
            rule="never",
            in_words=f"in {folder.opening.name}, {folder.name}",
        )
