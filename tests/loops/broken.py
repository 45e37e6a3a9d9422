"""One broken record for each loop over the records of several workspaces.

Each plants one for the first workspace and the same work, sound, for the second one. It returns
whether the second one's work, and what is sound of the first one's, is done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.test import TestCase

from notifications.models import Notice
from notifications.notices import catch_up
from pipeline.bulk_actions.engine.export_cleanup import clear_exports
from pipeline.bulk_actions.engine.reconcile import reconcile
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.candidates.importing.jobs import (
    clear_abandoned_files,
    resume_lost_imports,
    run_import,
)
from pipeline.candidates.models import CandidateLabel
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.foundation.queues import queue_of
from pipeline.journeys.engine.dispatch import dispatch_events
from pipeline.journeys.engine.external import execute_external_some
from pipeline.journeys.engine.lost_messages import settle_lost_messages
from pipeline.journeys.engine.runner import advance_some
from pipeline.journeys.engine.schedules import enroll_on_schedule
from pipeline.journeys.models import Journey, Run
from pipeline.journeys.models.listener import Happening
from pipeline.outreach.models import Channel, Message, MessageTemplate
from pipeline.tasks.models import Task
from pipeline.tasks.models.states import State
from pipeline.tasks.timeouts import cancel_overdue
from pipeline.workspaces.models.webhook import WebhookAttempt, WebhookDelivery
from pipeline.workspaces.webhooks.clearing import clear_deliveries
from pipeline.workspaces.webhooks.sending import send_due

from .workspaces import EARLIER, LONG_AGO, Side, refuse

IsDone = Callable[[], bool]
WAIT: Any = ("wait", {"kind": "time", "number": 3, "unit": "days"})
UPDATE: Any = ("update_candidate", {"operation": "source", "source": "Journey"})
DAILY = {"type": "schedule", "options": {"at_time": "09:00:00", "weekday": "", "filters": ""}}
BY_HAND = {"type": "by_hand", "options": {}}


def a_schedule(broken: Side, sound: Side) -> IsDone:
    theirs, ours = (side.journey(WAIT, DAILY) for side in (broken, sound))
    Journey.objects.update(next_at=EARLIER)
    refuse("INSERT", "journeys_run", f"journey_id = {theirs.pk}")
    return lambda: Run.objects.filter(journey=ours).count() == 2


def entries_of_a_journey(broken: Side, sound: Side) -> IsDone:
    """Another journey of the same workspace hears what the broken one can't."""
    theirs, beside, ours = (
        side.journey(WAIT, {"type": "label", "options": {"label": side.label.pk}})
        for side in (broken, broken, sound)
    )
    refuse("INSERT", "journeys_run", f"journey_id = {theirs.pk}")
    CandidateLabel.objects.all().delete()
    for side in (broken, sound):
        CandidateLabel.objects.create(candidate=side.candidates[0], label=side.label)
    return lambda: all(Run.objects.filter(journey=journey).exists() for journey in (beside, ours))


def something_that_happened(broken: Side, sound: Side) -> IsDone:
    """Of two candidates of the broken workspace, whose runs wait for it, one can't be woken."""
    waits = {"waiting_for": "event:paid", "due_at": None}
    runs = []
    for side, number in ((broken, 0), (broken, 1), (sound, 0)):
        run = side.run(side.journey(WAIT, BY_HAND), number, **waits)
        Happening.objects.create(
            workspace=side.workspace, candidate=run.candidate, kind="event", name="paid"
        )
        runs.append(run)
    refuse("UPDATE", "journeys_run", f"id = {runs[0].pk}")
    heard = Run.objects.filter(heard=True)
    return lambda: set(heard.values_list("pk", flat=True)) == {run.pk for run in runs[1:]}


def a_run(broken: Side, sound: Side) -> IsDone:
    theirs, ours = (side.journey(WAIT, BY_HAND) for side in (broken, sound))
    run, beside, other = broken.run(theirs), broken.run(theirs, 1), sound.run(ours)
    refuse("INSERT", "journeys_runstep", f"run_id = {run.pk}")
    taken = Run.objects.filter(pk__in=[beside.pk, other.pk], steps=1)
    return lambda: taken.count() == 2


