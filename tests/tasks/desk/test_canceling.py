"""Canceling and releasing over HTTP: only what was seen, and with a reason."""

import pytest

from pipeline.tasks.models.states import State
from pipeline.workspaces.models import User
from tests.tasks.conftest import MakeTask

from .browsing import HTMX, ClientOf, words


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_cancel_takes_a_reason(
    headers: dict[str, str], client_of: ClientOf, agent: User, make_task: MakeTask
):
    task = make_task()
    client = client_of(agent)
    url = f"/tasks/{task.pk}/cancel/"

    question = client.get(url, headers=headers)
    refused = client.post(url, {"reason": " ", "seen": "in_queue"}, headers=headers)
    task.refresh_from_db()
    is_untouched = task.is_waiting
    client.post(url, {"reason": "Moved away", "seen": "in_queue"}, headers=headers)

    task.refresh_from_db()
    assert "Keep the task" in words(question)
    assert "Cancel this task?" in words(question)
    assert is_untouched
    assert "Enter a reason. Anyone who looks up this task later will see it." in words(refused)
    assert (task.state, task.cancel_reason) == (State.CANCELED, "Moved away")
    assert task.canceled_by_text == "Chloe Tan"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_was_seen_in_the_queue_is_not_taken_from_who_accepted_it_meanwhile(
    headers: dict[str, str],
    client_of: ClientOf,
    admin_member: User,
    colleague: User,
    make_task: MakeTask,
):
    task = make_task()
    task.accept(colleague)
    data = {"reason": "Moved away", "seen": "in_queue"}

    answer = client_of(admin_member).post(
        f"/tasks/{task.pk}/cancel/", data, headers=headers, follow=True
    )

    task.refresh_from_db()
    assert task.is_mine(colleague)
    assert "Ben Okafor accepted it at " in words(answer)


def test_an_admin_who_saw_who_has_it_takes_it_back_and_not_from_the_next_one_who_has_it(
    client_of: ClientOf, admin_member: User, agent: User, colleague: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)
    client = client_of(admin_member)
    url = f"/tasks/{task.pk}/cancel/"
    question = client.get(url)
    seen = question.context["form"].initial["seen"]
    task.release(agent)
    task.accept(colleague)

    late = words(client.post(url, {"reason": "Moved away", "seen": seen}, follow=True))
    assert "Ben Okafor accepted it at " in late
    seen = client.get(url).context["form"].initial["seen"]
    client.post(url, {"reason": "Moved away", "seen": seen})

    task.refresh_from_db()
    assert "Chloe Tan is working on this task and will be told who canceled it and why." in words(
        question
    )
    assert (task.state, task.agent) == (State.CANCELED, colleague)


def test_an_agent_does_not_take_back_what_another_has(
    client_of: ClientOf, agent: User, colleague: User, make_task: MakeTask
):
    task = make_task()
    task.accept(colleague)
    client = client_of(agent)
    url = f"/tasks/{task.pk}/cancel/"

    question = words(client.get(url, headers=HTMX))
    seen = f"assigned-{colleague.pk}-{task.accepted_at:%Y%m%d%H%M%S%f}"
    client.post(url, {"reason": "Mine now", "seen": seen})
    client.post(f"/tasks/{task.pk}/release/", {"seen": seen})

    task.refresh_from_db()
    assert "This task was not canceled" in question
    assert "Ben Okafor accepted it at " in question
    assert task.is_mine(colleague)


# --- release ---


def test_a_release_puts_it_back_with_or_without_a_reason(
    client_of: ClientOf, agent: User, make_task: MakeTask
):
    task = make_task()
    client = client_of(agent)
    for reason in ("Lunch", ""):
        task.accept(agent)
        seen = client.get(f"/tasks/{task.pk}/release/").context["form"].initial["seen"]

        client.post(f"/tasks/{task.pk}/release/", {"reason": reason, "seen": seen})

        task.refresh_from_db()
        assert task.is_waiting
    assert list(task.releases.values_list("reason", flat=True)) == ["Lunch", ""]


def test_the_dialogs_never_begin_on_the_button_that_stops(
    client_of: ClientOf, agent: User, make_task: MakeTask
):
    task = make_task()

    dialog = words(client_of(agent).get(f"/tasks/{task.pk}/cancel/", headers=HTMX))

    assert dialog.count("autofocus") == 1
    assert "<textarea" in dialog[: dialog.index("autofocus")].rsplit(">", 1)[1]
