"""A journey's editor as a recruiter has it in front of her."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from pipeline.journeys.definition.definition import Definition
from pipeline.journeys.models import Journey
from pipeline.workspaces.models import User, Workspace
from tests.journeys.conftest import candidate as candidate
from tests.journeys.conftest import make_journey as make_journey
from tests.journeys.conftest import make_task as make_task
from tests.journeys.definitions import definition

Draft = Callable[..., Journey]


@pytest.fixture
def draft(workspace: Workspace, owner: User) -> Draft:
    """`draft(b1=("wait", "b2", {…options}), …)`: never published."""

    def make(name: str = "Converted", trigger: Any = None, **blocks: Any) -> Journey:
        data = definition(**blocks).as_json()
        if trigger:
            data["trigger"] = {"type": trigger[0], "options": trigger[1]}
        return Journey.objects.create(workspace=workspace, name=name, draft=data, created_by=owner)

    return make


@dataclass
class Editor:
    """What one user does to a journey, always on top of what is there now."""

    client: Client
    journey: Journey
    headers: dict[str, str] = field(default_factory=lambda: {"hx-request": "true"})

    def address(self, path: str = "edit/") -> str:
        return f"/journeys/{self.journey.pk}/{path}"

    def get(self, path: str = "edit/") -> str:
        return words(self.client.get(self.address(path), headers=self.headers))

    def post(self, path: str, **data: Any) -> Any:
        self.journey.refresh_from_db()
        asked = {"revision": self.journey.revision} | data
        response = self.client.post(self.address(path), asked, headers=self.headers)
        self.journey.refresh_from_db()
        return response

    @property
    def now(self) -> Definition:
        self.journey.refresh_from_db()
        return Definition.from_json(self.journey.draft)


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def editor(client_of: Any, recruiter: User) -> Callable[[Journey], Editor]:
    return lambda journey: Editor(client_of(recruiter), journey)
