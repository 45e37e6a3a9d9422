"""Messages whose run ended while they were under way, and whose sender has died since.

No runner looks at such a run again, so what is known of the message is written here, when even the
longest conversation with a provider would be over.
"""

from functools import partial

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from pipeline.journeys.models import Run
from pipeline.journeys.writing.message_lock import lease, record, unconfirmed
from pipeline.outreach.delivery import INTERRUPTED, write_result
from pipeline.outreach.models import Message
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

from .runner import by_place

MOST = 500  # at a time


def settle_lost_messages() -> None:
    """Make them *unconfirmed*, with a line in the run's log: nobody knows, so none goes again."""
    messages = Isolation("lost_messages")
    for message in lost_messages().exclude(pk__in=messages.put_off)[:MOST]:
        run = Run.objects.filter(pk__in=[message.journey_run_id]).first()
        link = reverse("journeys:run", args=[run.journey_id, run.pk]) if run else ""
        what = f"Finding out whether the {message.get_channel_display()} of a journey was sent"
        subject = Subject(message.pk, message.workspace_id, what, link)
        messages.attempt(subject, partial(settle_lost_message, message, run))


def settle_lost_message(message: Message, run: Run | None) -> None:
    group = by_place([run])[0] if run else None
    if group and group.node and not group.problem:
        batch = group.batch
        record(batch, message, INTERRUPTED, unconfirmed(batch, message))
    else:  # the candidate was deleted, or the version can't be read: there is no log to write
        write_result(message, INTERRUPTED)


def lost_messages() -> QuerySet[Message]:
    """Nobody has a lease on their run, which may be gone, and nobody can get one."""
    long_ago = Now() - lease()
    runs = Run.objects.filter(pk=OuterRef("journey_run_id"))
    lately = runs.exclude(ended_at__lt=long_ago)  # or not ended at all
    of_runs = Message.objects.sending().filter(journey_run_id__isnull=False)
    return of_runs.filter(~Exists(lately), created_at__lt=long_ago).order_by("pk")
