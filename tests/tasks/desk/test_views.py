"""The desk and a task's page over HTTP: who sees what."""

from typing import Any

import pytest

from pipeline.tasks.models import Task
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User
from tests.tasks.conftest import MakeTask

from .browsing import ClientOf, words


def test_the_desk_shows_the_queue_in_order_and_mine_above(
    client_of: ClientOf, agent: User, make_task: MakeTask, no_limit: None
):
    low, urgent, mine = make_task(priority=1), make_task(priority=4), make_task()
    mine.accept(agent)

    page = words(client_of(agent).get("/tasks/"))

    assert page.index(f'id="mine-{mine.pk}"') < page.index(f'id="task-{urgent.pk}"')
    assert page.index(f'id="task-{urgent.pk}"') < page.index(f'id="task-{low.pk}"')


def test_support_looks_on_without_buttons(client_of: ClientOf, support: User, make_task: MakeTask):
    task = make_task()
    client = client_of(support)

    for page in (words(client.get(url)) for url in ("/tasks/", task.get_absolute_url())):
        assert "Inger Svärd" in page
        assert "/accept/" not in page
        assert f"/tasks/{task.pk}/cancel/" not in page
        assert "/tasks/next/" not in page


@pytest.mark.parametrize("url", ["accept", "complete", "callback", "notes", "cancel", "release"])
def test_support_changes_nothing(
    url: str, client_of: ClientOf, support: User, make_task: MakeTask, agent: User
):
    task = make_task()
    if url != "accept":
        task.accept(agent)
    before = Task.objects.filter(pk=task.pk).values().get()
    data = {"reason": "x", "seen": "in_queue", "disposition": "done", "notes": "x"}

    answer = client_of(support).post(f"/tasks/{task.pk}/{url}/", data)

    assert answer.status_code == 403
    assert "requires an Owner, Admin, Recruiter or Agent" in words(answer)
    assert Task.objects.filter(pk=task.pk).values().get() == before


# --- who sees it ---


def test_a_limited_member_sees_and_touches_only_its_openings(
    client_of: ClientOf,
    limited: User,
    make_task: MakeTask,
    make_candidates: Any,
    other_opening: Any,
):
    mine = make_task()
    theirs = make_task(candidate=make_candidates(1, other_opening, full_name="Not Mine").get())
    client = client_of(limited)

    desk = words(client.get("/tasks/"))

    assert f'id="task-{mine.pk}"' in desk
    assert "Not Mine" not in desk
    for url in ("", "cancel/", "release/"):
        assert client.get(f"/tasks/{theirs.pk}/{url}").status_code == 404
    for url in ("accept/", "complete/", "callback/", "notes/", "cancel/", "release/"):
        assert client.post(f"/tasks/{theirs.pk}/{url}").status_code == 404


def test_the_tasks_page_has_the_candidate_beside_it(
    client_of: ClientOf, agent: User, make_task: MakeTask, labels: Any, candidate: Any
):
    candidate.labels.set(labels)
    task, other = make_task(), make_task(TaskType.VOICEMAIL)

    page = words(client_of(agent).get(task.get_absolute_url()))

    assert f'href="tel:{candidate.phone}"' in page
    assert f'href="mailto:{candidate.email}"' in page
    assert "Night shift" in page
    assert other.get_absolute_url() in page
    assert "Applied to Customer Support, Manila" in page


def test_a_past_task_shows_what_became_of_it(
    client_of: ClientOf, support: User, admin_member: User, make_task: MakeTask
):
    task = make_task()
    task.cancel(admin_member, "Wrong list")

    page = words(client_of(support).get(task.get_absolute_url()))

    assert "Adam Nowak canceled it at " in page
    assert "Wrong list" in page
