"""A task's own page: what happened to it, in sentences, from its creation on."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.actors import Canceler, CancelSource, Origin
from pipeline.tasks.models.scopes import AllTasks
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.past.history import steps_of
from pipeline.workspaces.models import User
from tests.tasks.conftest import CONVERTED, MakeTask

BLOCK = ", block “Cancel Task: Outbound Call”"
JOURNEY = f"Journey 12 “Converted customers” v3{BLOCK}"


def told(task: Task) -> list[str]:
    return [step.sentence for step in steps_of(task)]


def page_of(client: Any, task: Task) -> str:
    html = unescape(client.get(f"/tasks/past/{task.pk}/").content.decode())
    return re.sub(r"\s+", " ", html)


def read(client: Any, task: Task) -> list[str]:
    """The sentences as the page has them, without the tags."""
    listed = re.findall(r'<div class="text-break">(.*?)</div>', page_of(client, task))
    return [re.sub(r"<.*?>", "", one).strip() for one in listed]


@pytest.mark.parametrize(
    ("origin", "sentence"),
    [
        (Origin.JOURNEY, f"Created by {JOURNEY}"),
        (Origin.AGENT, "Created by Chloe Tan"),
        (Origin.EVENT, "Created by an inbound event of Phone system"),
        (Origin.BULK_ACTION, "Created by Chloe Tan, bulk action 5"),
    ],
)
def test_it_says_who_or_what_made_the_task(
    origin: Origin, sentence: str, make_task: MakeTask, client_of, support
):
    task = make_task(origin=origin)

    assert told(task) == [sentence]
    assert read(client_of(support), task) == [sentence]


def test_it_says_for_which_campaign_a_task_was_made(
    make_task: MakeTask, campaign: Campaign, client_of, support
):
    task = make_task(origin=Origin.CAMPAIGN, campaign=campaign)

    sentence = "Created by Chloe Tan, bulk action 5, for the campaign C1 “Win back”"
    assert told(task) == [sentence]
    assert read(client_of(support), task) == [sentence]


def test_a_manual_task_is_its_makers_from_the_beginning(make_task: MakeTask, agent: User):
    task = make_task(TaskType.MANUAL_OUTBOUND_CALL, origin=Origin.AGENT)
    task.release(agent, "Wrong one")
    task.accept(agent)

    assert told(task) == [
        "Created by Chloe Tanand assigned to them at once",
        "Released by Chloe Tan, because “Wrong one”",
        "Accepted by Chloe Tan",
    ]


def test_it_tells_every_acceptance_and_release_up_to_the_end(
    make_task: MakeTask, agent: User, recruiter: User, owner: User, client_of, support
):
    task = make_task(notes="Speaks Swedish")
    task.accept(agent)
    task.release(agent, "Lunch")
    task.accept(recruiter)
    task.release(owner)
    task.accept(agent)
    task.complete(agent, Disposition.REACHED)

    sentences = [
        f"Created by {JOURNEY}",
        "Accepted by Chloe Tan",
        "Released by Chloe Tan, because “Lunch”",
        "Accepted by Ana Ruiz",
        "Returned to the queue by Olga Berg, from Ana Ruiz",
        "Accepted by Chloe Tan",
        "Completed by Chloe Tan: Reached",
    ]
    assert told(task) == sentences
    assert read(client_of(support), task) == sentences
    assert [step.at for step in steps_of(task)] == sorted(step.at for step in steps_of(task))
    assert "Speaks Swedish" in page_of(client_of(support), task)


CANCELERS: dict[CancelSource, tuple[Any, str]] = {
    CancelSource.JOURNEY: (lambda user: Canceler.journey(CONVERTED), JOURNEY),
    CancelSource.AGENT: (Canceler.person, "Chloe Tan (Agent)"),
    CancelSource.ADMIN: (Canceler.person, "Adam Nowak (Admin)"),
    CancelSource.BULK_ACTION: (
        lambda user: Canceler.bulk_action(7, user),
        "Chloe Tan, bulk action 7",
    ),
    CancelSource.CANDIDATE: (
        lambda user: Canceler.candidate("Inger Svärd"),
        "the candidate Inger Svärd",
    ),
    CancelSource.TIMEOUT: (lambda user: Canceler.timeout(), "Belay (Timeout)"),
}


@pytest.mark.parametrize("source", CancelSource)
def test_it_says_who_or_what_canceled_it_and_why(
    source: CancelSource, make_task: MakeTask, agent, admin_member, client_of, support
):
    canceler, who = CANCELERS[source]
    task = make_task(origin=Origin.EVENT)
    user = admin_member if source == CancelSource.ADMIN else agent

    Task.objects.filter(pk=task.pk).cancel(AllTasks(), canceler(user), "Not needed")

    task.refresh_from_db()
    sentence = f"Canceled by {who}, because “Not needed”"
    assert task.cancel_source == source
    assert told(task)[1:] == [sentence]
    assert read(client_of(support), task)[1:] == [sentence]


def test_it_stays_readable_when_the_people_are_gone(
    make_task: MakeTask, agent: User, recruiter: User, admin_member: User, client_of, support
):
    task = make_task(origin=Origin.AGENT)
    task.accept(recruiter)
    task.release(recruiter)
    task.cancel(admin_member, "Hired elsewhere")
    User.objects.filter(pk__in=[agent.pk, recruiter.pk, admin_member.pk]).delete()
    task = Task.objects.get(pk=task.pk)

    assert read(client_of(support), task) == [
        "Created by Chloe Tan",
        "Accepted by Ana Ruiz",
        "Released by Ana Ruiz",
        "Canceled by Adam Nowak (Admin), because “Hired elsewhere”",
    ]
    assert client_of(support).get("/tasks/past/").status_code == 200


def test_a_journey_and_what_its_block_did_are_linked(make_task: MakeTask, client_of, support):
    task = make_task()

    Task.objects.filter(pk=task.pk).update(created_by_run_id=None)
    page = page_of(client_of(support), task)
    assert 'href="/journeys/12/">Journey 12' in page
    assert "#created-" not in page
    Task.objects.filter(pk=task.pk).update(created_by_run_id=34)
    assert f'href="/journeys/12/runs/34/#created-{task.pk}">“' in page_of(client_of(support), task)


def test_a_bulk_action_is_linked_for_who_sees_all_openings(
    make_task: MakeTask, client_of, support, limited
):
    task = make_task(origin=Origin.BULK_ACTION)

    assert 'href="/bulk-actions/5/">bulk action 5</a>' in page_of(client_of(support), task)
    assert "/bulk-actions/5/" not in page_of(client_of(limited), task)
    assert read(client_of(limited), task) == ["Created by Chloe Tan, bulk action 5"]


def test_an_open_task_says_where_it_stands(make_task: MakeTask, agent, client_of, support):
    task = make_task()

    assert "It has been in the queue since" in page_of(client_of(support), task)
    task.accept(agent)
    assert "Chloe Tan accepted it at" in page_of(client_of(support), task)


def test_it_links_the_candidate_and_all_past_tasks_of_the_candidate(
    make_task: MakeTask, client_of, support, candidate: Candidate
):
    page = page_of(client_of(support), make_task())

    assert f'href="{candidate.get_absolute_url()}"' in page
    assert f'href="/tasks/past/?candidate={candidate.pk}"' in page


@pytest.mark.parametrize("who", ["stranger", "limited"])
def test_a_task_that_is_not_seen_is_not_there(
    who, request, client_of, make_task, make_candidates, other_opening
):
    task = make_task(candidate=make_candidates(1, other_opening).get())

    response = client_of(request.getfixturevalue(who)).get(f"/tasks/past/{task.pk}/")

    assert response.status_code == 404


@pytest.mark.parametrize("pk", [0, 10**18, 10**30])
def test_a_number_that_is_none_is_not_there(client_of, support, pk):
    assert client_of(support).get(f"/tasks/past/{pk}/").status_code == 404


def test_a_longer_history_takes_no_more_queries(make_task: MakeTask, agent, client_of, support):
    client, task = client_of(support), make_task()
    task.accept(agent)
    task.release(agent)
    with CaptureQueriesContext(connection) as few:
        page_of(client, task)
    for _ in range(3):
        task.accept(agent)
        task.release(agent)

    with CaptureQueriesContext(connection) as many:
        page_of(client, task)

    assert len(many) == len(few)
