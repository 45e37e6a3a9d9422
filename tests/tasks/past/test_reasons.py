"""Why Belay canceled a task is kept as a code, and read as a sentence wherever it is told."""

import re
from html import unescape
from typing import Any

import pytest

from pipeline.candidates.models import Candidate
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler
from pipeline.tasks.models.payloads import payloads_of
from pipeline.tasks.models.scopes import AllTasks
from pipeline.tasks.reasons import Code, Reason
from pipeline.workspaces.models import User
from tests.tasks.conftest import MakeTask

from .lists import LIST

SENTENCE = "No agent accepted it for 14 days."


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    task = make_task()
    reason = Reason(Code.TIMED_OUT, {"days": 14})
    Task.objects.filter(pk=task.pk).cancel(AllTasks(), Canceler.timeout(), reason)
    task.refresh_from_db()
    return task


def words(response: Any) -> str:
    content = response.getvalue() if response.streaming else response.content
    return re.sub(r"\s+", " ", unescape(content.decode()))


def test_it_is_kept_as_a_code_with_facts(task: Task):
    assert (task.cancel_reason, task.cancel_facts) == ("task.timed_out", {"days": 14})


def test_every_page_and_file_has_the_sentence_and_none_the_code(
    task: Task, candidate: Candidate, client_of: Any, owner: User
):
    pages = {
        "the list": LIST,
        "the file": f"{LIST}past.csv",
        "its history": f"{LIST}{task.pk}/",
        "the desk": f"/tasks/{task.pk}/",
        "the timeline": f"/candidates/{candidate.pk}/",
    }
    client = client_of(owner)

    for name, address in pages.items():
        page = words(client.get(address))
        assert SENTENCE in page, name
        assert Code.TIMED_OUT not in page, name


def test_the_admin_has_the_sentence(task: Task, client_of: Any):
    root = User.objects.create_superuser("root@example.com", first_name="Root")

    page = words(client_of(root).get(f"/admin/tasks/task/{task.pk}/change/"))

    assert SENTENCE in page


def test_a_webhook_has_both(task: Task):
    [payload] = payloads_of([task.pk])

    assert payload["canceled_by"]["reason"] == SENTENCE
    assert payload["canceled_by"]["code"] == "task.timed_out"


def test_somebodys_words_are_never_taken_for_a_code(make_task: MakeTask, agent: User):
    task = make_task()
    task.cancel(agent, "task.timed_out")

    [payload] = payloads_of([task.pk])
    assert task.cancel_reason_text == payload["canceled_by"]["reason"] == "task.timed_out"
    assert payload["canceled_by"]["code"] is None
