"""Accepting over HTTP, one or the next: what those read who came too late."""

from pipeline.outreach.models import Campaign, CampaignState
from pipeline.tasks.models import Task
from pipeline.tasks.models.rules import AgentSkills
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User
from tests.tasks.conftest import MakeTask

from .browsing import HTMX, ClientOf, words
from .conftest import in_days


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

    assert "There are no waiting tasks. New tasks appear here automatically." in page
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

    assert "There is nothing for you right now. Waiting: 1 due later, the first at " in page
    assert "; 1 in campaigns that are paused; 2 outside your skills" in page
