"""Two workspaces with the same work to be done: in one of them something is broken."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.models.functions import Now

from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Candidate, Label
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey, Run
from pipeline.outreach.models import Channel, Message
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Creator, JourneyBlock
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.webhook import WebhookDelivery, WebhookEndpoint

LONG_AGO = Now() - timedelta(days=40)
EARLIER = Now() - timedelta(hours=1)
LINKED: Any = {"next": None}


@dataclass
class Side:
    """One of the two: its owner, two candidates and a label."""

    owner: User
    candidates: list[Candidate]
    label: Label

    @property
    def workspace(self) -> Workspace:
        return self.owner.membership.workspace

    def journey(self, block: tuple[str, dict[str, Any]], trigger: dict[str, Any]) -> Journey:
        draft = {
            "trigger": trigger,
            "reentry": {"rule": "always"},
            "start": "b1",
            "blocks": {"b1": {"type": block[0], "options": block[1], "ways": LINKED}},
        }
        number = Journey.objects.count()
        journey = Journey.objects.create(
            workspace=self.workspace, name=f"Journey {number}", draft=draft, created_by=self.owner
        )
        publish(journey, self.owner)
        journey.refresh_from_db()
        return journey

    def run(self, journey: Journey, number: int = 0, **fields: Any) -> Run:
        return Run.objects.create(
            **{
                "workspace": self.workspace,
                "journey": journey,
                "version": journey.version,
                "candidate": self.candidates[number],
                "block": "b1",
                "entered_by": "By hand",
                "due_at": EARLIER,
            }
            | fields
        )

    def message(self, **fields: Any) -> Message:
        candidate = self.candidates[0]
        return Message.objects.create(
            workspace=self.workspace,
            candidate=candidate,
            channel=Channel.EMAIL,
            address=candidate.email,
            **fields,
        )

    def overdue_task(self, number: int = 0) -> Task:
        creator = Creator.journey(JourneyBlock(1, "Some journey", 1, "b1", 1))
        task = create_task(self.candidates[number], TaskType.OUTBOUND_CALL, creator)
        Task.objects.filter(pk=task.pk).update(queued_at=Now() - timedelta(days=400))
        return task

    def action(self, **fields: Any) -> BulkAction:
        return BulkAction.objects.create(
            **{
                "workspace": self.workspace,
                "started_by": self.owner,
                "operation": "move",
                "title": "Move to Hired",
                "options": {},
                "opening_ids": [self.candidates[0].opening_id],
                "starts_at": EARLIER,
                "key": uuid4(),
                "total": 1,
            }
            | fields
        )

    def endpoint(self) -> WebhookEndpoint:
        return WebhookEndpoint.objects.create(
            workspace=self.workspace, url="http://127.0.0.1:9/", events=["task.created"]
        )

    def delivery(self, endpoint: WebhookEndpoint, **fields: Any) -> WebhookDelivery:
        return WebhookDelivery.objects.create(
            endpoint=endpoint, event="task.created", body="{}", **fields
        )


def refuse(what: str, table: str, condition: str) -> None:
    """Have the database refuse to `what` (INSERT, UPDATE, DELETE) such rows of the table.

    It is what a corrupt index, a constraint or a row that nothing can be done with looks like.
    """
    row, answer = ("OLD", "OLD") if what == "DELETE" else ("NEW", "NEW")
    name = f"refuse_{what.lower()}_{table}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {row}.{condition} THEN RAISE EXCEPTION 'this row is broken'; END IF;"
            f" RETURN {answer}; END $$;"
            f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION {name}()"
        )


Plant = Callable[[Side, Side], Callable[[], bool]]