def the_runs_of_a_journey(broken: Side, sound: Side) -> IsDone:
    theirs, ours = (side.journey(WAIT, BY_HAND) for side in (broken, sound))
    broken.run(theirs)
    other = sound.run(ours)
    refuse("UPDATE", "journeys_run", f"journey_id = {theirs.pk}")
    return lambda: Run.objects.filter(pk=other.pk, steps=1).exists()


def a_journeys_messages(broken: Side, sound: Side) -> IsDone:
    runs = []
    for side in (broken, sound):
        template = MessageTemplate.objects.create(
            workspace=side.workspace, name="Mail", channel=Channel.EMAIL, subject="Hi", body="Call"
        )
        journey = side.journey(("send_email", {"template": template.pk}), BY_HAND)
        runs.append(side.run(journey, is_slow=True))
    refuse("UPDATE", "journeys_run", f"journey_id = {runs[0].journey_id}")
    sent = Message.objects.filter(journey_run_id=runs[1].pk, status="sent")
    return lambda: sent.exists()


def a_lost_message(broken: Side, sound: Side) -> IsDone:
    lost = [side.message(created_at=LONG_AGO, journey_run_id=0) for side in (broken, sound)]
    Message.objects.update(created_at=LONG_AGO)
    refuse("UPDATE", "outreach_message", f"id = {lost[0].pk}")
    return lambda: Message.objects.filter(pk=lost[1].pk, status="unconfirmed").exists()


def an_overdue_task(broken: Side, sound: Side) -> IsDone:
    task, beside, other = broken.overdue_task(), broken.overdue_task(1), sound.overdue_task()
    refuse("UPDATE", "tasks_task", f"id = {task.pk}")
    canceled = Task.objects.filter(pk__in=[beside.pk, other.pk], state=State.CANCELED)
    return lambda: canceled.count() == 2


def a_bulk_action(broken: Side, sound: Side) -> IsDone:
    """Nobody works on either: both are to be revived."""
    actions = [side.action() for side in (broken, sound)]
    refuse("UPDATE", "bulk_actions_bulkaction", f"id = {actions[0].pk}")
    return lambda: BulkAction.objects.filter(pk=actions[1].pk, stalls__gte=1).exists()


def a_notice_of_an_import(broken: Side, sound: Side) -> IsDone:
    for side, counts in ((broken, ["corrupt"]), (sound, {})):
        CandidateImport.objects.create(
            opening=side.candidates[0].opening,
            created_by=side.owner,
            status=CandidateImport.Status.DONE,
            ended_at=Now(),
            name="people.csv",
            counts=counts,
        )
    return lambda: Notice.objects.filter(user=sound.owner).exists()


def a_notice_of_an_action(broken: Side, sound: Side) -> IsDone:
    """It is made, and can't be stored."""
    ended = {"status": Status.COMPLETED, "ended_at": Now(), "started_at": EARLIER}
    for side in (broken, sound):
        side.action(**ended)
    refuse(
        "INSERT",
        "notifications_notice",
        f"user_id = {broken.owner.pk} AND NEW.about LIKE 'action-%%'",
    )
    return lambda: Notice.objects.filter(user=sound.owner).exists()


def an_old_export(broken: Side, sound: Side) -> IsDone:
    """And a folder beside it that is none of an export's."""
    stray = Path(settings.MEDIA_ROOT) / "exports" / "lost+found"
    stray.mkdir(parents=True, exist_ok=True)
    ended = {"status": Status.COMPLETED, "started_at": LONG_AGO, "ended_at": LONG_AGO}
    actions = [side.action(file="exports/0-x/file.csv", **ended) for side in (broken, sound)]
    refuse("UPDATE", "bulk_actions_bulkaction", f"id = {actions[0].pk}")
    return lambda: BulkAction.objects.filter(pk=actions[1].pk, file="").exists() and stray.exists()


def an_abandoned_file(broken: Side, sound: Side) -> IsDone:
    imports = []
    for side, file in ((broken, "../../elsewhere"), (sound, "imports/gone")):
        imported = CandidateImport.objects.create(
            opening=side.candidates[0].opening,
            created_by=side.owner,
            status=CandidateImport.Status.FAILED,
            ended_at=LONG_AGO,
            name="people.csv",
            file=file,
        )
        imports.append(imported)
    CandidateImport.objects.update(created_at=LONG_AGO)
    return lambda: CandidateImport.objects.filter(pk=imports[1].pk, file="").exists()


