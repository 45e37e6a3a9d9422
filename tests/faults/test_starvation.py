"""What waits for a mail server or a sending rate holds up nobody else."""

import time
from uuid import uuid4

import pytest
from django.utils import timezone
from django_rq.cron import DjangoCronScheduler

from pipeline.bulk_actions.engine import wakeups
from pipeline.bulk_actions.engine.reconcile import GRACE
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.send_message import SendMessage, text_of
from pipeline.candidates.models import Candidate, Opening
from pipeline.outreach.models import Channel, Message, MessageLimit, MessageTemplate
from pipeline.workspaces.models import User
from tests.bulk_actions.messages import StartSend
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import start_send as start_send
from tests.bulk_actions.messages import template as template
from tests.conftest import MakeCandidates

from .conftest import Crew, has_ended, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def full(
    crew: Crew, start_send: StartSend, template, make_candidates: MakeCandidates, workspace
) -> Crew:
    """Two workers of each kind; four message actions of two lanes each wait for a slow rate."""
    crew.environment = {"BULK_TURN_SECONDS": "10"}
    for _ in range(2):
        crew.worker()
        crew.sender()
    crew.periodic()
    MessageLimit.objects.filter(workspace=workspace).update(per_second=2)
    for _ in range(4):
        start_send(template, make_candidates(100), lanes=2)
    wait_for(Message.objects.exists)
    return crew


def test_a_move_and_what_heals_do_not_wait_for_messages(
    full: Crew, make_candidates: MakeCandidates, other_opening: Opening, start_move, monkeypatch
) -> None:
    make_candidates(5, opening=other_opening)
    ordered = time.monotonic()
    move = start_move(other_opening.folders.get(name="Hired"))
    wait_for(has_ended, move)
    assert time.monotonic() - ordered < 10  # it was 31 to 49 s

    monkeypatch.setattr(wakeups, "wake", lambda action: None)  # its jobs get lost
    lost = start_move(other_opening.folders.get(name="On Hold"), starts_at=timezone.now() - GRACE)
    run_the_cron_once()
    ordered = time.monotonic()
    wait_for(has_ended, lost)
    assert time.monotonic() - ordered < 10


def test_messages_of_a_workspace_do_not_wait_for_the_rate_of_another(
    full: Crew, stranger: User
) -> None:
    action = order_of(stranger)
    ordered = time.monotonic()

    wait_for(has_ended, action)

    assert time.monotonic() - ordered < 10
    assert action.changed == 3


def run_the_cron_once() -> None:
    cron = DjangoCronScheduler()
    cron.load_config_from_file("config.cron")
    cron.enqueue_jobs()


def order_of(stranger: User) -> BulkAction:
    """Three messages of the other workspace."""
    template = MessageTemplate.objects.create(
        workspace=stranger.membership.workspace, name="Hi", channel=Channel.EMAIL, body="Hi"
    )
    action, _ = start_bulk_action(
        user=stranger,
        operation=SendMessage(text_of(template)),
        candidates=Candidate.objects.visible_to(stranger),
        key=uuid4(),
    )
    return action
