"""Sends what is due, again and again until it is delivered or given up: at least once.

A delivery is taken by moving its next try forward, in a transaction of its own: whoever looks
after that finds nothing due, and when the one who took it dies, it is due again once the lease is
over. No lock is held while a receiver thinks. Each endpoint has few tries under way at a time, one
that fails only one: a receiver that hangs holds up nobody but itself.
"""

import logging
import random
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from pipeline.foundation import database_clock
from pipeline.foundation.encryption import Unreadable
from pipeline.foundation.turns import is_stop_requested
from pipeline.workspaces.models.audit import record
from pipeline.workspaces.models.webhook import (
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from pipeline.workspaces.restores.detection import look
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

from .posting import Answer, post
from .retries import GONE, PATIENCE, pause_asked_for, wait_after
from .signing import headers_for
from .waking import wake

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)  # longer than the longest try: look-up, connection and answer
TURN_SECONDS = 30.0  # then the job ends and another one goes on
AT_ONCE = 32
AT_ONCE_FOR_EACH = 4
ANSWER = "answer"  # of setbacks: what came of a try can't be written down
LOOK_SECONDS = 0.25  # how often to look for what is due meanwhile
UNREADABLE = (
    "Not sent: the webhook's signing secret can't be read because Belay's own key "
    "was changed. Create a new secret and give it to your receiver, or tell your "
    "Belay administrator."
)


@dataclass(frozen=True)
class Try:
    """A delivery that this process has taken, with its attempt in the log."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint
    attempt: WebhookAttempt

    def make(self) -> Answer:
        """Send it. Runs in a thread and doesn't use the database."""
        if not self.attempt.headers:
            return Answer(error=UNREADABLE)
        return post(self.endpoint.url, self.delivery.body.encode(), self.attempt.headers)


def send_due(turn_seconds: float = TURN_SECONDS) -> None:
    """The job: until nothing is due, or its turn is over."""
    look()
    ends = time.monotonic() + turn_seconds
    endpoints = Isolation("webhooks")
    under_way: dict[Future[Answer], Try] = {}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while True:
            is_over = time.monotonic() > ends or is_stop_requested()
            if not is_over:
                for due in take([sent.endpoint.pk for sent in under_way.values()], endpoints):
                    under_way[threads.submit(due.make)] = due
            if not under_way:
                break
            for done in wait(under_way, LOOK_SECONDS, FIRST_COMPLETED).done:
                made = under_way.pop(done)
                # What can't be written down is sent again when its lease is over.
                written = subject_of(made.endpoint, ANSWER)
                endpoints.attempt(written, partial(conclude, made, answer_of(done)), waits=False)
    if is_over:
        wake()


def subject_of(endpoint: WebhookEndpoint, part: str = "") -> Subject:
    what = f"Sending to the webhook “{endpoint}”"
    return Subject(endpoint.pk, endpoint.workspace_id, what, endpoint.get_absolute_url(), part)


def answer_of(done: Future[Answer]) -> Answer:
    """Return the answer of a finished attempt, also where Belay itself failed."""
    try:
        return done.result()
    except Exception as error:
        log.exception("A delivery could not be sent")
        return Answer(
            error=_("Belay could not send this delivery (%(error)s). Contact support.")
            % {"error": type(error).__name__}
        )


def take(busy: list[int], isolation: Isolation | None = None) -> list[Try]:
    """Take as many deliveries as there is room for; `busy` are the endpoints being sent to."""
    isolation = isolation or Isolation("webhooks")
    of_each = Counter(busy)
    room = AT_ONCE - len(busy)
    taken: list[Try] = []
    endpoints = list(endpoints_with_due()) if room else []
    random.shuffle(endpoints)  # no order in which some always come last
    for endpoint in endpoints:
        most = AT_ONCE_FOR_EACH if endpoint.failing_since is None else 1
        free = min(most - of_each[endpoint.pk], room - len(taken))
        if free > 0 and not isolation.put_off_until(endpoint.pk, ANSWER):
            take_some = partial(take_of, endpoint, free)
            taken += isolation.attempt(subject_of(endpoint), take_some) or []
    return taken


