"""Events are written with what they tell of, or not at all."""

import json
import threading
from datetime import timedelta
from typing import Any

import django_rq
import pytest
from django.db import connection, transaction
from django.utils import timezone
from redis.exceptions import ConnectionError

from config import cron  # noqa: F401  # registers the periodic jobs
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.webhooks import outbox
from pipeline.workspaces.webhooks.clearing import KEPT, clear_deliveries
from pipeline.workspaces.webhooks.sending import send_due

from .conftest import Put, Receiver


def test_only_who_listens_is_told(endpoint: WebhookEndpoint, workspace: Workspace, stranger: User):
    wants: list[dict[str, Any]] = [
        {"url": "https://a.example", "events": ["task.created"]},
        {"url": "https://b.example", "events": ["task.accepted"]},
        {"url": "https://c.example", "events": ["task.created"], "is_active": False},
    ]
    for each in wants:
        WebhookEndpoint.objects.create(workspace=workspace, **each)
    WebhookEndpoint.objects.create(
        workspace=stranger.membership.workspace, url="https://d.example", events=["task.created"]
    )

    outbox.put(workspace.pk, "task.created", [{"id": 1}, {"id": 2}])

    told = WebhookDelivery.objects.order_by("pk").values_list("endpoint__url", "body")
    assert [(url, json.loads(body)["data"]["id"]) for url, body in told] == [
        (url, n) for n in (1, 2) for url in (endpoint.url, "https://a.example")
    ]
    assert WebhookDelivery.objects.values("uid").distinct().count() == 4


def test_it_is_asked_by_one_query_whether_somebody_listens(
    endpoint: WebhookEndpoint, workspace: Workspace, django_assert_num_queries: Any
):
    with django_assert_num_queries(2):
        assert outbox.is_wanted(workspace.pk, "task.created")
        assert not outbox.is_wanted(workspace.pk, "task.accepted")

    endpoint.switch_off("Enough")
    assert not outbox.is_wanted(workspace.pk, "task.created")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_of_what_was_rolled_back(put: Put, receiver: Receiver):
    with transaction.atomic():
        assert put()
        transaction.set_rollback(True)

    send_due()

    assert not WebhookDelivery.objects.exists()
    assert receiver.got == []
    assert django_rq.get_queue("webhooks").count == 0


@pytest.mark.django_db(transaction=True)
def test_a_storm_of_events_makes_one_job(put: Put):
    for _ in range(50):
        put()

    assert django_rq.get_queue("webhooks").count == 1


@pytest.mark.django_db(transaction=True)
def test_a_lost_redis_loses_no_event(put: Put, receiver: Receiver, monkeypatch: Any):
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("redis.connection.AbstractConnection.connect", refuse)
    monkeypatch.setattr("redis.connection.ConnectionPool.get_connection", refuse)
    put()
    monkeypatch.undo()

    send_due()

    assert len(receiver.got) == 1


def test_a_periodic_job_sends_what_no_job_was_sent_for():
    from django_rq.cron import DjangoCronScheduler

    scheduler = DjangoCronScheduler()
    scheduler.load_config_from_file("config.cron")
    ours = {job.func: job for job in scheduler.get_jobs()}

    assert (ours[send_due].queue_name, ours[send_due].interval) == ("webhooks", 10)
    assert ours[clear_deliveries].queue_name == "periodic"


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_that_is_being_deleted_does_not_undo_what_is_told(endpoint: WebhookEndpoint):
    """Without the lock, the foreign key would refuse the delivery when the teller commits."""
    is_deleted, has_told = threading.Event(), threading.Event()

    def teller() -> None:
        is_deleted.wait()
        try:
            outbox.put(endpoint.workspace_id, "task.created", [{"id": 1}])
            has_told.set()
        finally:
            connection.close()

    thread = threading.Thread(target=teller)
    thread.start()
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).delete()
        is_deleted.set()
        assert not has_told.wait(0.3), "it waits for what becomes of the endpoint"
    thread.join()

    assert has_told.is_set()
    assert not WebhookDelivery.objects.exists()


def test_what_is_old_is_cleared_with_its_tries(put: Put, receiver: Receiver):
    old, young = put(2)
    send_due()
    WebhookDelivery.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - KEPT - timedelta(minutes=1)
    )
    WebhookDelivery.objects.filter(pk=young.pk).update(
        created_at=timezone.now() - KEPT + timedelta(minutes=1)
    )

    clear_deliveries()

    assert WebhookDelivery.objects.get() == young
    assert WebhookAttempt.objects.get().delivery == young


def test_a_deleted_endpoint_is_gone_at_once_and_its_deliveries_within_the_hour(
    put: Put, endpoint: WebhookEndpoint, owner: User, receiver: Receiver, monkeypatch: Any
):
    monkeypatch.setattr("pipeline.workspaces.webhooks.clearing.BATCH", 2)
    put(5)
    endpoint.forget()

    assert not WebhookEndpoint.objects.visible_to(owner).exists()
    assert not WebhookDelivery.objects.visible_to(owner).exists()
    assert put() == []
    send_due()
    assert receiver.got == []
    clear_deliveries()

    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()