def an_import(broken: Side, sound: Side) -> IsDone:
    """It can't even be begun. Another one of its workspace, ordered later, waits for a worker."""
    imports = []
    for side in (broken, broken, sound):
        imported = CandidateImport.objects.create(
            opening=side.candidates[0].opening,
            created_by=side.owner,
            status=CandidateImport.Status.QUEUED,
            name="people.csv",
        )
        imports.append(imported)
    refuse("UPDATE", "candidates_candidateimport", f"id = {imports[0].pk}")
    ended = CandidateImport.objects.exclude(status=CandidateImport.Status.QUEUED)
    return lambda: {imported.pk for imported in ended} == {imported.pk for imported in imports[1:]}


def resume_and_run_imports() -> None:
    """As the periodic job and a worker do, as long as there is something in the queue."""
    queue = queue_of("imports")
    committed = partial(TestCase.captureOnCommitCallbacks, execute=True)
    with committed():
        resume_lost_imports()
    while job_ids := queue.get_job_ids():
        job = queue.fetch_job(job_ids[0])
        queue.remove(job_ids[0])
        assert job
        job.delete()
        with committed():
            run_import(*job.args)
            resume_lost_imports()


def an_old_delivery(broken: Side, sound: Side) -> IsDone:
    old = [side.delivery(side.endpoint()) for side in (broken, broken, sound)]
    WebhookDelivery.objects.update(created_at=LONG_AGO)
    refuse("DELETE", "workspaces_webhookdelivery", f"id = {old[0].pk}")
    left = WebhookDelivery.objects.values_list("pk", flat=True)
    return lambda: list(left) == [old[0].pk]


def a_webhook(broken: Side, sound: Side) -> IsDone:
    theirs, ours = (side.delivery(side.endpoint()) for side in (broken, sound))
    refuse("INSERT", "workspaces_webhookattempt", f"delivery_id = {theirs.pk}")
    return lambda: WebhookAttempt.objects.filter(delivery=ours).exists()


def an_answer_of_a_webhook(broken: Side, sound: Side) -> IsDone:
    """It was sent, and what came of it can't be written down."""
    theirs, ours = (side.delivery(side.endpoint()) for side in (broken, sound))
    refuse("UPDATE", "workspaces_webhookattempt", f"delivery_id = {theirs.pk}")
    answered = WebhookAttempt.objects.filter(delivery=ours, milliseconds__isnull=False)
    return lambda: answered.exists()


@dataclass(frozen=True)
class Loop:
    """`again` makes what failed due once more, where the record itself says when it is.

    Without `has_page` its own page can't be shown either, and the bell alone tells.
    """

    plant: Callable[[Side, Side], IsDone]
    run: Callable[[], object]
    name: str
    again: Callable[[], object] = lambda: None
    has_page: bool = True


def runs_are_due() -> None:
    Run.objects.running().filter(is_waiting=False).update(due_at=EARLIER)


def happenings_are_due() -> None:
    Happening.objects.update(put_off_until=EARLIER)


def deliveries_are_due() -> None:
    WebhookDelivery.objects.pending().update(next_attempt_at=EARLIER)


LOOPS = [
    Loop(a_schedule, enroll_on_schedule, "journey_schedules"),
    Loop(entries_of_a_journey, dispatch_events, "journey_entries", happenings_are_due),
    Loop(something_that_happened, dispatch_events, "journey_events", happenings_are_due),
    Loop(a_run, advance_some, "journey_steps", runs_are_due),
    Loop(the_runs_of_a_journey, advance_some, "journey_steps"),
    Loop(a_journeys_messages, execute_external_some, "journey_sending"),
    Loop(a_lost_message, settle_lost_messages, "lost_messages"),
    Loop(an_overdue_task, cancel_overdue, "task_timeout"),
    Loop(a_bulk_action, reconcile, "bulk_actions"),
    Loop(a_notice_of_an_import, catch_up, "import_notices", has_page=False),
    Loop(a_notice_of_an_action, catch_up, "action_notices"),
    Loop(an_old_export, clear_exports, "exports"),
    Loop(an_abandoned_file, clear_abandoned_files, "import_files"),
    Loop(an_import, resume_and_run_imports, "imports"),
    Loop(an_old_delivery, clear_deliveries, "webhook_clearing"),
    Loop(a_webhook, send_due, "webhooks"),
    Loop(an_answer_of_a_webhook, send_due, "webhooks", deliveries_are_due),
]