def endpoints_with_due() -> QuerySet[WebhookEndpoint]:
    due = WebhookDelivery.objects.due().filter(endpoint=OuterRef("pk"))
    ready = WebhookEndpoint.objects.filter(Q(held_until=None) | Q(held_until__lte=Now()))
    ready = ready.filter(workspace__messages_held_since=None)  # else: after a restore
    return ready.filter(Exists(due), is_active=True).select_related("workspace")


@transaction.atomic
def take_of(endpoint: WebhookEndpoint, number: int) -> list[Try]:
    """Take the endpoint's next deliveries; no other sender gets them until the lease ends."""
    due = WebhookDelivery.objects.due().filter(endpoint=endpoint.pk).order_by("next_attempt_at")
    deliveries = list(due.select_for_update(skip_locked=True, no_key=True)[:number])
    now = database_clock.now()
    for delivery in deliveries:
        delivery.tries += 1  # counted before: one that kills its sender is given up, too
    WebhookDelivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).update(
        tries=F("tries") + 1, next_attempt_at=Now() + LEASE
    )
    attempts = WebhookAttempt.objects.bulk_create(
        WebhookAttempt(delivery=delivery, at=now, headers=headers_of(delivery, endpoint, now))
        for delivery in deliveries
    )
    return [
        Try(delivery, endpoint, its) for delivery, its in zip(deliveries, attempts, strict=True)
    ]


def headers_of(delivery: WebhookDelivery, endpoint: WebhookEndpoint, now: Any) -> dict[str, str]:
    """Return the signed headers; None when the secret can't be read: nothing is sent unsigned."""
    at = now.astimezone(UTC)
    try:
        signed = headers_for(delivery.message_id, at, delivery.body, endpoint.secrets)
    except Unreadable:
        return {}
    return {"Content-Type": "application/json", **signed}


@transaction.atomic
def conclude(made: Try, answer: Answer) -> None:
    """Store the answer, and when to try again."""
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
    """Mark it delivered, even if another sender has taken it by now: the receiver has it."""
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
    now = database_clock.now()
    pause = pause_asked_for(answer.status, answer.retry_after, now)
    waiting = None if answer.status == GONE else wait_after(made.delivery.tries)
    fields: dict[str, Any] = {"status": answer.status, "error": answer.error}
    if waiting is None:
        fields |= {"state": DeliveryState.FAILED, "next_attempt_at": None}
    else:
        fields["next_attempt_at"] = now + max(waiting, pause or waiting)
    # The number of tries says whether it is still ours: after the lease another may have it.
    still_ours = WebhookDelivery.objects.pending().filter(
        pk=made.delivery.pk, tries=made.delivery.tries
    )
    still_ours.update(**fields)
    tell_endpoint(made.endpoint, answer, now + pause if pause else None)


def tell_endpoint(endpoint: WebhookEndpoint, answer: Answer, held_until: Any) -> None:
    """Note on the endpoint that it fails; switch it off when it has failed for too long."""
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    row.filter(failing_since=None).update(failing_since=Now())
    if held_until:
        row.update(held_until=held_until)
    if answer.status == GONE:
        switch_off(endpoint, _("The receiver answered with 410 Gone: it no longer wants events."))
    elif row.filter(failing_since__lt=database_clock.now() - PATIENCE).exists():
        switch_off(endpoint, f"Every delivery failed for {PATIENCE.days} days. {answer.error}")


def switch_off(endpoint: WebhookEndpoint, why: str) -> None:
    if endpoint.switch_off(why):
        page = endpoint.get_absolute_url()
        record(endpoint.workspace, None, "switched off the webhook", f"{endpoint}: {why}", page)
