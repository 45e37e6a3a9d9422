"""The desk's verbs over HTTP: who may, and what those read who came too late."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from pipeline.outreach.campaigns import CampaignState
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import AgentSkills, Disposition, Task
from pipeline.tasks.states import State
from pipeline.tasks.types import TaskType
from pipeline.workspaces.models import User
from tests.tasks.conftest import MakeTask

from .conftest import in_days

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


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
    assert "takes an Owner, Admin, Recruiter or Agent" in words(answer)
    assert Task.objects.filter(pk=task.pk).values().get() == before


# --- accept ---


def test_accepting_leads_to_the_tasks_page(client_of: ClientOf, agent: User, make_task: MakeTask):
    task, other = make_task(), make_task()

    plain = client_of(agent).post(f"/tasks/{task.pk}/accept/")
    by_htmx = client_of(agent).post(f"/tasks/{other.pk}/accept/", headers=HTMX)

    assert (plain.status_code, plain["Location"]) == (303, task.get_absolute_url())
    assert by_htmx["HX-Redirect"] == other.get_absolute_url()
    assert set(Task.objects.values_list("agent", flat=True)) == {agent.pk}


def test_who_accepts_too_late_reads_who_was_faster(
    client_of: ClientOf, agent: User, colleague: User, make_task: MakeTask
):
    task = make_task()
    task.accept(colleague)
    client = client_of(agent)

    plain = words(client.post(f"/tasks/{task.pk}/accept/", follow=True))
    by_htmx = client.post(f"/tasks/{task.pk}/accept/", headers=HTMX)

    for page in (plain, words(by_htmx)):
        assert "Outbound Call for Inger Svärd is not yours. Ben Okafor accepted it at " in page
    assert by_htmx["HX-Retarget"] == "#messages"
    assert "tasksChanged" in by_htmx["HX-Trigger"]


def test_who_accepts_a_canceled_one_reads_who_canceled_it_and_why(
    client_of: ClientOf, agent: User, admin_member: User, make_task: MakeTask
):
    task = make_task()
    task.cancel(admin_member, "Wrong list")

    page = words(client_of(agent).post(f"/tasks/{task.pk}/accept/", follow=True))

    assert "Adam Nowak canceled it at " in page
    assert ": Wrong list" in page


def test_a_task_of_a_paused_campaign_has_a_badge_and_nobody_accepts_it(
    client_of: ClientOf, agent: User, make_task: MakeTask, campaign: Campaign
):
    task = make_task(campaign=campaign)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.PAUSED)
    client = client_of(agent)

    desk = words(client.get("/tasks/"))
    told = words(client.post(f"/tasks/{task.pk}/accept/", follow=True))

    assert "Campaign paused" in desk
    assert "/accept/" not in desk
    assert "Its campaign Win back is not ready" in told


# --- next task ---


def test_next_task_leads_to_the_page_of_the_first_one(
    client_of: ClientOf, agent: User, make_task: MakeTask
):
    make_task(priority=1)
    urgent = make_task(priority=4)

    answer = client_of(agent).post("/tasks/next/")

    assert (answer.status_code, answer["Location"]) == (303, urgent.get_absolute_url())
    urgent.refresh_from_db()
    assert urgent.is_mine(agent)


def test_where_nothing_waits_it_says_so(client_of: ClientOf, agent: User):
    page = words(client_of(agent).post("/tasks/next/", follow=True))

    assert "No task is waiting. New ones appear here by themselves." in page
    assert "The queue is empty" in page


def test_where_nothing_fits_it_says_why(
    client_of: ClientOf, agent: User, make_task: MakeTask, campaign: Campaign
):
    make_task(campaign=campaign)
    make_task(TaskType.SCHEDULED_CALLBACK, due_at=in_days(1))
    make_task(TaskType.VOICEMAIL)
    make_task(TaskType.VOICEMAIL)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.PAUSED)
    AgentSkills.objects.create(
        membership=agent.membership, types=[TaskType.OUTBOUND_CALL, TaskType.SCHEDULED_CALLBACK]
    )

    page = words(client_of(agent).post("/tasks/next/", follow=True))

    assert "Nothing for you now. Waiting: 1 due later, the first at " in page
    assert "; 1 in campaigns that are paused; 2 outside your skills" in page


# --- complete, notes ---


def test_completing_keeps_the_disposition_and_notes(
    client_of: ClientOf, agent: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)
    data = {"disposition": Disposition.REACHED, "notes": "Starts on Monday"}

    answer = client_of(agent).post(f"/tasks/{task.pk}/complete/", data)

    task.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, "/tasks/")
    assert (task.state, task.disposition) == (State.COMPLETED, Disposition.REACHED)
    assert task.notes == "Starts on Monday"


def test_completing_goes_on_to_the_next_one_where_asked(
    client_of: ClientOf, agent: User, make_task: MakeTask
):
    task, following = make_task(), make_task()
    task.accept(agent)
    data = {"disposition": Disposition.REACHED, "next": "1"}

    answer = client_of(agent).post(f"/tasks/{task.pk}/complete/", data)

    assert answer["Location"] == following.get_absolute_url()


@pytest.mark.parametrize("disposition", ["", Disposition.ANSWERED, "made up"])
def test_completing_takes_a_disposition_that_fits_and_keeps_what_was_typed(
    disposition: str, client_of: ClientOf, agent: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)
    data = {"disposition": disposition, "notes": "Long notes"}

    answer = client_of(agent).post(f"/tasks/{task.pk}/complete/", data)

    task.refresh_from_db()
    assert (answer.status_code, task.state) == (422, State.ASSIGNED)
    assert "Long notes</textarea>" in words(answer)


@pytest.mark.parametrize("url", ["complete", "notes"])
def test_who_is_too_late_reads_why_and_keeps_what_was_typed(
    url: str, client_of: ClientOf, agent: User, admin_member: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)
    task.withdraw(admin_member, "Hired elsewhere")
    data = {"disposition": Disposition.REACHED, "notes": "Long notes"}

    answer = client_of(agent).post(f"/tasks/{task.pk}/{url}/", data)

    task.refresh_from_db()
    assert (answer.status_code, task.state, task.notes) == (409, State.CANCELED, "")
    assert "Adam Nowak canceled it at " in words(answer)
    assert ": Hired elsewhere" in words(answer)
    assert "Long notes</textarea>" in words(answer)


def test_notes_are_saved_by_who_has_it_and_by_nobody_else(
    client_of: ClientOf, agent: User, recruiter: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)

    theirs = client_of(recruiter).post(f"/tasks/{task.pk}/notes/", {"notes": "Theirs"})
    mine = client_of(agent).post(f"/tasks/{task.pk}/notes/", {"notes": "Mine"})

    task.refresh_from_db()
    assert (theirs.status_code, mine.status_code, task.notes) == (409, 303, "Mine")


# --- cancel ---


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
    assert "Say why: who looks for this task later reads it." in words(refused)
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
    assert "Chloe Tan has it" in words(question)
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
    assert "Came to Customer Support, Manila" in page


def test_a_past_task_shows_what_became_of_it(
    client_of: ClientOf, support: User, admin_member: User, make_task: MakeTask
):
    task = make_task()
    task.cancel(admin_member, "Wrong list")

    page = words(client_of(support).get(task.get_absolute_url()))

    assert "Adam Nowak canceled it at " in page
    assert "Wrong list" in page
