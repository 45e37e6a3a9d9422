"""Acme with one of everything that an address can name, and everybody who may ask for it."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from notifications.models import Notice
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Candidate, Folder, Label, Opening, RejectReason
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey, JourneyVersion, Run
from pipeline.outreach.models import Campaign, Channel, MessageTemplate
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Creator
from pipeline.tasks.models.inbound_event import ApiToken
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Role, User, Workspace
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.models.webhook import WebhookEndpoint
from tests.bulk_actions.conftest import empty_queue as empty_queue
from tests.bulk_actions.conftest import start_move as start_move
from tests.conftest import join, open_up

WAITS = {
    "trigger": {"type": "created", "options": {}},
    "reentry": {"rule": "never"},
    "start": "b1",
    "blocks": {
        "b1": {
            "type": "wait",
            "options": {"kind": "time", "number": 3, "unit": "days"},
            "ways": {"next": None},
        }
    },
}


@pytest.fixture
def admin(admin_member: User) -> User:
    return admin_member


@pytest.fixture
def nobody() -> None:
    return None


@pytest.fixture
def elsewhere(workspace: Workspace, other_opening: Opening) -> User:
    """A recruiter of Acme who sees only the opening in Leeds."""
    user = join(workspace, Role.RECRUITER, "Noa Levi", is_limited=True)
    other_opening.members.add(user.membership)
    return user


@pytest.fixture
def world(
    workspace: Workspace,
    opening: Opening,
    owner: User,
    recruiter: User,
    agent: User,
    start_move: Any,
    make_candidates: Any,
    settings: Any,
    tmp_path: Path,
) -> dict[str, Any]:
    """`{name: object}`, as the lines of the table name them: all of Acme, in Manila."""
    settings.MEDIA_ROOT = tmp_path / "media"
    label = Label.objects.create(workspace=workspace, name="Night shift")
    candidate = make_candidates(1, full_name="Inger Svärd", labels=[label])[0]
    folder = Folder.objects.create(opening=opening, name="Phone screen", position=9)
    table = tmp_path / "leads.csv"
    table.write_text("Name,E-mail\nJo Doe,jo@example.org\n")
    imported = from_file(table, opening, by=recruiter)
    imported.rejected.save("rejected.csv", ContentFile(b"row\n"), save=False)
    imported.status = CandidateImport.Status.DONE
    imported.save()
    record(workspace, recruiter, "started", "Move to Phone screen")
    webhook = WebhookEndpoint.objects.create(
        workspace=workspace, url="https://receiver.example", events=["task.created"]
    )
    journey = Journey.objects.create(
        workspace=workspace, name="Acme's calls", draft=WAITS, created_by=owner
    )
    return {
        "opening": opening,
        "journey": journey,
        "journey_block": {"pk": journey.pk, "block": "b1"},
        "run": {"pk": journey.pk, "run": run_of(journey, candidate).pk},
        "folder": folder,
        "label": label,
        "reason": RejectReason.objects.create(workspace=workspace, name="Too far away"),
        "candidate": candidate,
        "uploaded": from_file(table, opening, by=recruiter),
        "imported": imported,
        "action": start_move(folder),
        "campaign": Campaign.objects.launch(
            workspace, name="Win back", channel="phone", state="ready"
        ),
        "past_task": past_task(candidate, recruiter),
        "saved_filter": SavedFilter.objects.create(
            workspace=workspace, user=recruiter, name="Night shift", query="state=canceled"
        ),
        "task": create_task(candidate, TaskType.VOICEMAIL, Creator.event("Phone system")),
        "member": agent.membership,
        "notice": Notice.objects.create(user=recruiter, about="x", text="Svärd", link="/"),
        "template": MessageTemplate.objects.create(
            workspace=workspace, name="Invitation", channel=Channel.SMS, body="Hello"
        ),
        "channel": {"channel": Channel.SMS.value},
        "opt_out": {"pk": candidate.pk, "channel": Channel.EMAIL.value},
        "token": ApiToken.objects.issue(workspace, "Phone system", owner)[0],
        "webhook": webhook,
        "delivery": webhook.deliveries.create(
            event="task.created", body=json.dumps({"data": "Inger Svärd"}), state="failed"
        ),
        "no_token": {"token": "x:y"},
        "no_link": {"uidb64": "MQ", "token": "x-y"},
        "no_share": {"token": "MQ:x-y"},
    }


def live_journey(owner: User) -> Journey:
    workspace = owner.membership.workspace
    journey = Journey.objects.create(
        workspace=workspace, name="Baking", draft=WAITS, created_by=owner
    )
    publish(journey, owner)
    return journey


def run_of(journey: Journey, candidate: Candidate) -> Run:
    version = JourneyVersion.objects.create(
        journey=journey, number=1, definition=journey.draft, published_by=journey.created_by
    )
    return Run.objects.create(
        workspace=journey.workspace, journey=journey, version=version, candidate=candidate
    )


def past_task(candidate: Candidate, by: User) -> Task:
    task = create_task(candidate, TaskType.REMINDER, Creator.person(by), due_at=timezone.now())
    task.cancel(by, "Inger Svärd is hired")
    return task


@pytest.fixture
def foreign(stranger: User) -> dict[str, Any]:
    """What the stranger's workspace has of everything that a form can name."""
    workspace = stranger.membership.workspace
    opening = open_up(workspace, "Baker, Oslo")
    return {
        "workspace": workspace,
        "opening": opening,
        "folder": opening.folders.get(name="Hired"),
        "label": workspace.labels.get(),
        "reason": RejectReason.objects.create(workspace=workspace, name="Globex reason"),
        "journey": live_journey(stranger),
        "recruiter": stranger.membership,
        "candidate": Candidate.objects.filter(workspace=workspace)[0],
        "campaign": Campaign.objects.launch(
            workspace, name="Baking", channel="phone", state="ready"
        ),
        "template": MessageTemplate.objects.create(
            workspace=workspace, name="Hello", channel=Channel.SMS, body="Hello"
        ),
    }
