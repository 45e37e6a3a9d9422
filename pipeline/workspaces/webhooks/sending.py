"""Sends what is due, again and again until it is delivered or given up: at least once.

A delivery is taken by moving its next try forward, in a transaction of its own: whoever looks
after that finds nothing due, and when the one who took it dies, it is due again once the lease is
over. No lock is held while a receiver thinks. Each endpoint has few tries under way at a time, one
that fails only one: a receiver that hangs holds up nobody but itself.
"""

import random
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from pipeline.workspaces.audit import record

from .models import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from .posting import Answer, post
from .retries import GONE, PATIENCE, pause_asked_for, wait_after
from .signing import headers_for
from .waking import wake

LEASE = timedelta(seconds=60)  # longer than the longest try: look-up, connection and answer
TURN_SECONDS = 30.0  # then the job ends and another one goes on
AT_ONCE = 32
AT_ONCE_FOR_EACH = 4
LOOK_SECONDS = 0.25  # how often to look for what is due meanwhile


@dataclass(frozen=True)
class Try:
    """A delivery that this process has taken, and what will be told of it."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint
    attempt: WebhookAttempt

    def make(self) -> Answer:
        """In a thread, without the database."""
        return post(self.endpoint.url, self.delivery.body.encode(), self.attempt.headers)


def send_due(turn_seconds: float = TURN_SECONDS) -> None:
    """The job: until nothing is due, or its turn is over."""
    ends = time.monotonic() + turn_seconds
    under_way: dict[Future[Answer], Try] = {}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while True:
            is_over = time.monotonic() > ends
            if not is_over:
                for each in take([one.endpoint.pk for one in under_way.values()]):
                    under_way[threads.submit(each.make)] = each
            if not under_way:
                break
            for done in wait(under_way, LOOK_SECONDS, FIRST_COMPLETED).done:
                conclude(under_way.pop(done), done.result())
    if is_over:
        wake()


def take(busy: list[int]) -> list[Try]:
    """Tries for whom there is room, `busy` being the endpoints of those under way."""
    of_each = Counter(busy)
    room = AT_ONCE - len(busy)
    taken: list[Try] = []
    endpoints = list(endpoints_with_due()) if room else []
    random.shuffle(endpoints)  # no order in which some always come last
    for endpoint in endpoints:
        most = AT_ONCE_FOR_EACH if endpoint.failing_since is None else 1
        free = min(most - of_each[endpoint.pk], room - len(taken))
        if free > 0:
            taken += take_of(endpoint, free)
    return taken


def endpoints_with_due() -> QuerySet[WebhookEndpoint]:
    due = WebhookDelivery.objects.due().filter(endpoint=OuterRef("pk"))
    ready = WebhookEndpoint.objects.filter(Q(held_until=None) | Q(held_until__lte=Now()))
    return ready.filter(Exists(due), is_active=True).select_related("workspace")


@transaction.atomic
def take_of(endpoint: WebhookEndpoint, number: int) -> list[Try]:
    """The next deliveries of it, which nobody else then takes until the lease is over."""
    due = WebhookDelivery.objects.due().filter(endpoint=endpoint.pk).order_by("next_attempt_at")
    mine = list(due.select_for_update(skip_locked=True, no_key=True)[:number])
    now = timezone.now()
    for delivery in mine:
        delivery.tries += 1  # counted before: one that kills its sender is given up, too
    WebhookDelivery.objects.filter(pk__in=[one.pk for one in mine]).update(
        tries=F("tries") + 1, next_attempt_at=Now() + LEASE
    )
    attempts = WebhookAttempt.objects.bulk_create(
        WebhookAttempt(delivery=one, at=now, headers=headers_of(one, endpoint, now)) for one in mine
    )
    return [Try(one, endpoint, its) for one, its in zip(mine, attempts, strict=True)]


def headers_of(delivery: WebhookDelivery, endpoint: WebhookEndpoint, now: Any) -> dict[str, str]:
    at = now.astimezone(UTC)
    signed = headers_for(delivery.message_id, at, delivery.body, endpoint.secrets)
    return {"Content-Type": "application/json", **signed}


@transaction.atomic
def conclude(made: Try, answer: Answer) -> None:
    """Write down what came of it, and when to try again."""
    made.attempt.status = answer.status
    made.attempt.answer, made.attempt.error = answer.text, answer.error
    made.attempt.milliseconds = answer.milliseconds
    WebhookAttempt.objects.filter(pk=made.attempt.pk).update(
        status=answer.status,
        answer=answer.text,
        error=answer.error,
        milliseconds=answer.milliseconds,
    )
    if answer.is_good:
        delivered(made, answer)
    else:
        failed(made, answer)


def delivered(made: Try, answer: Answer) -> None:
    """Whoever else has it by now: the receiver has it."""
    pending = WebhookDelivery.objects.pending().filter(pk=made.delivery.pk)
    pending.update(
        state=DeliveryState.DELIVERED, next_attempt_at=None, status=answer.status, error=""
    )
    # Once a second is enough to be told, and spares the row.
    stale = Q(last_delivered_at=None) | Q(last_delivered_at__lt=Now() - timedelta(seconds=1))
    WebhookEndpoint.objects.filter(
        stale | Q(failing_since__isnull=False), pk=made.endpoint.pk
    ).update(last_delivered_at=Now(), failing_since=None)


def failed(made: Try, answer: Answer) -> None:
    now = timezone.now()
    pause = pause_asked_for(answer.status, answer.retry_after, now)
    waiting = None if answer.status == GONE else wait_after(made.delivery.tries)
    fields: dict[str, Any] = {"status": answer.status, "error": answer.error}
    if waiting is None:
        fields |= {"state": DeliveryState.FAILED, "next_attempt_at": None}
    else:
        fields["next_attempt_at"] = now + max(waiting, pause or waiting)
    # The number of tries says whether it is still ours: after the lease another may have it.
    mine = WebhookDelivery.objects.pending().filter(pk=made.delivery.pk, tries=made.delivery.tries)
    mine.update(**fields)
    tell_endpoint(made.endpoint, answer, now + pause if pause else None)


def tell_endpoint(endpoint: WebhookEndpoint, answer: Answer, held_until: Any) -> None:
    """It fails since now, or since earlier; for too long, and it is switched off."""
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    row.filter(failing_since=None).update(failing_since=Now())
    if held_until:
        row.update(held_until=held_until)
    if answer.status == GONE:
        switch_off(endpoint, "The receiver answered with 410 Gone: it wants no more.")
    elif row.filter(failing_since__lt=timezone.now() - PATIENCE).exists():
        switch_off(endpoint, f"Every delivery failed for {PATIENCE.days} days. {answer.error}")


def switch_off(endpoint: WebhookEndpoint, why: str) -> None:
    if endpoint.switch_off(why):
        page = endpoint.get_absolute_url()
        record(endpoint.workspace, None, "switched off the webhook", f"{endpoint}: {why}", page)
