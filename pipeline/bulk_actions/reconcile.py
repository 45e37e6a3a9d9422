"""Makes lost jobs harmless: every due action without a living lane gets one."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from pipeline.outreach.models import Message

from . import lanes, locks
from .handing_over import settle
from .models import BulkAction

MAX_STALLS = 5  # new lanes in a row that brought no progress
STALE = timedelta(seconds=30)
GRACE = timedelta(
    seconds=2
)  # the wake-up call at the end of the start delay may still be under way


def reconcile() -> None:
    """Send the lanes that are missing. Runs every 10 s, and at each worker's start."""
    alive = lanes.living()
    for action in BulkAction.objects.due():
        missing = [n for n in range(action.lanes) if (action.pk, n) not in alive]
        if timezone.now() - action.starts_at < GRACE or not missing:
            continue
        if len(missing) == action.lanes:
            revive(action, missing)
        else:
            send(action, missing)
    for action in BulkAction.objects.due().filter(progressed_at__lt=timezone.now() - STALE):
        action.announce(status_changed=False)
    settle_what_ended()


def settle_what_ended() -> None:
    """Of actions that ended while a message was under way, and whose lane has died since."""
    left = set(Message.objects.sending().values_list("bulk_action_id", "lane"))
    alive = locks.living_lanes()  # asked after that: a lane outlives its messages
    for pk, lane in left - alive:
        if pk is None:
            continue
        action = BulkAction.objects.ended().filter(pk=pk).first()
        if action is None:
            continue  # it goes on, or will be revived: then the lane settles what it left
        with locks.only_conclusion(pk) as nobody_concludes:
            if lane is not None or nobody_concludes:
                settle(action, lane)
        action.announce()


def revive(action: BulkAction, missing: list[int]) -> None:
    """Nobody works on it: send for all lanes, unless that was of no use again and again."""
    if action.stalls >= MAX_STALLS:
        action.fail(
            action.failure
            or f"Its work died {action.stalls} times in a row without progress."
            " What was done stays done; tell support."
        )
    elif send(action, missing):
        BulkAction.objects.filter(pk=action.pk).update(stalls=F("stalls") + 1)


def send(action: BulkAction, missing: list[int]) -> bool:
    """Queue the lanes. False when Redis could not take them all."""
    sent = [lanes.send(action.pk, number) for number in missing]
    return all(sent)
