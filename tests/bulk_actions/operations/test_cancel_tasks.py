"""Canceling what waits for many candidates, in a journey's three scopes; accept or cancel."""

from collections import Counter
from itertools import product
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.urls import reverse

from pipeline.bulk_actions import engine
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.lists import OutcomeList, Which
from pipeline.bulk_actions.models import BulkAction, FollowUp
from pipeline.bulk_actions.operations.cancel_tasks import CancelTasks
from pipeline.bulk_actions.timeline import outcomes
from pipeline.candidates.models import Candidate
from pipeline.outreach.campaigns import CampaignState
from pipeline.outreach.models import Campaign, Message
from pipeline.tasks.actors import Canceler, CancelSource, Creator, Origin
from pipeline.tasks.creating import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.scopes import OfTypes
from pipeline.tasks.set_based import choosing
from pipeline.tasks.types import TaskType
from pipeline.workspaces.audit import AuditEntry
from pipeline.workspaces.models import User, Workspace
from tests.tasks.conftest import CONVERTED
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import sms_campaign as sms_campaign
from tests.tasks.test_cancel_table import SCOPES, is_to_be_canceled, rows, scope_of
from tests.tasks.test_cancel_table import campaigns as campaigns
from tests.tasks.test_cancel_table import everything as everything

from .conftest import assert_was
from .test_create_tasks import told as told
from .test_create_tasks import told_once, waited_for_by, worked_on

NEW, START = reverse("bulk_actions:new"), reverse("bulk_actions:history")
CALLS = (TaskType.OUTBOUND_CALL,)


def cancel(
    workspace: Workspace,
    *types: TaskType,
    campaign: Campaign | None = None,
    reason: str = "Hired elsewhere",
) -> CancelTasks:
    """Of those types, of that campaign, or all."""
    return CancelTasks(
        {
            "workspace": workspace.pk,
            "scope": "types" if types else "campaign" if campaign else "all",
            "types": [type.value for type in types],
            "campaign": campaign and campaign.pk,
            "campaign_name": campaign.name if campaign else "",
            "campaign_channel": campaign.channel if campaign else "",
            "reason": reason,
        }
    )


def of_table(name: str, workspace: Workspace, campaigns: list[Any]) -> CancelTasks:
    """What SCOPES calls `name`."""
    scope = scope_of(name, campaigns)
    if name == "all":
        return cancel(workspace)
    if name.endswith("campaign"):
        return cancel(workspace, campaign=scope.campaign)  # type: ignore[union-attr]
    return cancel(workspace, TaskType(name))


def wait(candidate: Candidate, *types: TaskType, **options: Any) -> list[Task]:
    """Tasks that a journey has made."""
    return [
        create_task(candidate, type, Creator.journey(CONVERTED), **options)
        for type in types or CALLS
    ]


# --- what is canceled, and what is not ---


def test_every_scope_cancels_what_the_table_says_and_nothing_else(
    candidate, campaigns, everything, workspace, order, recruiter
):
    before, messages = rows(), list(Message.objects.values())
    mine = Candidate.objects.filter(pk=candidate.pk)
    for name in SCOPES:
        expected = {task.pk for task in everything["mine"] if is_to_be_canceled(task, name)}
        operation = of_table(name, workspace, campaigns)
        with transaction.atomic():
            preview = operation.preview(mine)
            action = order(operation, mine)
            after = rows()
            told = action.outcomes.get().before["tasks"]
            transaction.set_rollback(True)

        assert {pk for pk in before if after[pk] != before[pk]} == expected, name
        assert {pk for pk, _ in told} == expected, name
        assert (action.changed, preview.changes) == (1, 1), name
        assert preview.notes[0].startswith(f"{len(expected):,} waiting task"), name
        by = Canceler.bulk_action(action.pk, recruiter).fields
        changed = {"cancel_reason": "Hired elsewhere", "state": "canceled", **by}
        for pk in expected:
            left = {key: value for key, value in after[pk].items() if key != "ended_at"}
            was = {key: value for key, value in before[pk].items() if key != "ended_at"}
            assert left == was | changed
            assert after[pk]["ended_at"]
    assert list(Message.objects.values()) == messages


