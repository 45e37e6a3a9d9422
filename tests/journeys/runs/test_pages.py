"""What journeys do, as people see it: all of them, the runs of one, one run's log."""

from typing import Any

import pytest

from pipeline.candidates.models import Candidate, Opening
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.writing.enroll import enroll
from pipeline.tasks.models import Task
from pipeline.workspaces.models import User
from tests.journeys.conftest import MakeJourney, until_nothing_is_due
from tests.pages import one_line

CALL = ("create_task", {"type": "outbound_call"})
NO_CALLS = ("cancel_task", {"scope": "type", "types": ["outbound_call"]})
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})


@pytest.fixture
def journey(make_journey: MakeJourney) -> Journey:
    return make_journey(CALL, NO_CALLS, THREE_DAYS)


@pytest.fixture
def run(journey: Journey, candidate: Candidate) -> Run:
    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")
    until_nothing_is_due()
    return Run.objects.get()


def page_of(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return one_line(answer)


def test_the_list_says_how_many_run_and_what_they_canceled(
    client_of: Any, agent: User, journey: Journey, run: Run
):
    page = page_of(client_of(agent), "/journeys/")

    assert "Converted customers" in page
    assert '1<span class="visually-hidden"> in progress' in page
    assert '1<span class="visually-hidden"> tasks canceled' in page
    assert "New journey" not in page


def test_a_limited_member_counts_what_it_sees(
    client_of: Any, limited: User, opening: Opening, journey: Journey, run: Run
):
    assert '1<span class="visually-hidden"> in progress' in page_of(
        client_of(limited), "/journeys/"
    )
    limited.membership.openings.remove(opening)

    client = client_of(User.objects.get(pk=limited.pk))
    assert '0<span class="visually-hidden"> in progress' in page_of(client, "/journeys/")
    assert "Inger Svärd" not in page_of(client, f"/journeys/{journey.pk}/runs/")
    assert client.get(f"/journeys/{journey.pk}/runs/{run.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "other"),
    [
        ("state=running", "state=failed"),
        ("q=inger", "q=nobody"),
        ("q=SVARD", "q=;"),
        ("block=b3", "block=b1"),
        ("since=2026-01-01", "until=2026-01-01"),
    ],
)
def test_runs_are_found(
    client_of: Any, support: User, journey: Journey, run: Run, wanted: str, other: str
):
    client = client_of(support)
    address = f"/journeys/{journey.pk}/runs/"

    assert "Inger Svärd" in page_of(client, address)
    assert "Inger Svärd" in page_of(client, f"{address}?{wanted}")
    assert "Inger Svärd" not in page_of(client, f"{address}?{other}")


def test_runs_are_found_by_their_version(
    client_of: Any, support: User, recruiter: User, journey: Journey, run: Run
):
    client = client_of(support)
    address = f"/journeys/{journey.pk}/runs/"
    second = publish(journey, recruiter)

    assert "Inger Svärd" in page_of(client, f"{address}?version={run.version_id}")
    assert "Inger Svärd" not in page_of(client, f"{address}?version={second.pk}")


def test_the_log_says_what_each_block_did(
    client_of: Any, support: User, journey: Journey, run: Run
):
    page = page_of(client_of(support), f"/journeys/{journey.pk}/runs/{run.pk}/")

    assert "Canceled 1 waiting task: Outbound Call." in page
    assert "Waits 3 days." in page
    assert "Stop this run" not in page


def test_a_task_leads_to_the_line_that_tells_of_it_and_back(
    client_of: Any, support: User, journey: Journey, run: Run
):
    client = client_of(support)
    task = Task.objects.get()
    log = f"/journeys/{journey.pk}/runs/{run.pk}/"

    history = page_of(client, f"/tasks/past/{task.pk}/")
    assert f'href="{log}#created-{task.pk}"' in history
    assert f'href="{log}#canceled-{task.pk}"' in history
    assert f'href="{log}#canceled-{task.pk}"' in page_of(client, "/tasks/past/")
    for verb in ("created", "canceled"):
        assert f'id="{verb}-{task.pk}" href="/tasks/past/{task.pk}/"' in page_of(client, log)


def test_a_run_is_stopped_once(client_of: Any, recruiter: User, journey: Journey, run: Run):
    client = client_of(recruiter)
    address = f"/journeys/{journey.pk}/runs/{run.pk}/"

    first = client.post(f"{address}stop/", follow=True).content.decode()
    second = client.post(f"{address}stop/", follow=True).content.decode()

    run.refresh_from_db()
    assert (run.state, run.end_reason) == (RunState.STOPPED, "Ana Ruiz stopped it.")
    assert "It takes no further steps" in first
    assert "the run had already ended" in second
    assert run.log.count() == run.steps
