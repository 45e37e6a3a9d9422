"""The pages of the jobs' queues, which a library brings for superusers: anything may be sent."""

import re
from collections.abc import Iterator
from random import Random

import django_rq
import django_rq.urls
import pytest
from django.contrib.admin import site
from django.urls import reverse
from django_rq.models import Dashboard
from rq.job import Job
from rq.registry import FailedJobRegistry, FinishedJobRegistry

from pipeline.bulk_actions.engine.wakeups import QUEUES
from pipeline.workspaces.models import User

from . import hostile
from .asking import Ask, all_troubles
from .conftest import Clients, Rounds
from .targets import HOW, PART, hostile_fields

READ = ("page", "desc", "action", "_selected_action", "job_ids", "next_url", "post", "name[]")
ACTIONS = ("delete", "requeue", "stop")


@pytest.fixture
def jobs() -> Iterator[list[str]]:
    """One that waits, one that failed and one that is done; nobody works on them."""
    queue = django_rq.get_queue(QUEUES[0])
    made = [Job.create("len", ["x"], connection=queue.connection) for _ in range(3)]
    waiting, failed, done = made
    queue.enqueue_job(waiting)
    for job, registry in ((failed, FailedJobRegistry), (done, FinishedJobRegistry)):
        job.save()
        registry(queue=queue).add(job, ttl=600)
    yield [job.id for job in made]
    for key in queue.connection.scan_iter("rq:*"):
        queue.connection.delete(key)


def test_the_queues_take_anything(
    clients: Clients, jobs: list[str], owner: User, random: Random, rounds: Rounds
) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    asked = []
    for _ in range(rounds(3, 60)):
        for route in ROUTES:
            ask = Ask(random.choice(("GET", "GET", "POST")), address(route, jobs, random))
            usual = {"action": random.choice(ACTIONS), "job_ids": random.choice(jobs), "post": "1"}
            value = random.choice(hostile.VALUES)
            fields = hostile_fields(usual, random.choice(READ), value, random.choice(HOW))
            asked.append(("owner", ask.with_fields(fields)))

    assert all_troubles(clients, asked) == []


@pytest.mark.parametrize(
    "next_url", ["x", "\u2028\u202e", "//evil.example/", "https://evil.example/"]
)
@pytest.mark.parametrize("page", ["actions", "confirm_action"])
def test_after_an_action_one_stays_here(
    page: str, next_url: str, clients: Clients, jobs: list[str], owner: User
) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    address = reverse(f"django_rq:{page}", args=[0])

    gone = clients["owner"].post(address, {"next_url": next_url}, headers={"Referer": next_url})
    back = clients["owner"].post(
        address, {"next_url": "/admin/"}, headers={"Referer": "http://testserver/admin/"}
    )

    assert (gone.status_code, gone["Location"]) == (302, reverse("django_rq:jobs", args=[0]))
    assert back["Location"] in ("/admin/", "http://testserver/admin/")


def routes() -> Iterator[str]:
    places = {
        reverse("django_rq:home"): django_rq.urls.urlpatterns,
        reverse("admin:django_rq_dashboard_changelist"): site.get_model_admin(Dashboard).get_urls(),
    }
    for place, patterns in places.items():
        yield from (place + str(one.pattern) for one in patterns)


ROUTES = sorted(route for route in routes() if "^" not in route)


def address(route: str, jobs: list[str], random: Random) -> str:
    """With one of the queues and jobs in half of the places, and anything in the others."""

    def part(found: re.Match[str]) -> str:
        known = ["0", "1"] if found[1] == "int" else jobs
        any_of = known if random.random() < 0.6 else hostile.SEGMENTS.get(found[1] or "str")
        return random.choice(any_of or hostile.SEGMENTS["str"])

    return PART.sub(part, route)
