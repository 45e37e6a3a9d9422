"""Lists read only what they show: the attributes of many candidates may be megabytes."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Candidate, Opening
from pipeline.journeys.writing.enroll import enroll
from pipeline.tasks.models import Task
from pipeline.workspaces.models import User
from tests.bulk_actions.conftest import start_move as start_move
from tests.conftest import PASSWORD
from tests.journeys.conftest import make_journey as make_journey
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task

READ = '"candidates_candidate"."attributes"'


@pytest.fixture
def reads(owner: User, client_of: Callable[[User], Client]) -> Callable[..., list[str]]:
    """The statements of a page that read attributes."""

    def reads(address: str, by: User = owner) -> list[str]:
        client = client_of(by)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
            body = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200
        assert b"Inger" in body
        return [query["sql"] for query in queries if READ in query["sql"]]

    return reads


def test_the_candidates(reads, candidate):
    assert reads(reverse("candidates:list")) == []


def test_the_candidates_for_a_new_task(reads, candidate):
    assert reads(f"{reverse('tasks:new-candidates')}?q=inger") == []


def test_the_desk(reads, make_task):
    make_task()

    assert reads(reverse("tasks:desk")) == []


@pytest.mark.parametrize("name", ["past:list", "past:csv"])
def test_the_past_tasks(reads, make_task, owner, name):
    task = make_task()
    task.cancel(by=owner, reason="No longer needed")

    assert reads(reverse(name)) == []


def test_the_runs_of_a_journey(reads, make_journey, candidate):
    journey = make_journey(("wait", {"kind": "time", "number": 3, "unit": "days"}))
    enroll(journey.version, [candidate.pk], "by hand")

    assert reads(reverse("journeys:runs", args=[journey.pk])) == []


def test_the_review_and_the_download_of_an_action(reads, start_move, opening, candidate):
    action: BulkAction = start_move(opening.folders.get(name="Hired"))
    lane.work_on(action.pk, 0)

    assert reads(reverse("bulk_actions:review", args=[action.pk])) == []
    assert reads(f"{reverse('bulk_actions:outcomes', args=[action.pk])}?result=done") == []


def test_the_admin_sites_candidates(reads, candidate):
    root = User.objects.create_superuser("root@example.com", PASSWORD)

    assert reads(reverse("admin:candidates_candidate_changelist"), by=root) == []


def test_the_other_applications_of_a_candidate(reads, candidate, other_opening: Opening):
    Candidate.objects.create(
        workspace=candidate.workspace,
        opening=other_opening,
        folder=other_opening.inbox,
        full_name="Inger Svärd",
        copied_from=candidate,
    )

    found = reads(reverse("candidates:profile", args=[candidate.pk]))

    assert len(found) == 1  # the one whose profile it is


def test_one_candidates_attributes_are_still_on_the_pages_that_show_them(
    make_task, candidate, client_of, agent
):
    Candidate.objects.update(attributes={"Shoe size": "43"})
    task: Task = make_task()

    for page in (candidate.get_absolute_url(), task.get_absolute_url()):
        assert "Shoe size" in client_of(agent).get(page).content.decode()
