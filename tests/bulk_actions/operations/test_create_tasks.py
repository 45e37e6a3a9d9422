"""Tasks for many candidates: as if made one by one, each announced once, and taken back again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from pipeline.bulk_actions import engine
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction, FollowUp
from pipeline.bulk_actions.operations.create_tasks import CreateTasks
from pipeline.candidates.models import Candidate
from pipeline.outreach.campaigns import CampaignState, Priority
from pipeline.outreach.models import Campaign, Channel
from pipeline.outreach.optouts import opt_out
from pipeline.tasks.actors import Canceler, Creator, Origin
from pipeline.tasks.creating import create_task
from pipeline.tasks.models import Task, TaskRules
from pipeline.tasks.scopes import AllTasks
from pipeline.tasks.signals import task_changed
from pipeline.tasks.states import State
from pipeline.tasks.types import KINDS, QUEUED, TaskChannel, TaskType
from pipeline.workspaces.audit import AuditEntry
from pipeline.workspaces.models import User, Workspace
from tests.tasks.conftest import CONVERTED
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import sms_campaign as sms_campaign

from .conftest import Order, assert_was, reasons_of
from .test_undo import undo_of
from .test_waiting import is_anybody_waiting, work_on_it_during

NEW, START = reverse("bulk_actions:new"), reverse("bulk_actions:history")


def create(
    workspace: Workspace,
    type: TaskType = TaskType.OUTBOUND_CALL,
    campaign: Campaign | None = None,
    **options: Any,
) -> CreateTasks:
    return CreateTasks(
        {
            "workspace": workspace.pk,
            "type": type.value,
            "campaign": campaign and campaign.pk,
            "campaign_name": campaign.name if campaign else "",
            "priority": None,
            "due": None,
            "notes": "",
        }
        | options
    )


@pytest.fixture
def told() -> Any:
    """Every announcement, as (verb, task ids)."""
    heard: list[tuple[str, list[int]]] = []

    def hear(verb: str, task_ids: list[int], **_: Any) -> None:
        heard.append((verb, task_ids))

    task_changed.connect(hear)
    yield heard
    task_changed.disconnect(hear)


def told_once(told: list[tuple[str, list[int]]], verb: str) -> list[int]:
    ids = [pk for spoken, pks in told for pk in pks if spoken == verb]
    assert len(ids) == len(set(ids))
    return sorted(ids)


def worked_on(action: BulkAction, ready: Barrier | None = None) -> Thread:
    """The action's one lane, in a session of its own."""

    def work() -> None:
        try:
            if ready:
                ready.wait()
            engine.work_on(action.pk, 0)
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    return thread


@contextmanager
def waited_for_by(action: BulkAction) -> Iterator[None]:
    """What is changed in here is committed while the action's lane already waits for it."""
    with transaction.atomic():
        yield
        lane = worked_on(action)
        while not is_anybody_waiting():
            time.sleep(0.01)
    lane.join()


WITHOUT = ("id", "created_at", "queued_at", "candidate_id", "opening_id")


@pytest.mark.parametrize("with_campaign", [True, False])
def test_each_task_is_as_if_it_had_been_made_alone(
    make_candidates, order, workspace, recruiter, campaign, with_campaign
):
    due = timezone.now() + timedelta(days=2)
    candidates = make_candidates(2)
    of = campaign if with_campaign else None
    Campaign.objects.update(priority=Priority.URGENT)
    campaign.refresh_from_db()
    action = order(create(workspace, campaign=of, due=due.isoformat(), notes="Ask for 100 %"))
    assert action.changed == Task.objects.count() == 2
    made = Task.objects.get(candidate=candidates[0])

    alone = create_task(
        candidates[0],
        TaskType.OUTBOUND_CALL,
        Creator.bulk_action(action.pk, recruiter, of),
        campaign=of,
        due_at=due,
        notes="Ask for 100 %",
    )

    twins = Task.objects.filter(pk__in=[made.pk, alone.pk]).values()
    first, second = ({k: v for k, v in twin.items() if k not in WITHOUT} for twin in twins)
    assert first == second
    assert made.origin == (Origin.CAMPAIGN if with_campaign else Origin.BULK_ACTION)
    assert made.priority == (Priority.URGENT if with_campaign else Priority.NORMAL)
    assert made.opening_id == candidates[0].opening_id


