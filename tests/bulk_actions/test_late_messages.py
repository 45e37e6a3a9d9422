"""A lane that stood still after a message's first step asks again before it hands it over."""

from typing import Any

import pytest

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.messages import CandidateMessage
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.outreach import delivery
from pipeline.outreach.models import Message
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import start_send as start_send
from tests.bulk_actions.messages import template as template
from tests.providers import mail_server as mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stand_still(monkeypatch: Any) -> Any:
    """`stand_still(what)`: after the first step of each message; meanwhile `what` happens."""
    hand_over = delivery.hand_over

    def stand_still(what: Any) -> None:
        def late(owner: CandidateMessage, sender: Any, message: Message) -> Any:
            what(message)
            message.begun_at -= 60
            return hand_over(owner, sender, message)

        monkeypatch.setattr(delivery, "hand_over", late)

    return stand_still


@pytest.fixture
def action(start_send: Any, template: Any, make_candidates: Any) -> BulkAction:
    ordered: BulkAction = start_send(template, make_candidates(3))
    return ordered


def test_nothing_leaves_after_a_cancel(action, stand_still, recruiter, mail_server) -> None:
    stand_still(lambda _: BulkAction.objects.get().cancel(recruiter))

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert mail_server.by_recipient == {}
    assert (action.status, action.processed, action.being_sent) == (Status.CANCELED, 0, 0)
    assert not Message.objects.exists()


def test_what_was_given_up_as_unconfirmed_meanwhile_does_not_leave(
    action, stand_still, mail_server
) -> None:
    stand_still(lambda message: Message.objects.filter(pk=message.pk).update(status="unconfirmed"))

    lane.work_on(action.pk, 0)

    assert mail_server.by_recipient == {}
    assert set(Message.objects.values_list("status", flat=True)) == {"unconfirmed"}


def test_while_the_action_goes_on_so_does_the_message(action, stand_still, mail_server) -> None:
    stand_still(lambda _: None)

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert len(mail_server.by_recipient) == 3
    assert (action.status, action.changed) == (Status.COMPLETED, 3)