def test_the_sql_and_the_scope_agree(candidate, campaigns, everything, workspace):
    everybody = list(Candidate.objects.values_list("pk", flat=True))
    scopes = [of_table(name, workspace, campaigns).scope for name in SCOPES]
    scopes.append(OfTypes([TaskType.OUTBOUND_SMS, TaskType.REMINDER, TaskType.VOICEMAIL]))
    for scope, people in product(scopes, ([candidate.pk], everybody)):
        sql, params = choosing("people", workspace.pk, scope)
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH people AS (SELECT unnest(%(people)s) AS id), {sql}"
                " SELECT id, candidate_id, type FROM chosen ORDER BY id",
                params | {"people": people},
            )
            chosen = cursor.fetchall()

        waiting = Task.objects.cancelable().for_candidates(people).filter(workspace=workspace)
        told = waiting.filter(scope.q).order_by("pk").values_list("pk", "candidate_id", "type")
        assert chosen == list(told), scope
        assert chosen, scope


def test_nobody_who_is_not_selected_loses_a_task(make_candidates, order, workspace, stranger):
    mine, others = make_candidates(3), make_candidates(2)
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)
    kept = [task for one in (*others, *theirs) for task in wait(one)]
    for one in mine:
        wait(one)

    order(cancel(workspace), mine)

    assert set(Task.objects.waiting()) == set(kept)
    assert Task.objects.filter(state="canceled").count() == 3


def test_the_preview_says_in_numbers_what_happens(make_candidates, order, workspace, agent):
    for one in make_candidates(3):
        wait(one, TaskType.OUTBOUND_CALL, TaskType.OUTBOUND_CALL, TaskType.ASAP_CALLBACK)
    make_candidates(4)
    (only,) = make_candidates(1)
    wait(only)[0].accept(agent)
    wait(make_candidates(1).get(), TaskType.INBOUND_CALL)
    operation = cancel(workspace, TaskType.OUTBOUND_CALL, TaskType.ASAP_CALLBACK)
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    (note,) = preview.notes
    assert note == (
        "9 waiting tasks would be canceled: 6 Outbound Call, 3 ASAP Callback; "
        "1 is with an agent and stays."
    )
    assert [(skip.count, skip.reason) for skip in preview.skips] == [
        (6, "No waiting task of this kind.")
    ]
    assert_was(preview, action)
    assert (action.changed, action.unchanged) == (3, 6)
    assert Task.objects.filter(canceled_by_bulk_action_id=action.pk).count() == 9
    nothing = operation.preview(Candidate.objects.all())
    assert nothing.notes == ["No waiting task would be canceled; 1 is with an agent and stays."]


def test_a_preview_cancels_and_locks_nothing(make_candidates, workspace):
    for one in make_candidates(2):
        wait(one)

    cancel(workspace).preview(Candidate.objects.all())

    assert Task.objects.waiting().count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tasks_task WHERE xmax <> 0")
        assert cursor.fetchone() == (0,)


def test_what_was_canceled_is_in_the_review_the_download_and_the_timeline(
    make_candidates, order, workspace, client_of, recruiter
):
    one, none = make_candidates(2)
    wait(one, TaskType.OUTBOUND_CALL, TaskType.ASAP_CALLBACK)
    action = order(cancel(workspace))

    browser = client_of(recruiter)
    page = browser.get(action.get_absolute_url()).content.decode()
    download = browser.get(f"{action.get_absolute_url()}outcomes.csv?result=done")
    lines = download.getvalue().decode().splitlines()

    told = "Canceled 2: Outbound Call, ASAP Callback"
    assert f'<div class="cell">{told}</div>' in page
    assert "No waiting task." in page
    assert "Reason: Hired elsewhere" in page
    assert f'"{told}"' in lines[1]
    assert [row.before for row in OutcomeList(action, Which.DONE, recruiter)] == [told, ""]
    (event,) = outcomes(one, recruiter)
    assert event.text == f"Cancel waiting tasks: all ({told})"
    (event,) = outcomes(none, recruiter)
    assert event.text == "Cancel waiting tasks: all: already as ordered"


# --- stopping, carrying on, and what goes wrong ---


def test_canceled_in_the_middle_there_are_as_many_as_it_says(
    make_candidates, order, workspace, recruiter
):
    everybody = make_candidates(10)
    for one in everybody:
        wait(one)
    action = order(cancel(workspace), run=False)
    action.start()
    engine.process_next_chunk(action, action.get_operation())
    action.cancel(by=recruiter)

    engine.process_next_chunk(action, action.get_operation())

    assert (action.changed, action.untouched) == (4, 6)
    canceled = Task.objects.filter(state="canceled").values_list("candidate", flat=True)
    assert set(canceled) == set(action.outcomes.changed().values_list("candidate_id", flat=True))
    following = Following(action, FollowUp.REST, recruiter)
    form = CancelTasks.form(following.answers, user=recruiter)
    assert form.is_valid(), form.errors
    assert form.options() == action.options
    rest = order(CancelTasks(form.options()), following.selection.candidates)
    assert (rest.total, rest.changed) == (6, 6)