def test_an_order_has_its_own_priority_and_its_starter_may_have_no_name(
    make_candidates, order, workspace, recruiter, campaign
):
    User.objects.filter(pk=recruiter.pk).update(first_name="", last_name="")
    make_candidates(1)

    order(create(workspace, campaign=campaign, priority=Priority.LOW.value))

    task = Task.objects.get()
    assert (task.priority, task.created_by_name) == (Priority.LOW, "ana@example.com")


@pytest.mark.parametrize("type", QUEUED)
def test_who_can_t_be_reached_like_that_gets_none(
    type, make_candidates, order, workspace, other_opening
):
    make_candidates(5)
    make_candidates(2, phone="")
    make_candidates(1, email="")
    stopped = make_candidates(3, phone="+447700900999")
    make_candidates(1, email="Stop@Example.org", phone="")
    make_candidates(1, other_opening, email="stop@example.org", phone="")
    opt_out(workspace, Channel.SMS, stopped[0].phone)
    opt_out(workspace, Channel.EMAIL, "stop@example.org")
    elsewhere = Workspace.objects.create(name="Initech")
    for pk, channel in ((1, Channel.SMS), (2, Channel.EMAIL)):
        first = Candidate.objects.order_by("pk")[pk]
        opt_out(elsewhere, channel, first.phone if channel == Channel.SMS else first.email)
    operation = create(workspace, type)
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    assert_was(preview, action)
    assert (
        reasons_of(action)
        == {
            TaskChannel.PHONE: {"Has no phone number.": 4},
            TaskChannel.SMS: {"Has no phone number.": 4, "Has opted out of SMS.": 3},
            TaskChannel.EMAIL: {"Has no e-mail address.": 1, "Has opted out of e-mails.": 2},
            TaskChannel.OTHER: {},
        }[KINDS[type].channel]
    )
    assert Task.objects.filter(type=type).count() == action.changed
    assert not action.chunks.filter(attempts__gt=0).exists()


@pytest.mark.parametrize(("most", "told"), [(1, "1 waiting task"), (2, "2 waiting tasks")])
def test_who_has_enough_waiting_tasks_of_the_type_gets_no_more(
    most, told, make_candidates, order, workspace, recruiter
):
    TaskRules.objects.create(workspace=workspace, most_waiting=most)
    full, other, busy, _ = make_candidates(4)
    for candidate in (full, other, busy):
        for _ in range(most):
            type = TaskType.VOICEMAIL if candidate == other else TaskType.OUTBOUND_CALL
            create_task(candidate, type, Creator.event("Phone system"))
    Task.objects.filter(candidate=busy)[0].accept(recruiter)
    operation = create(workspace)
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    assert_was(preview, action)
    assert reasons_of(action) == {
        f"Has already {told} of this type (the most your workspace allows).": 1
    }
    assert action.outcomes.failed().get().candidate_id == full.pk
    again = order(create(workspace))
    assert (again.changed, again.failed) == ((0, 4) if most == 1 else (2, 2))


@pytest.mark.parametrize(
    ("become", "reason"),
    [
        (
            {"state": CampaignState.DRAFT},
            "The campaign Win back is no longer ready for such tasks.",
        ),
        ({"work": "automated"}, "The campaign Win back is no longer ready for such tasks."),
        ({"channel": "sms"}, "The campaign Win back is no longer ready for such tasks."),
        (None, "The campaign Win back no longer exists."),
        ({"state": CampaignState.PAUSED}, ""),
    ],
)
def test_a_campaign_that_takes_no_tasks_any_more_is_the_reason(
    become, reason, make_candidates, order, workspace, campaign
):
    make_candidates(2)
    operation = create(workspace, campaign=campaign)
    action = order(operation, run=False)
    mine = Campaign.objects.filter(pk=campaign.pk)
    mine.update(**become) if become else mine.delete()
    preview = operation.preview(Candidate.objects.all())

    order.finish(action)

    assert_was(preview, action)
    assert reasons_of(action) == ({reason: 2} if reason else {})
    assert bool(preview.notes) == (not reason)


def test_another_workspaces_campaign_is_as_good_as_none(
    make_candidates, order, workspace, stranger
):
    theirs = Campaign.objects.launch(
        stranger.membership.workspace, name="Theirs", channel="phone", state=CampaignState.READY
    )
    make_candidates(1)

    action = order(create(workspace, campaign=theirs))

    assert reasons_of(action) == {"The campaign Theirs no longer exists.": 1}


def test_a_preview_changes_nothing(make_candidates, workspace):
    make_candidates(3)

    assert create(workspace).preview(Candidate.objects.all()).changes == 3

    assert not Task.objects.exists()


