"""Workers that are asked to stop finish the message in hand, and others go on from there."""

import signal

import psutil
import pytest

from config.processes import PATIENCE_SECONDS
from pipeline.bulk_actions.models import BulkAction, locks
from pipeline.outreach.models import Message
from tests.bulk_actions.messages import StartSend
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import start_send as start_send
from tests.bulk_actions.messages import template as template
from tests.conftest import MakeCandidates
from tests.providers import MailServer
from tests.providers import mail_server as mail_server

from .conftest import Crew, alive, has_ended, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def senders(crew: Crew, mail_server: MailServer) -> Crew:
    """Four workers, each with a lane that has a message in hand nearly all the time."""
    crew.environment = mail_server.environment | {
        "MESSAGE_TIMEOUT_SECONDS": "30",
        "BULK_TURN_SECONDS": "60",
    }
    mail_server.misbehave("data", "slow")
    for _ in range(4):
        crew.sender()
    return crew


@pytest.fixture
def actions(start_send: StartSend, template, make_candidates: MakeCandidates) -> list[BulkAction]:
    return [start_send(template, make_candidates(100), lanes=2) for _ in range(2)]


def all_are_sending() -> bool:
    return Message.objects.sending().values("bulk_action_id", "lane").distinct().count() == 4


@pytest.mark.parametrize("who", ["the workers", "everybody"])
def test_an_orderly_stop_leaves_nothing_unconfirmed_and_the_rest_goes_on(
    senders: Crew, mail_server: MailServer, actions: list[BulkAction], who: str
) -> None:
    """`make run` asks the workers alone; systemd, without KillMode=mixed, their horses, too."""
    wait_for(all_are_sending)
    horses = [horse for _, horse in senders.busy()]

    for process in [*senders.running, *(horses if who == "everybody" else ())]:
        process.send_signal(signal.SIGTERM)
    _, left = psutil.wait_procs(senders.running, timeout=PATIENCE_SECONDS)

    assert not left
    assert not any(map(alive, horses))
    assert not locks.living_lanes()
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}
    assert mail_server.count == Message.objects.count() < 200
    mail_server.behave()
    senders.sender()
    for action in actions:
        wait_for(has_ended, action)
        assert (action.changed, action.failed) == (100, 0)
    assert mail_server.twice == []
    assert mail_server.count == 200
