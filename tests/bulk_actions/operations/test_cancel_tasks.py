"""Canceling what waits for many candidates, in a journey's three scopes."""

from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import FollowUp
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.cancel_tasks import CancelTasks
from pipeline.bulk_actions.pages.outcome_lists import OutcomeList, Which
from pipeline.bulk_actions.pages.timeline import outcomes
from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Message
from pipeline.tasks.bulk_sql import choosing
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler
from pipeline.tasks.models.scopes import OfTypes
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Workspace
from tests.pages import one_line
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.test_cancel_table import SCOPES, columns_of, is_to_be_canceled, rows, scope_of
from tests.tasks.test_cancel_table import campaigns as campaigns
from tests.tasks.test_cancel_table import everything as everything

from .conftest import assert_was
from .task_cancels import CALLS, cancel, wait
from .task_orders import NEW, told_once
from .task_orders import told as told


def of_table(name: str, workspace: Workspace, campaigns: list[Any]) -> CancelTasks:
    """What SCOPES calls `name`."""
    scope = scope_of(name, campaigns)
    if name == "all":
        return cancel(workspace)
    if name.endswith("campaign"):
        return cancel(workspace, campaign=scope.campaign)  # type: ignore[union-attr]
    return cancel(workspace, TaskType(name))


# --- what is canceled, and what is not ---


def test_every_scope_cancels_what_the_table_says_and_nothing_else(
    candidate, campaigns, everything, workspace, order, recruiter
):
    before, messages = rows(), list(Message.objects.values())
    mine = Candidate.objects.filter(pk=candidate.pk)
    for name in SCOPES:
        expected = {task.pk for task in everything if is_to_be_canceled(task, name)}
        operation = of_table(name, workspace, campaigns)
        with transaction.atomic():
            preview = operation.preview(mine)
            action = order(operation, mine)
            after, found = rows(), columns_of(expected)
            told = action.outcomes.get().before["tasks"]
            transaction.set_rollback(True)

        assert {pk for pk in before if after[pk] != before[pk]} == expected, name
        assert {pk for pk, _ in told} == expected, name
        assert (action.changed, preview.changes) == (1, 1), name
        assert preview.notes[0].startswith(f"{len(expected):,} waiting task"), name
        by = Canceler.bulk_action(action.pk, recruiter).fields
        was = columns_of(expected)
        changed = {"cancel_reason": "Hired elsewhere", "state": "canceled", **by}
        for pk in expected:
            assert found[pk].pop("ended_at")
            del was[pk]["ended_at"]
            assert found[pk] == was[pk] | changed
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
    page = one_line(browser.get(f"{action.get_absolute_url()}?result=done"))
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
    assert event.text == "Cancel waiting tasks: all: no change needed"


# --- stopping, carrying on, and what goes wrong ---


def test_canceled_in_the_middle_there_are_as_many_as_it_says(
    make_candidates, order, workspace, recruiter
):
    everybody = make_candidates(10)
    for one in everybody:
        wait(one)
    action = order(cancel(workspace), run=False)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    action.cancel(by=recruiter)

    lane.process_next_chunk(action, operation_of(action))

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

    assert "Only tasks that no one has accepted are canceled. This can’t be undone." in dialog
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