def test_it_can_t_be_undone_and_says_so_before(
    make_candidates, order, workspace, client_of, recruiter
):
    wait(make_candidates(1).get())
    browser = client_of(recruiter)
    dialog = browser.get(NEW, {"operation": "cancel_tasks", "select": "all"}).content.decode()
    action = order(cancel(workspace))

    answer = browser.get(NEW, {"of": action.pk, "select": "done"})

    assert "A canceled task stays canceled: this can’t be undone." in dialog
    assert ">Keep the tasks</a>" in dialog
    assert (answer.status_code, Task.objects.waiting().exists()) == (409, False)


@pytest.mark.django_db(transaction=True)
def test_each_task_is_announced_once_also_where_one_poisons_its_chunk(
    make_candidates, order, workspace, told
):
    everybody = make_candidates(10)
    tasks = [task for one in everybody for task in wait(one, *CALLS, *CALLS)]
    poison = everybody[5]
    told.clear()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'poison'; END $$;"
            "CREATE TRIGGER refuse BEFORE UPDATE ON tasks_task FOR EACH ROW"
            f" WHEN (NEW.candidate_id = {poison.pk}) EXECUTE FUNCTION refuse()"
        )
    try:
        action = order(cancel(workspace))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON tasks_task; DROP FUNCTION refuse()")

    assert (action.changed, action.failed) == (9, 1)
    assert {verb for verb, _ in told} == {"cancel"}
    expected = [task.pk for task in tasks if task.candidate_id != poison.pk]
    assert told_once(told, "cancel") == sorted(expected)
    assert Task.objects.waiting().filter(candidate=poison).count() == 2


# --- accept or cancel, never both ---


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_accepted_while_it_waits_for_it_stays_and_is_not_counted(
    make_candidates, order, workspace, agent
):
    """Whatever is changed of a task that stays in the queue does not save it."""
    first, second = make_candidates(2)
    (accepted,), (noted,) = wait(first), wait(second)
    action = order(cancel(workspace), run=False)
    with waited_for_by(action):
        accepted.accept(agent)
        Task.objects.filter(pk=noted.pk).update(notes="Call before noon")

    action.refresh_from_db()
    accepted.refresh_from_db()
    noted.refresh_from_db()
    assert (accepted.is_assigned, noted.is_canceled) == (True, True)
    assert (action.changed, action.unchanged) == (1, 1)
    assert action.outcomes.get(candidate_id=first.pk).before == {}


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_released_while_it_waits_for_it_is_canceled(
    make_candidates, order, workspace, agent
):
    (task,) = wait(make_candidates(1).get())
    task.accept(agent)
    action = order(cancel(workspace), run=False)
    with waited_for_by(action):
        task.release(agent)

    task.refresh_from_db()
    assert task.is_canceled
    assert action.outcomes.get().before == {"tasks": [[task.pk, "outbound_call"]]}


ROUNDS, EACH = 30, 24


def wait_all(people: list[Candidate], *types: TaskType) -> list[Task]:
    """As `wait`, for many and at once."""
    return Task.objects.bulk_create(
        Task(
            workspace_id=one.workspace_id,
            candidate=one,
            opening_id=one.opening_id,
            type=type,
            origin=Origin.JOURNEY,
        )
        for one in people
        for type in types
    )


@pytest.mark.django_db(transaction=True)
def test_accept_against_a_running_cancel_one_wins_and_the_outcomes_say_which(
    make_candidates, order, workspace, agent, told, settings
):
    """Two tasks for each candidate; an agent accepts one after the other while chunks go by."""
    settings.BULK_CHUNK_SIZE = 6
    people = list(make_candidates(EACH).order_by("pk"))
    wins: Counter[str] = Counter()
    for number in range(ROUNDS):
        tasks = wait_all(people, *CALLS, TaskType.VOICEMAIL)
        action = order(cancel(workspace), run=False)
        ready = Barrier(2)
        told.clear()
        lane = worked_on(action, ready)
        ready.wait()
        if number % 2:
            tasks.reverse()
        accepted = {task.pk for task in tasks if task.accept(agent)}
        lane.join()

        action.refresh_from_db()
        befores = action.outcomes.changed().values_list("before__tasks", flat=True)
        canceled = {pk for before in befores for pk, _ in before}
        by_action = Task.objects.filter(canceled_by_bulk_action_id=action.pk)
        assert action.status == "completed"
        assert accepted | canceled == {task.pk for task in tasks}
        assert not accepted & canceled
        assert set(by_action.values_list("pk", flat=True)) == canceled
        assert set(told_once(told, "cancel")) == canceled
        assert set(told_once(told, "accept")) == accepted
        assert action.changed + action.unchanged == action.total == EACH
        wins.update(accepted=len(accepted), canceled=len(canceled))
        Task.objects.all().delete()

    assert wins["accepted"]
    assert wins["canceled"]


