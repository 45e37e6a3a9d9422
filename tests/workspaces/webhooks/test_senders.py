"""Several senders, dead ones and slow receivers: each delivery goes once, and none waits."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from pipeline.workspaces.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.webhooks.posting import Answer
from pipeline.workspaces.webhooks.sending import LEASE, conclude, send_due, take

from .conftest import Put, Receiver, make_due
from .waits import is_about, wait_of


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_delivery_once(put: Put, receiver: Receiver):
    deliveries = put(60)
    start = threading.Barrier(3)

    def sender() -> None:
        try:
            start.wait()
            send_due()
        finally:
            connection.close()

    threads = [threading.Thread(target=sender) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(receiver.ids) == sorted(one.message_id for one in deliveries)
    assert WebhookAttempt.objects.count() == 60
    assert not WebhookDelivery.objects.pending().exists()


@pytest.mark.django_db(transaction=True)
def test_no_lock_is_held_while_a_receiver_thinks(
    put: Put, receiver: Receiver, endpoint: WebhookEndpoint
):
    receiver.how = receiver.hang
    (delivery,) = put()

    def sender() -> None:
        try:
            send_due()
        finally:
            connection.close()

    thread = threading.Thread(target=sender)
    thread.start()
    receiver.wait_for(1)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    endpoint.switch_off("Meanwhile")
    WebhookDelivery.objects.filter(pk=delivery.pk).update(event="task.canceled")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
    thread.join()

    delivery.refresh_from_db()
    assert delivery.is_pending


def test_what_a_dead_sender_took_is_taken_by_another_after_the_lease(put: Put, receiver: Receiver):
    (delivery,) = put()
    assert len(take([])) == 1  # and then it died

    assert take([]) == []
    assert is_about(wait_of(delivery), LEASE)
    make_due(delivery)
    send_due()

    delivery.refresh_from_db()
    assert (delivery.is_delivered, delivery.tries) == (True, 2)
    assert [attempt.has_ended for attempt in delivery.attempts.all()] == [True, False]


def test_who_comes_back_after_the_lease_does_not_undo_what_another_wrote(
    put: Put, receiver: Receiver
):
    (delivery,) = put()
    (late,) = take([])
    make_due(delivery)
    receiver.how = 500
    send_due()
    next_try = wait_of(delivery)

    conclude(late, Answer(error="The receiver did not answer in time."))
    assert is_about(wait_of(delivery), next_try)
    conclude(late, Answer(status=200))

    delivery.refresh_from_db()
    assert delivery.is_delivered


def test_a_receiver_that_hangs_holds_up_nobody_else(
    put: Put, receiver: Receiver, endpoint: WebhookEndpoint, settings: Any
):
    settings.WEBHOOK_READ_SECONDS = 2
    receiver.how = receiver.hang
    other = Receiver()
    fast = WebhookEndpoint.objects.create(
        workspace=endpoint.workspace, url=other.url, events=["task.created"]
    )
    put(15)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now())

    send_due(turn_seconds=6)
    other.close()

    assert not fast.deliveries.pending().exists()
    assert len(receiver.got) <= 4, "one that fails gets one try at a time, each of 2 s"
