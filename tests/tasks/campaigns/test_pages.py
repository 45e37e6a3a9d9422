"""The pages of campaigns: who sees which numbers, what may be changed, and by whom."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pipeline.candidates.models import Candidate, Opening
from pipeline.outreach.models import Campaign, CampaignState, CampaignWork
from pipeline.tasks.campaigns import counts
from pipeline.tasks.models import Disposition, Task
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.conftest import MakeCandidates
from tests.tasks.conftest import MakeTask

LIST, NEW = "/campaigns/", "/campaigns/new/"
ANSWERS = {"name": "Spring", "channel": "phone", "work": "agents", "priority": "3"}


@pytest.fixture
def page(client_of: Callable[[User], Client], recruiter: User) -> Client:
    return client_of(recruiter)


@pytest.fixture
def four_tasks(make_task: MakeTask, campaign: Campaign, agent: User, no_limit: None) -> list[Task]:
    """Of the campaign: one in each state, and a second one that waits."""
    waiting, assigned, completed, canceled, _ = (make_task(campaign=campaign) for _ in range(5))
    assigned.accept(agent)
    completed.accept(agent)
    completed.complete(agent, Disposition.REACHED)
    canceled.cancel(agent, "Hired elsewhere")
    return [waiting, assigned, completed, canceled]


def at(campaign: Campaign, page: str = "") -> str:
    return f"{LIST}{campaign.pk}/{page}"


def audited() -> list[str]:
    return [f"{entry.verb} {entry.subject}" for entry in AuditEntry.objects.order_by("pk")]


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def numbers_for(user: User, campaign: Campaign) -> list[str]:
    (found,) = counts.counted(Campaign.objects.visible_to(user).filter(pk=campaign.pk), user)
    return [str(number) for number in found.numbers.values()]  # type: ignore[attr-defined]


# --- the numbers ---


def test_the_list_counts_the_tasks_of_each_state(page: Client, campaign: Campaign, four_tasks: Any):
    shown = words(page.get(LIST))

    for label, number in (("Waiting", 2), ("Assigned", 1), ("Completed", 1), ("Canceled", 1)):
        assert f'<td data-label="{label}" class="text-lg-end"><div class="cell">{number}</div>' in (
            shown
        )


def test_a_limited_member_s_numbers_tell_nothing_of_other_openings(
    limited: User,
    owner: User,
    campaign: Campaign,
    four_tasks: Any,
    make_task: MakeTask,
    make_candidates: MakeCandidates,
    other_opening: Opening,
):
    make_task(candidate=make_candidates(1, other_opening).get(), campaign=campaign)

    assert numbers_for(owner, campaign) == ["3", "1", "1", "1"]
    assert numbers_for(limited, campaign) == ["2", "1", "1", "1"]
    limited.membership.openings.clear()
    assert numbers_for(limited, campaign) == ["0", "0", "0", "0"]


def test_nobody_counts_further_than_needed(
    monkeypatch: pytest.MonkeyPatch, owner: User, campaign: Campaign, four_tasks: Any
):
    monkeypatch.setattr(counts, "MOST", 0)
    monkeypatch.setattr("pipeline.foundation.counts.MOST", 0)

    (found,) = counts.counted(Campaign.objects.filter(pk=campaign.pk), owner)

    waiting = found.numbers["in_queue"]  # type: ignore[attr-defined]
    assert (waiting.value, str(waiting)) == (1, "0+")


def test_the_list_takes_as_many_queries_for_many_campaigns_as_for_one(
    page: Client, workspace: Workspace, campaign: Campaign
):
    page.get(LIST)
    before = len(queries_of(page))
    for number in range(5):
        Campaign.objects.launch(workspace, name=f"Campaign {number}", channel="sms")

    assert len(queries_of(page)) == before


def queries_of(page: Client) -> list[Any]:
    with CaptureQueriesContext(connection) as queries:
        page.get(LIST)
    return list(queries)


def test_older_campaigns_are_on_the_next_page(
    page: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.tasks.campaigns.views.PAGE", 2)
    for name in ("First", "Second", "Third"):
        Campaign.objects.launch(workspace, name=name, channel="sms")

    newest, older = words(page.get(LIST)), words(page.get(f"{LIST}?before=2"))

    assert [name in newest for name in ("First", "Second", "Third")] == [False, True, True]
    assert "?before=2" in newest
    assert [name in older for name in ("First", "Second")] == [True, False]


# --- the form ---


def test_a_new_campaign_is_a_draft_with_the_next_number(
    page: Client, workspace: Workspace, campaign: Campaign
):
    response = page.post(NEW, ANSWERS)

    made = Campaign.objects.get(name="Spring")
    assert response["Location"] == at(made)
    assert (made.workspace, made.number, made.state) == (workspace, 2, CampaignState.DRAFT)
    assert (made.channel, made.work, made.priority) == ("phone", "agents", 3)
    assert audited() == ["added the campaign C2 Spring"]


@pytest.mark.parametrize(
    ("answers", "field", "complaint"),
    [
        ({"name": " win  back "}, "name", "There is already a campaign called “win back”."),
        ({"name": ""}, "name", "This field is required."),
        ({"channel": "fax"}, "channel", "Select a valid choice."),
        ({"work": "robots"}, "work", "Select a valid choice."),
        ({"priority": "9"}, "priority", "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    answers: dict[str, str], field: str, complaint: str, page: Client, campaign: Campaign
):
    response = page.post(NEW, ANSWERS | answers)

    assert response.status_code == 422
    assert complaint in " ".join(response.context["form"].errors[field])
    assert Campaign.objects.count() == 1
    assert audited() == []


def test_the_same_name_in_another_workspace_is_no_matter(
    client_of: Any, stranger: User, campaign: Campaign
):
    client_of(stranger).post(NEW, ANSWERS | {"name": campaign.name})

    assert Campaign.objects.filter(name=campaign.name).count() == 2


def test_name_and_priority_are_changed_with_a_line_in_the_audit(page: Client, campaign: Campaign):
    response = page.post(at(campaign, "edit/"), {"name": "Come back", "priority": "4"})

    campaign.refresh_from_db()
    assert response["Location"] == at(campaign)
    assert (campaign.name, campaign.priority, campaign.channel) == ("Come back", 4, "phone")
    changes = "name from Win back to Come back; priority from Normal to Urgent"
    assert audited() == [f"changed the campaign C1 Come back: {changes}"]


def test_saved_as_it_was_there_is_nothing_to_tell(page: Client, campaign: Campaign):
    page.post(at(campaign, "edit/"), {"name": campaign.name, "priority": campaign.priority})

    assert audited() == []


@pytest.mark.parametrize("state", [CampaignState.READY, CampaignState.PAUSED])
@pytest.mark.parametrize("change", [{"channel": "sms"}, {"work": "automated"}])
def test_what_it_is_stays_once_it_can_have_tasks(
    change: dict[str, str], state: str, page: Client, campaign: Campaign
):
    Campaign.objects.filter(pk=campaign.pk).update(state=state)

    response = page.post(at(campaign, "edit/"), ANSWERS | change)

    campaign.refresh_from_db()
    assert response.status_code == 422
    assert "This can’t be changed any more: Win back is " in words(response)
    assert (campaign.name, campaign.channel, campaign.work) == ("Win back", "phone", "agents")


def test_what_a_draft_is_can_be_changed(page: Client, campaign: Campaign):
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.DRAFT)

    page.post(at(campaign, "edit/"), ANSWERS | {"channel": "sms", "work": "automated"})

    campaign.refresh_from_db()
    assert (campaign.channel, campaign.work) == ("sms", CampaignWork.AUTOMATED)


# --- its states ---


@pytest.mark.parametrize("verb", Campaign.MOVES)
@pytest.mark.parametrize("state", CampaignState)
def test_a_campaign_moves_along_the_table_and_no_other_way(
    state: str, verb: str, page: Client, campaign: Campaign
):
    Campaign.objects.filter(pk=campaign.pk).update(state=state)

    response = page.post(at(campaign, verb.replace("_", "-") + "/"), follow=True)

    campaign.refresh_from_db()
    assert campaign.state == Campaign.MOVES[verb].get(state, state)
    assert len(audited()) == (state in Campaign.MOVES[verb])
    told = f"Win back is {campaign.get_state_display()}."
    assert (told if state in Campaign.MOVES[verb] else f"Nothing was changed: {told}") in words(
        response
    )


def test_pausing_says_in_numbers_what_will_happen(
    page: Client, campaign: Campaign, four_tasks: list[Task], agent: User
):
    asked = words(page.get(at(campaign, "pause/")))

    stay = "<strong>2</strong> waiting tasks stay in the queue, and no one can accept them until"
    assert f"{stay} the campaign is resumed." in asked
    assert "<strong>1</strong> accepted task stays with its agent." in asked
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.READY


def test_what_was_said_of_a_pause_is_so(
    page: Client, campaign: Campaign, four_tasks: list[Task], agent: User
):
    waiting, assigned = four_tasks[:2]

    page.post(at(campaign, "pause/"))

    assert not waiting.accept(agent)
    assert waiting.is_waiting
    assert assigned.complete(agent, Disposition.DONE)
    assert audited() == ["paused the campaign C1 Win back"]
    page.post(at(campaign, "resume/"))
    assert waiting.accept(agent)


# --- deleting ---


def test_a_campaign_without_tasks_is_deleted_after_a_question(page: Client, campaign: Campaign):
    assert "Delete the campaign “Win back”?" in words(page.get(at(campaign, "delete/")))
    assert Campaign.objects.exists()

    assert page.post(at(campaign, "delete/"))["Location"] == LIST

    assert not Campaign.objects.exists()
    assert audited() == ["deleted the campaign C1 Win back"]


def test_a_campaign_with_tasks_stays_and_one_reads_what_to_do_instead(
    page: Client, campaign: Campaign, four_tasks: Any
):
    asked, refused = page.get(at(campaign, "delete/")), page.post(at(campaign, "delete/"))

    assert (asked.status_code, refused.status_code) == (200, 409)
    for answer in (asked, refused):
        assert "To stop its work, pause it" in words(answer)
        assert ">Delete</button>" not in answer.content.decode()
    assert Campaign.objects.exists()
    assert audited() == []


# --- who may ---


@pytest.mark.parametrize("who", ["agent", "support"])
def test_who_starts_nothing_looks_on(who: str, request: Any, client_of: Any, campaign: Campaign):
    client = client_of(request.getfixturevalue(who))

    seen = words(client.get(at(campaign)))
    answers = [client.post(at(campaign, verb)) for verb in ("pause/", "edit/", "delete/")]
    answers.append(client.post(NEW, ANSWERS))

    assert "agents can accept its tasks" in seen
    assert "Pause</a>" not in seen
    assert [answer.status_code for answer in answers] == [403] * 4
    assert "Changing a campaign requires an Owner, Admin or Recruiter" in words(answers[0])
    campaign.refresh_from_db()
    assert (Campaign.objects.count(), campaign.state) == (1, CampaignState.READY)


def test_another_workspace_s_campaign_is_not_found(
    client_of: Any, stranger: User, campaign: Campaign
):
    client = client_of(stranger)
    pages = ("", "edit/", "pause/", "delete/")

    assert [client.get(at(campaign, each)).status_code for each in pages] == [404] * 4
    posts = ("edit/", "pause/", "resume/", "make-ready/", "delete/")
    assert [client.post(at(campaign, each), ANSWERS).status_code for each in posts] == [404] * 5
    assert "Win back" not in words(client.get(LIST))
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.READY


def test_an_automated_campaign_has_no_tasks_to_count(page: Client, workspace: Workspace):
    sends = Campaign.objects.launch(
        workspace, name="Newsletter", channel="email", work="automated", state="ready"
    )

    assert "agents get no tasks from it" in words(page.get(at(sends)))
    assert "It is automated and has no tasks." in words(page.get(at(sends, "pause/")))
    assert "Has no tasks" in words(page.get(LIST))


def test_the_page_leads_to_the_queue_and_to_the_past_tasks(
    page: Client, campaign: Campaign, four_tasks: Any, candidate: Candidate
):
    shown = words(page.get(at(campaign)))

    assert f'href="/tasks/?campaign={campaign.pk}"' in shown
    assert f'href="/tasks/past/?campaign={campaign.pk}"' in shown
    assert f'href="/tasks/past/?campaign={campaign.pk}&amp;state=canceled"' in shown