# --- the dialog ---


@pytest.fixture
def filled(make_candidates: Any) -> dict[str, Any]:
    for one in make_candidates(2):
        wait(one, TaskType.OUTBOUND_CALL, TaskType.VOICEMAIL)
    return {"operation": "cancel_tasks", "select": "all", "key": uuid4(), "reason": "No longer"}


@pytest.mark.parametrize(
    ("answers", "title"),
    [
        ({"scope": "all"}, "all"),
        (
            {"scope": "types", "task_types": ["outbound_call", "voicemail"]},
            "Outbound Call, Voicemail",
        ),
        ({"scope": "campaign", "of_campaign": "campaign"}, "Win back"),
        # What belongs to another scope than the chosen one counts for nothing.
        ({"scope": "types", "task_types": ["voicemail"], "of_campaign": "campaign"}, "Voicemail"),
    ],
)
def test_from_the_dialog_to_the_canceled_tasks(
    answers, title, filled, client_of, recruiter, order, campaign
):
    Workspace.objects.update(start_delay_seconds=0)
    if "of_campaign" in answers:
        answers = answers | {"of_campaign": campaign.pk}
    Task.objects.filter(type="outbound_call").update(campaign=campaign)
    browser = client_of(recruiter)

    page = browser.get(NEW, filled | answers).content.decode()
    browser.post(START, filled | answers)

    action = BulkAction.objects.get()
    order.finish(action)
    assert action.title == f"Cancel waiting tasks: {title}"
    assert "<strong>2</strong> will be freed of waiting tasks." in page
    canceled = Task.objects.filter(state="canceled")
    each = 2 if title in ("all", "Outbound Call, Voicemail") else 1
    assert canceled.count() == each * 2
    assert f"{each * 2} waiting tasks would be canceled: " in page
    assert set(canceled.values_list("cancel_reason", "cancel_source")) == {
        ("No longer", CancelSource.BULK_ACTION)
    }
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("started", f"{action.title} (2 candidates)")


@pytest.mark.parametrize(
    ("answers", "field", "complaint"),
    [
        ({}, "scope", "Choose which tasks are to be canceled."),
        ({"scope": "everything"}, "scope", "not one of the available choices"),
        ({"scope": "types"}, "task_types", "Choose at least one task type."),
        ({"scope": "campaign", "task_types": ["voicemail"]}, "of_campaign", "Choose the campaign"),
        ({"scope": "types", "task_types": ["manual_outbound_sms"]}, "task_types", "not one of the"),
        ({"scope": "all", "reason": " "}, "reason", "Say why the tasks are canceled."),
    ],
)
def test_what_can_t_be_is_refused_with_what_to_do(
    answers, field, complaint, filled, client_of, recruiter
):
    answer = client_of(recruiter).post(START, filled | answers)

    assert answer.status_code == 422
    assert complaint in " ".join(answer.context["order"].options.errors[field])
    assert complaint in answer.content.decode()
    assert not BulkAction.objects.exists()


def test_the_dialog_begins_with_a_reason_that_names_who_and_what(
    filled, client_of, recruiter, campaign, stranger
):
    Campaign.objects.launch(
        stranger.membership.workspace, name="Theirs", channel="phone", state=CampaignState.READY
    )
    del filled["reason"]

    page = client_of(recruiter).get(NEW, filled).content.decode()

    assert "Canceled by Ana Ruiz with the bulk action “Cancel waiting tasks”." in page
    assert "inbound calls, messages and voicemails included" in page
    assert "so it never waits" in page
    assert "C1 Win back" in page
    assert "Theirs" not in page
    assert "Manual Outbound" not in page


def test_every_role_that_starts_bulk_actions_may_and_agents_may_not(
    filled, client_of, recruiter: User, agent: User
):
    answers = filled | {"scope": "all"}

    assert client_of(agent).post(START, answers).status_code == 403
    assert client_of(recruiter).post(START, answers).status_code == 303
