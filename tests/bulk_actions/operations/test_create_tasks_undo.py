"""Tasks that were made for many candidates are taken back, but for those that an agent has."""

import pytest
from django.utils import timezone

from pipeline.candidates.models import Candidate
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler, Creator
from pipeline.tasks.models.scopes import AllTasks
from pipeline.tasks.models.states import State
from pipeline.tasks.models.types import TaskType
from tests.tasks.conftest import CONVERTED

from .conftest import assert_was, reasons_of
from .task_orders import create, waited_for_by
from .task_orders import told as told
from .test_undo import undo_of


@pytest.mark.django_db(transaction=True)
def test_an_undo_takes_back_what_waits_and_says_who_was_faster(
    make_candidates, order, workspace, recruiter, agent, told
):
    workspace.time_zone = "Pacific/Auckland"
    workspace.save()
    make_candidates(6)
    bystander = create_task(
        Candidate.objects.latest("pk"), TaskType.OUTBOUND_CALL, Creator.event("Phone system")
    )
    action = order(create(workspace))
    waits, accepted, completed, canceled, by_journey, gone = Task.objects.filter(
        created_by_bulk_action_id=action.pk
    ).order_by("pk")
    accepted.accept(agent)
    completed.accept(agent)
    completed.complete(agent, "reached")
    canceled.cancel(agent, "A mistake")
    mine = Task.objects.cancelable()
    mine.filter(pk=by_journey.pk).cancel(AllTasks(), Canceler.journey(CONVERTED), "Converted")
    Task.objects.filter(pk=accepted.pk).update(accepted_at="2026-05-02T23:30:00Z")
    gone.delete()
    told.clear()

    undo = undo_of(action, recruiter)
    with timezone.override(workspace.tz):  # as its dialog does
        preview = undo["operation"].preview(undo["candidates"])
    undone = order(**undo)

    assert_was(preview, undone)
    assert (undone.changed, undone.failed) == (1, 5)
    reasons = {reason.partition(" on ")[0] for reason in reasons_of(undone)}
    assert reasons == {
        "The task was accepted by Chloe Tan",
        "The task was completed by Chloe Tan",
        "The task was canceled by Chloe Tan",
        "The task was canceled by Journey 12 “Converted customers” v3",
        "The task no longer exists.",
    }
    assert "The task was accepted by Chloe Tan on 3 May 2026, 11:30." in reasons_of(undone)
    waits.refresh_from_db()
    assert waits.state == State.CANCELED
    assert waits.cancel_reason_text == "Undo of “Create tasks: Outbound Call”."
    told_by = Canceler.bulk_action(undone.pk, recruiter).fields
    assert {name: getattr(waits, name) for name in told_by} == told_by
    accepted.refresh_from_db()
    bystander.refresh_from_db()
    assert (accepted.is_assigned, bystander.is_waiting) == (True, True)
    assert told == [("cancel", [waits.pk])]


def test_a_second_undo_says_so(make_candidates, order, workspace, recruiter, settings):
    settings.BULK_CHUNK_SIZE = 1
    make_candidates(2)
    action = order(create(workspace))
    order.stop_after_one_chunk(**undo_of(action, recruiter))

    again = order(**undo_of(action, recruiter))

    assert (again.changed, again.failed) == (1, 1)
    (reason,) = reasons_of(again)
    assert reason.startswith("Already undone by Ana Ruiz on ")


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_accepted_while_its_undo_waits_stays_and_the_reason_names_the_agent(
    make_candidates, order, workspace, recruiter, agent
):
    make_candidates(1)
    action = order(create(workspace))
    undone = order(**undo_of(action, recruiter), run=False)
    task = Task.objects.get()

    with waited_for_by(undone):
        task.accept(agent)

    undone.refresh_from_db()
    task.refresh_from_db()
    assert (undone.changed, undone.failed, task.is_assigned) == (0, 1, True)
    (reason,) = reasons_of(undone)
    assert reason.startswith("The task was accepted by Chloe Tan on ")
