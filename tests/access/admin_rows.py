"""A row of each model in the admin site, for one workspace: all that it says has `mark` in it."""

from typing import Any
from uuid import uuid4

from django.db.models import Model
from django.utils import timezone

from notifications.models import Notice
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Candidate, Label, Opening, RejectReason
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.journeys.models import Journey, JourneyVersion, Run
from pipeline.journeys.models.rules import JourneyRules
from pipeline.outreach.models import Campaign, Message, MessageLimit, MessageTemplate, OptOut
from pipeline.tasks.create import create_task
from pipeline.tasks.models.actors import Creator
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.tasks.models.rules import AgentSkills, TaskRules
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Role, User, Workspace
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.models.webhook import WebhookEndpoint
from tests.conftest import join, open_up

Rows = dict[type[Model], Any]


def rows_of_workspace(mark: str) -> Rows:
    workspace = Workspace.objects.create(name=f"{mark} Ltd")
    user = join(workspace, Role.RECRUITER, f"{mark} Person")
    opening = open_up(workspace, f"{mark} opening")
    rows: list[Any] = [workspace, user, user.membership, opening, opening.inbox]
    rows += of_candidates(mark, user, opening)
    rows += of_messages(mark, workspace, rows[-1])
    rows += of_tasks(mark, user, rows[-1].candidate)
    rows += of_journeys(mark, user, rows[-1].candidate)
    rows += of_the_workspace(mark, user)
    return {type(row): row for row in rows}


def of_candidates(mark: str, user: User, opening: Opening) -> list[Any]:
    workspace = opening.workspace
    action = BulkAction.objects.create(
        workspace=workspace,
        operation="change_labels",
        options={},
        title=f"{mark} action",
        key=uuid4(),
        starts_at=timezone.now(),
        total=1,
        started_by=user,
        opening_ids=[opening.pk],
    )
    return [
        Label.objects.create(workspace=workspace, name=f"{mark} label"),
        RejectReason.objects.create(workspace=workspace, name=f"{mark} reason"),
        CandidateImport.objects.create(opening=opening, created_by=user, name=f"{mark}.csv"),
        action,
        Candidate.objects.create(
            workspace=workspace,
            opening=opening,
            folder=opening.inbox,
            full_name=f"{mark} Candidate",
            first_name=mark,
            email=f"{mark.lower()}@example.net",
        ),
    ]


def of_messages(mark: str, workspace: Workspace, candidate: Candidate) -> list[Any]:
    about = {"workspace": workspace, "channel": "email"}
    address = f"{mark.lower()}@example.net"
    return [
        MessageTemplate.objects.create(name=f"{mark} template", body="Hello", **about),
        OptOut.objects.create(address=address, **about),
        MessageLimit.objects.create(number=5, **about),
        Campaign.objects.launch(workspace, name=f"{mark} campaign", channel="phone", state="ready"),
        Message.objects.create(candidate=candidate, address=address, body=mark, **about),
    ]


def of_tasks(mark: str, user: User, candidate: Candidate) -> list[Any]:
    workspace = candidate.workspace
    token = ApiToken.objects.issue(workspace, f"{mark} phones", user)[0]
    event = {"event_id": f"{mark}-1", "type": "inbound_call", "payload": {"name": mark}}
    return [
        create_task(candidate, TaskType.VOICEMAIL, Creator.event(f"{mark} phones")),
        TaskRules.objects.create(workspace=workspace),
        AgentSkills.objects.create(membership=user.membership),
        SavedFilter.objects.create(workspace=workspace, user=user, name=f"{mark} filter"),
        token,
        InboundEvent.objects.create(workspace=workspace, token=token, candidate=candidate, **event),
    ]


def of_journeys(mark: str, user: User, candidate: Candidate) -> list[Any]:
    workspace = candidate.workspace
    journey = Journey.objects.create(
        workspace=workspace, name=f"{mark} journey", draft={}, created_by=user
    )
    version = JourneyVersion.objects.create(
        journey=journey, number=1, definition={"about": mark}, published_by=user
    )
    run = Run.objects.create(
        workspace=workspace, journey=journey, version=version, candidate=candidate
    )
    return [journey, version, run, JourneyRules.objects.create(workspace=workspace)]


def of_the_workspace(mark: str, user: User) -> list[Any]:
    workspace = user.membership.workspace
    webhook = WebhookEndpoint.objects.create(
        workspace=workspace, url=f"https://{mark.lower()}.example", events=["task.created"]
    )
    record(workspace, user, "started", f"{mark} action")
    return [
        webhook,
        webhook.deliveries.create(
            event="task.created",
            body=f'{{"name": "{mark}"}}',
            state="failed",
            created_at=timezone.now(),
        ),
        Notice.objects.create(user=user, about="x", text=f"{mark} notice", link="/"),
        workspace.audit.get(subject=f"{mark} action"),
    ]
