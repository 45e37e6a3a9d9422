"""The desk's verbs over HTTP: who may, and what those read who came too late."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from pipeline.candidates.models import Candidate
from pipeline.outreach.campaigns import CampaignState
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.states import State
from pipeline.tasks.types import TaskType
from pipeline.workspaces.models import User
from tests.tasks.conftest import MakeTask

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def test_the_desk_shows_the_queue_in_order_and_mine_above(
    client_of: ClientOf, agent: User, make_task: MakeTask, no_limit: None
):
    low, urgent, mine = make_task(priority=1), make_task(priority=4), make_task()
    mine.accept(agent)

    page = client_of(agent).get("/tasks/").content.decode()

    assert page.index(f'id="mine-{mine.pk}"') < page.index(f'id="task-{urgent.pk}"')
    assert page.index(f'id="task-{urgent.pk}"') < page.index(f'id="task-{low.pk}"')


def test_support_looks_on_without_buttons(client_of: ClientOf, support: User, make_task: MakeTask):
    task = make_task()
    client = client_of(support)

    pages = [client.get(url).content.decode() for url in ("/tasks/", task.get_absolute_url())]

    for page in pages:
        assert "Inger Svärd" in page
        assert "/accept/" not in page
        assert "/cancel/" not in page.replace("/bulk-actions/cancel-all/", "")
        assert "/tasks/next/" not in page