def test_nobody_else_gets_one(make_candidates, order, workspace, stranger):
    mine, others = make_candidates(3), make_candidates(2)

    order(create(workspace), mine)

    assert set(Task.objects.values_list("candidate", flat=True)) == {one.pk for one in mine}
    assert not others.filter(tasks__isnull=False).exists()


def test_canceled_in_the_middle_there_are_as_many_tasks_as_it_says(
    make_candidates, order, workspace, recruiter
):
    make_candidates(10)
    action = order(create(workspace), run=False)
    action.start()
    engine.process_next_chunk(action, action.get_operation())
    action.cancel(by=recruiter)

    engine.process_next_chunk(action, action.get_operation())

    assert (action.changed, action.untouched) == (4, 6)
    done = set(action.outcomes.changed().values_list("candidate_id", flat=True))
    assert set(Task.objects.values_list("candidate", flat=True)) == done


def test_the_rest_and_the_failed_can_be_run_again(make_candidates, order, workspace, recruiter):
    poor = make_candidates(1, phone="")
    make_candidates(6)
    action = order(create(workspace), run=False)
    action.start()
    engine.process_next_chunk(action, action.get_operation())
    action.cancel(by=recruiter)
    assert (action.changed, action.failed, action.untouched) == (3, 1, 3)
    poor.update(phone="+447700900123")

    for follow_up in (FollowUp.REST, FollowUp.RETRY):
        following = Following(action, follow_up, recruiter)
        form = CreateTasks.form(following.answers, user=recruiter)
        assert form.is_valid(), form.errors
        assert form.options() == action.options
        again = order(CreateTasks(form.options()), following.selection.candidates)
        assert (again.failed, again.untouched) == (0, 0)

    assert Task.objects.count() == 7
    assert Candidate.objects.filter(tasks__isnull=False).distinct().count() == 7


@pytest.mark.django_db(transaction=True)
def test_each_task_is_announced_once_also_where_one_poisons_its_chunk(
    make_candidates, order, workspace, told
):
    make_candidates(10)
    poison = Candidate.objects.order_by("pk")[5]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'poison'; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON tasks_task FOR EACH ROW"
            f" WHEN (NEW.candidate_id = {poison.pk}) EXECUTE FUNCTION refuse()"
        )
    try:
        action = order(create(workspace))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON tasks_task; DROP FUNCTION refuse()")

    assert (action.changed, action.failed) == (9, 1)
    assert told_once(told, "create") == list(
        Task.objects.order_by("pk").values_list("pk", flat=True)
    )
    assert not Task.objects.filter(candidate=poison).exists()


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
    assert waits.cancel_reason == "Undo of “Create tasks: Outbound Call”."
    told_by = Canceler.bulk_action(undone.pk, recruiter).fields
    assert {name: getattr(waits, name) for name in told_by} == told_by
    accepted.refresh_from_db()
    bystander.refresh_from_db()
    assert (accepted.is_assigned, bystander.is_waiting) == (True, True)
    assert told == [("cancel", [waits.pk])]


def test_a_second_undo_says_so(make_candidates, order, workspace, recruiter):
    make_candidates(2)
    action = order(create(workspace))
    order(**undo_of(action, recruiter))

    again = order(**undo_of(action, recruiter))

    assert (again.changed, again.failed) == (0, 2)
    (reason,) = reasons_of(again)
    assert reason.startswith("Already undone by Ana Ruiz on ")


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_made_while_it_waits_for_the_candidate_is_counted(
    make_candidates, order, workspace
):
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    candidate = make_candidates(1).get()
    action = order(create(workspace), run=False)

    by_phone = Creator.event("Phone system")
    work_on_it_during(action, lambda: create_task(candidate, TaskType.OUTBOUND_CALL, by_phone))

    action.refresh_from_db()
    assert (action.changed, action.failed) == (0, 1)
    assert Task.objects.count() == 1


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


# --- the dialog ---


@pytest.fixture
def filled(make_candidates: Any) -> dict[str, Any]:
    make_candidates(2)
    return {"operation": "create_tasks", "select": "all", "key": uuid4()}


def in_dialog(at: Any, workspace: Workspace) -> str:
    return f"{timezone.localtime(at, workspace.tz):%Y-%m-%dT%H:%M}"


