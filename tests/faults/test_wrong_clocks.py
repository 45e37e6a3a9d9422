"""Hosts whose clocks are wrong: the database's decides, so nobody notices."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.candidates.models.share import Share
from pipeline.foundation import database_clock
from pipeline.foundation.encryption import encrypted
from pipeline.journeys.definition.schedule import next_time
from pipeline.outreach.models import Channel, MessageLimit, MessageUse, Period
from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.joining import PASSWORD_TOKENS
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.webhook import WebhookEndpoint
from pipeline.workspaces.sessions import SessionStore
from tests.daphne import Daphne
from tests.faults.conftest import Crew, has_ended, wait_for
from tests.journeys.conftest import MakeJourney
from tests.journeys.conftest import make_journey as make_journey
from tests.servers import child_environment
from tests.tasks.conftest import MakeTask
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task
from tests.tasks.conftest import no_limit as no_limit

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3600
DAY = 24 * HOUR


def wrong_by(seconds: int) -> dict[str, str]:
    """The environment of a process on a host whose clock is wrong."""
    folder = Path(__file__).with_name("wrong_clock")
    return {"PYTHONPATH": str(folder), "WRONG_BY_SECONDS": str(seconds)}


@pytest.fixture
def web(tmp_path: Path) -> Any:
    """A daphne whose host is an hour ahead."""
    web = Daphne(tmp_path / "daphne.log", environment=wrong_by(HOUR))
    web.launch()
    yield web
    web.kill()


def order(web: Daphne, by: Client, opening: Opening) -> BulkAction:
    """Move all to Shortlisted, as a browser does."""
    csrf = "c" * 32
    answer = requests.post(
        f"{web.url}/bulk-actions/",
        {
            "operation": "move_to_folder",
            "to_folder": opening.folders.get(name="Shortlisted").pk,
            "select": "all",
            "key": str(uuid4()),
            "csrfmiddlewaretoken": csrf,
        },
        cookies={"sessionid": by.cookies["sessionid"].value, "csrftoken": csrf},
        headers={"Referer": web.url},
        timeout=30,
        allow_redirects=False,
    )
    assert answer.status_code < 400, answer.text
    return BulkAction.objects.get()


def test_an_order_starts_on_time_and_ends(
    web: Daphne, crew: Crew, make_candidates: Any, recruiter: User, client_of: Any, opening: Opening
):
    make_candidates(5)
    Workspace.objects.update(start_delay_seconds=2)
    crew.environment = wrong_by(-HOUR)
    crew.worker()
    browser = client_of(recruiter)
    web.wait_until_it_answers()

    action = order(web, browser, opening)
    assert action.starts_at - action.created_at < timedelta(seconds=2.5)
    assert action.status == Status.IN_QUEUE
    wait_for(has_ended, action, seconds=30)

    assert action.status == Status.COMPLETED
    assert action.started_at
    # A job comes at a full second, and its worker looks for it every second. No cron runs here.
    assert timedelta() <= action.started_at - action.starts_at < timedelta(seconds=5)


@pytest.fixture
def given(
    workspace: Workspace,
    owner: User,
    recruiter: User,
    opening: Opening,
    candidate: Candidate,
    make_journey: MakeJourney,
    make_task: MakeTask,
    no_limit: None,
) -> dict[str, Any]:
    """Something of each kind that has a time; what lies a day away is judged wrongly by a clock
    that is wrong by two."""
    now = database_clock.now()
    day = timedelta(days=1)
    for days in (13, 15):
        task = make_task(TaskType.OUTBOUND_CALL)
        Task.objects.filter(pk=task.pk).update(queued_at=now - days * day)
    shared = {"workspace": workspace, "reviewer": "rita@client.example", "created_by": recruiter}
    for days in (1, -1):
        Share.objects.create(expires_at=now + days * day, **shared)
    MessageLimit.objects.create(
        workspace=workspace, channel=Channel.SMS, number=10, period=Period.DAY
    )
    MessageUse.objects.create(
        workspace=workspace,
        channel=Channel.SMS,
        period=Period.DAY,
        begins_on=now.astimezone(workspace.tz).date(),
        used=3,
    )
    hour = {"kind": "time", "number": 1, "unit": "hours"}
    make_journey(("wait", hour), ("exit", {}), trigger=("schedule", {"at_time": "09:00"}))
    BulkAction.objects.create(
        workspace=workspace,
        operation="move_to_folder",
        key=uuid4(),
        lanes=1,
        total=1,
        started_by=recruiter,
        starts_at=now - day,
        progressed_at=now - timedelta(minutes=5),
        status=Status.IN_PROGRESS,
    )
    WebhookEndpoint.objects.create(
        workspace=workspace,
        url="https://hooks.example/",
        events=[],
        encrypted_old_secret=encrypted("whsec_old"),
        old_secret_until=now + day,
    )
    for days in (6, 8):
        CandidateImport.objects.create(
            opening=opening, name="a.csv", file="imports/a", created_at=now - days * day
        )
    session = SessionStore()
    session["kept"] = True
    session.save()
    Session.objects.update(expire_date=now + day)
    two_days_ago = PASSWORD_TOKENS._num_seconds(PASSWORD_TOKENS._now() - 2 * day)
    return {
        "candidate": candidate.pk,
        "session": session.session_key,
        "user": owner.pk,
        "token": PASSWORD_TOKENS._make_token_with_timestamp(
            owner, two_days_ago, PASSWORD_TOKENS.secret
        ),
    }


@pytest.mark.parametrize("days", [2, -2])
def test_whatever_is_decided_by_the_time_is_decided_the_same(given: dict[str, Any], days: int):
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.decisions", json.dumps(given)],
        cwd=settings.BASE_DIR,
        env=child_environment()
        | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        | wrong_by(days * DAY),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)

    assert abs(told.pop("host") - time.time() - days * DAY) < HOUR
    assert told == {
        "canceled by timeout": 1,
        "the wait has minutes": 60,
        "the older task waits": "15 d",
        "share open": [True, False],
        "limit left": 7,
        "quiet": "5 min",
        "secrets": 2,
        "link to choose a password": True,
        "signed in": True,
        "stays signed in for two weeks": True,
        "files abandoned": 1,
        "next time": str(nine_o_clock().astimezone(UTC)),
    }


def nine_o_clock() -> datetime:
    return next_time({"at_time": "09:00"}, Workspace.objects.get(), database_clock.now())
