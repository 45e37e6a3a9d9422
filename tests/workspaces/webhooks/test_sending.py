"""An event reaches its receiver, whatever that one does first."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from pipeline.workspaces.models.audit import AuditEntry
from pipeline.workspaces.models.webhook import DeliveryState, WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.webhooks.retries import JITTER, MOST_TRIES, WAITS
from pipeline.workspaces.webhooks.sending import send_due

from .conftest import Put, Receiver, make_due
from .waits import is_about, wait_of


def test_it_is_delivered_signed_and_written_down(
    endpoint: WebhookEndpoint, put: Put, receiver: Receiver
):
    (delivery,) = put()

    send_due()

    ((headers, body),) = receiver.got
    told = Webhook(endpoint.secret).verify(body, headers)
    assert (told["type"], told["data"]) == ("task.created", {"id": 0})
    assert datetime.fromisoformat(told["timestamp"]) <= timezone.now()
    assert headers["webhook-id"] == delivery.message_id
    assert headers["Host"] == receiver.url.split("/")[2]
    delivery.refresh_from_db()
    attempt = delivery.attempts.get()
    assert (delivery.state, delivery.status, delivery.tries) == (DeliveryState.DELIVERED, 200, 1)
    assert (attempt.status, attempt.answer, attempt.error) == (200, "Thanks", "")
    assert attempt.headers["webhook-signature"] == headers["webhook-signature"]
    endpoint.refresh_from_db()
    assert endpoint.last_delivered_at
    assert endpoint.failing_since is None


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (500, "answered with 500"),
        (404, "answered with 404"),
        ("hang", "did not answer in time"),
        ("drip", "did not answer in time"),
        ("reset", "closed the connection"),
        ("nonsense", "is not HTTP"),
    ],
)
def test_a_failure_is_told_and_tried_again(
    how: Any, error: str, put: Put, receiver: Receiver, endpoint: WebhookEndpoint
):
    receiver.how = getattr(receiver, how, say_nonsense) if isinstance(how, str) else how
    (delivery,) = put()

    began = time.monotonic()
    send_due()
    took = time.monotonic() - began

    assert took < 15  # the receiver would go on for longer
    assert is_about(wait_of(delivery), WAITS[0])
    assert error in delivery.error
    assert error in delivery.attempts.get().error
    endpoint.refresh_from_db()
    assert endpoint.failing_since

    receiver.how = 200
    make_due(delivery)
    send_due()

    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    assert delivery.is_delivered
    assert len(set(receiver.ids)) == 1, "the message id stays"
    assert endpoint.failing_since is None


def say_nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"Hello there\r\n\r\n")


def test_it_is_given_up_after_a_day_of_ever_longer_waits(put: Put, receiver: Receiver):
    receiver.how = 500
    (delivery,) = put()

    waits = []
    for _ in range(MOST_TRIES - 1):
        send_due()
        waits.append(wait_of(delivery))
        make_due(delivery)
    send_due()

    assert all(map(is_about, waits, WAITS))
    assert timedelta(hours=20) < sum(WAITS, timedelta()) < timedelta(hours=30)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_attempt_at) == (DeliveryState.FAILED, None)
    assert len(receiver.got) == delivery.attempts.count() == MOST_TRIES


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("1800", timedelta(minutes=30)),
        ("a date", timedelta(hours=1)),
        ("99999999", timedelta(hours=6)),
        ("soon", WAITS[0]),
    ],
)
def test_a_pause_that_is_asked_for_is_made_within_reason(
    status: int, asked: str, expected: timedelta, put: Put, receiver: Receiver
):
    if asked == "a date":
        asked = format_datetime(datetime.now(UTC) + expected)
    receiver.how, receiver.headers = status, {"Retry-After": asked}
    (delivery,) = put()

    send_due()

    slack = timedelta(minutes=1)  # a date has no parts of a second, and a busy machine no hurry
    assert expected - slack < wait_of(delivery) < expected * (1 + JITTER) + slack


def test_during_the_pause_the_endpoint_is_left_alone(
    put: Put, receiver: Receiver, endpoint: WebhookEndpoint
):
    receiver.how, receiver.headers = 429, {"Retry-After": "60"}
    put()
    send_due()
    put()

    send_due()

    assert len(receiver.got) == 1
    WebhookEndpoint.objects.update(held_until=timezone.now())
    receiver.how = 200
    send_due()
    assert len(receiver.got) == 2


def test_gone_switches_the_endpoint_off(put: Put, receiver: Receiver, endpoint: WebhookEndpoint):
    receiver.how = 410
    (delivery,) = put()

    send_due()

    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert not endpoint.is_active
    assert "410 Gone" in endpoint.switched_off_why
    assert AuditEntry.objects.get().verb == "switched off the webhook"
    assert put() == []


def test_five_days_of_failures_switch_the_endpoint_off(
    put: Put, receiver: Receiver, endpoint: WebhookEndpoint
):
    receiver.how = 500
    since = timezone.now() - timedelta(days=4, hours=23)
    WebhookEndpoint.objects.update(failing_since=since)
    put()
    send_due()
    endpoint.refresh_from_db()
    assert endpoint.is_active

    WebhookEndpoint.objects.update(failing_since=since - timedelta(hours=2))
    put()
    send_due()

    endpoint.refresh_from_db()
    assert not endpoint.is_active
    assert endpoint.switched_off_why.startswith("Every delivery failed for 5 days.")
    assert AuditEntry.objects.get().actor_name == "Belay"


def test_nothing_goes_to_an_endpoint_that_is_off_and_what_waits_goes_when_it_is_on(
    put: Put, receiver: Receiver, endpoint: WebhookEndpoint
):
    put()
    endpoint.switch_off("Maintenance")

    send_due()
    assert receiver.got == []
    endpoint.switch_on()
    send_due()

    assert len(receiver.got) == 1


def test_a_redirect_is_told_and_not_followed(put: Put, receiver: Receiver):
    receiver.how, receiver.headers = 307, {"Location": receiver.url + "/other"}
    (delivery,) = put()

    send_due()

    delivery.refresh_from_db()
    assert len(receiver.got) == 1
    assert delivery.is_pending
    assert "Redirects are not followed" in delivery.error


def test_no_more_of_an_answer_is_read_than_is_shown(put: Put, receiver: Receiver):
    sent = []

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 500 Oh\r\n\r\n")
        while not receiver.over.is_set():
            sent.append(handler.wfile.write(b"x" * 65536))

    receiver.how = flood
    (delivery,) = put()

    send_due()

    assert delivery.attempts.get().answer == "x" * 500
    assert sum(sent) < 10_000_000


def test_an_answer_in_any_bytes_is_kept(put: Put, receiver: Receiver):
    receiver.text = "a\0b\ud7ff"
    (delivery,) = put()

    send_due()

    assert delivery.attempts.get().answer == "a\ufffdb\ud7ff"


def test_no_proxy_of_the_environment_is_asked(
    put: Put, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    put()

    send_due()

    assert len(receiver.got) == 1


def test_both_secrets_sign_for_a_day_after_a_rotation(
    put: Put, receiver: Receiver, endpoint: WebhookEndpoint
):
    old = endpoint.secret
    endpoint.rotate()
    put()
    send_due()
    ((headers, body),) = receiver.got

    for secret in (old, endpoint.secret):
        Webhook(secret).verify(body, headers)

    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    put()
    send_due()
    headers, body = receiver.got[-1]
    Webhook(endpoint.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


def test_sending_again_begins_anew_with_the_same_id(put: Put, receiver: Receiver):
    (delivery,) = put()
    send_due()

    assert WebhookDelivery.objects.filter(pk=delivery.pk).send_again() == 1
    send_due()

    delivery.refresh_from_db()
    assert delivery.is_delivered
    assert receiver.ids == [delivery.message_id] * 2
    assert json.loads(receiver.got[0][1]) == json.loads(receiver.got[1][1])