def test_from_the_dialog_to_the_tasks(filled, client_of, recruiter, order, workspace, campaign):
    Workspace.objects.update(start_delay_seconds=0, time_zone="Pacific/Auckland")
    workspace.refresh_from_db()
    due = (timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)
    filled |= {
        "task_type": "scheduled_callback",
        "for_campaign": campaign.pk,
        "priority": "3",
        "due": in_dialog(due, workspace),
        "notes": "After the interview",
    }
    browser = client_of(recruiter)

    page = browser.get(NEW, filled).content.decode()
    browser.post(START, filled)

    assert "<strong>2</strong> will be given a task." in page
    assert "Time in Pacific/Auckland." in page
    action = BulkAction.objects.get()
    order.finish(action)
    assert action.title == "Create tasks: Scheduled Callback, Win back"
    rows = Task.objects.values_list("type", "campaign", "priority", "due_at", "notes")
    told = ("scheduled_callback", campaign.pk, Priority.HIGH, due, "After the interview")
    assert list(rows) == [told, told]
    review = browser.get(action.get_absolute_url()).content.decode()
    assert f"Priority: High. Due {timezone.localtime(due, workspace.tz):%-d %b %Y, %H:%M}" in review


@pytest.mark.parametrize(
    ("answers", "field", "complaint"),
    [
        ({}, "task_type", "required"),
        ({"task_type": "manual_outbound_call"}, "task_type", "not one of the available"),
        ({"task_type": "reminder"}, "due", "Say when the Reminder is due."),
        ({"task_type": "scheduled_callback"}, "due", "Say when the Scheduled Callback is due."),
        ({"task_type": "voicemail", "due": "2020-01-01T10:00"}, "due", "has passed"),
        ({"task_type": "voicemail", "priority": "9"}, "priority", "not one of the available"),
        ({"task_type": "voicemail", "for_campaign": "sms"}, "for_campaign", "does not fit"),
        ({"task_type": "outbound_sms", "for_campaign": "phone"}, "for_campaign", "does not fit"),
        ({"task_type": "outbound_sms", "for_campaign": "draft"}, "for_campaign", "no draft"),
        ({"task_type": "outbound_sms", "for_campaign": "robot"}, "for_campaign", "agents' work"),
    ],
)
def test_what_can_t_be_is_refused_with_what_to_do(
    answers, field, complaint, filled, client_of, recruiter, workspace, campaign, sms_campaign
):
    campaigns = {"phone": campaign.pk, "sms": sms_campaign.pk}
    for name, fields in (("draft", {}), ("robot", {"work": "automated", "state": "ready"})):
        made = Campaign.objects.launch(workspace, name=name, channel="sms", **fields)
        campaigns[name] = made.pk
    if of := answers.get("for_campaign"):
        answers = answers | {"for_campaign": campaigns[of]}

    answer = client_of(recruiter).post(START, filled | answers)

    assert answer.status_code == 422
    assert complaint in " ".join(answer.context["order"].options.errors[field])
    assert not BulkAction.objects.exists()


def test_a_retry_of_what_was_due_in_the_past_asks_for_another_time(
    filled, client_of, recruiter, order, workspace
):
    Candidate.objects.update(phone="")
    past = timezone.now() - timedelta(hours=1)
    action = order(create(workspace, TaskType.SCHEDULED_CALLBACK, due=past.isoformat()))

    query = {"of": action.pk, "select": "failed"}
    page = client_of(recruiter).get(NEW, query).content.decode()

    assert "This time has passed." in page


def test_no_manual_type_is_offered_and_no_foreign_campaign(
    filled, client_of, recruiter, campaign, stranger
):
    Campaign.objects.launch(
        stranger.membership.workspace, name="Theirs", channel="phone", state=CampaignState.READY
    )

    page = client_of(recruiter).get(NEW, filled).content.decode()

    assert "C1 Win back" in page
    assert "Theirs" not in page
    assert "Manual Outbound Call" not in page


def test_an_order_of_it_is_in_the_audit(filled, client_of, recruiter):
    client_of(recruiter).post(START, filled | {"task_type": "voicemail"})

    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("started", "Create tasks: Voicemail (2 candidates)")


def test_orders_are_carried_out_together_without_exceeding_the_number(
    make_candidates, order: Order, workspace
):
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    make_candidates(6)
    first = order(create(workspace), run=False)
    second = order(create(workspace), run=False)

    order.finish(second)  # type: ignore[attr-defined]
    order.finish(first)  # type: ignore[attr-defined]

    assert (second.changed, first.failed) == (6, 6)
    assert Task.objects.count() == 6
