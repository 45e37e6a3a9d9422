"""Tasks for many candidates: as if made one by one, each announced once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import FollowUp
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.create_tasks import CreateTasks
from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign, CampaignState, Channel, Priority
from pipeline.outreach.optouts import opt_out
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Creator, Origin
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.types import KINDS, QUEUED, TaskChannel, TaskType
from pipeline.workspaces.models import User, Workspace
from tests.tasks.conftest import campaign as campaign

from .conftest import Order, assert_was, reasons_of
from .task_orders import create, told_once
from .task_orders import told as told
from .test_waiting import work_on_it_during

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
    due = (timezone.now() + timedelta(days=2)).isoformat()
    operation = create(workspace, type, due=due)
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


@pytest.mark.parametrize(
    ("most", "told"),
    [
        (1, "1 waiting task of the type Outbound Call"),
        (2, "2 waiting tasks of the type Outbound Call"),
    ],
)
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
        f"The candidate already has {told}, the most your workspace allows."
        f" Complete or cancel {'it' if most == 1 else 'one'}, or raise the limit in Settings →"
        " Tasks.": 1
    }
    assert action.outcomes.failed().get().candidate_id == full.pk
    again = order(create(workspace))
    assert (again.changed, again.failed) == ((0, 4) if most == 1 else (2, 2))


@pytest.mark.parametrize(
    ("become", "reason"),
    [
        ({"state": CampaignState.DRAFT}, "Win back is a draft. Make it ready first."),
        (
            {"work": "automated"},
            "Win back is automated: it sends messages automatically and has no tasks.",
        ),
        (
            {"channel": "sms"},
            "Outbound Call does not fit Win back. Choose a campaign with the channel Phone call.",
        ),
        (None, "The campaign “Win back” no longer exists."),
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

    assert reasons_of(action) == {"The campaign “Theirs” no longer exists.": 1}


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
    lane.process_next_chunk(action, operation_of(action))
    action.cancel(by=recruiter)

    lane.process_next_chunk(action, operation_of(action))

    assert (action.changed, action.untouched) == (4, 6)
    done = set(action.outcomes.changed().values_list("candidate_id", flat=True))
    assert set(Task.objects.values_list("candidate", flat=True)) == done


def test_the_rest_and_the_failed_can_be_run_again(make_candidates, order, workspace, recruiter):
    poor = make_candidates(1, phone="")
    make_candidates(6)
    action = order(create(workspace), run=False)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
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
