"""Makes lost jobs harmless: every due action without a living lane gets one."""

from datetime import timedelta
from functools import partial

from django.db.models import F
from django.utils.translation import gettext as _

from pipeline.bulk_actions.models import BulkAction, locks
from pipeline.bulk_actions.operations import is_on_hold
from pipeline.bulk_actions.writing.message import settle
from pipeline.foundation import database_clock
from pipeline.outreach.models import Message
from pipeline.workspaces.restores.detection import look
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

from . import wakeups

MAX_STALLS = 5  # new lanes in a row that brought no progress
STALL_SECONDS = 10  # between two of them: a mail server that restarts costs no action its end
STALE = timedelta(seconds=30)
GRACE = timedelta(
    seconds=2
)  # the wake-up call at the end of the start delay may still be under way


def reconcile() -> None:
    """Send the lanes that are missing. Runs every 3 s, and at each worker's start."""
    look()
    alive = wakeups.living()
    actions = Isolation("bulk_actions")
    for action in BulkAction.objects.due().select_related("workspace"):
        actions.attempt(subject_of(action), partial(tend, action, alive))
        if actions.failures(action.pk) >= MAX_STALLS:
            actions.attempt(subject_of(action, "end"), partial(give_up, action))
    stale = BulkAction.objects.due().filter(progressed_at__lt=database_clock.now() - STALE)
    for action in stale:
        actions.attempt(subject_of(action, "news"), partial(action.announce, status_changed=False))
    settle_what_ended(actions)


def subject_of(action: BulkAction, part: str = "") -> Subject:
    what = f"The work on “{action.title}”"
    return Subject(action.pk, action.workspace_id, what, action.get_absolute_url(), part)


def tend(action: BulkAction, alive: set[tuple[int, int]]) -> None:
    """Send its lanes that are missing, if it may go on."""
    if is_on_hold(action):
        settle_before_the_backup(action, alive)
        return
    missing = [n for n in range(action.lanes) if (action.pk, n) not in alive]
    if database_clock.now() - action.starts_at < GRACE or not missing:
        return
    if len(missing) == action.lanes:
        revive(action, missing)
    else:
        send(action, missing)


def give_up(action: BulkAction) -> None:
    """So that it reaches an end, when it can't even be looked after."""
    action.fail(
        _("This bulk action can't be carried out. Changes already made stay. Contact support.")
    )


def settle_before_the_backup(action: BulkAction, alive: set[tuple[int, int]]) -> None:
    """What was under way when the backup was made: nobody knows what became of it."""
    for number in range(action.lanes):
        if (action.pk, number) not in alive:
            settle(action, number)


def settle_what_ended(actions: Isolation) -> None:
    """Of actions that ended while a message was under way, and whose lane has died since."""
    left = set(Message.objects.sending().values_list("bulk_action_id", "lane"))
    alive = locks.living_lanes()  # asked after that: a lane outlives its messages
    for pk, lane in left - alive:
        if pk is None:
            continue
        action = BulkAction.objects.ended().filter(pk=pk).first()
        if action is None:
            continue  # it goes on, or will be revived: then the lane settles what it left
        actions.attempt(subject_of(action, f"lane {lane}"), partial(settle_lane, action, lane))


def settle_lane(action: BulkAction, lane: int | None) -> None:
    with locks.only_conclusion(action.pk) as nobody_concludes:
        if lane is not None or nobody_concludes:
            settle(action, lane)
    action.announce()


def revive(action: BulkAction, missing: list[int]) -> None:
    """Nobody works on it: send for all lanes, unless that was of no use again and again."""
    patience = timedelta(seconds=action.stalls * STALL_SECONDS)
    if database_clock.now() < (action.progressed_at or action.starts_at) + patience:
        return
    if action.stalls >= MAX_STALLS:
        action.fail(
            action.failure
            or _(
                "Its work died %(stalls)s times in a row without progress. Changes "
                "already made stay. Contact support."
            )
            % {"stalls": action.stalls}
        )
    elif send(action, missing):
        BulkAction.objects.filter(pk=action.pk).update(stalls=F("stalls") + 1)


def send(action: BulkAction, missing: list[int]) -> bool:
    """Queue the lanes. False when Redis could not take them all."""
    sent = [wakeups.send(action, number) for number in missing]
    return all(sent)
