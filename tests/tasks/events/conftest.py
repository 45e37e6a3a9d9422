"""A phone system with a token, and how it posts."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from pipeline.candidates.models import Candidate
from pipeline.tasks.models.inbound_event import ApiToken
from pipeline.workspaces.models import User, Workspace

ADDRESS = "/api/events/"
Post = Callable[..., Any]


@pytest.fixture
def issued(workspace: Workspace, owner: User) -> tuple[ApiToken, str]:
    return ApiToken.objects.issue(workspace, "Phone system", owner)


@pytest.fixture
def token(issued: tuple[ApiToken, str]) -> ApiToken:
    return issued[0]


@pytest.fixture
def ana(make_candidates: Any) -> Candidate:
    found: Candidate = make_candidates(
        1, full_name="Ana Ruiz", phone="+447700900123", email="ana.ruiz@example.com"
    ).get()
    return found


@pytest.fixture
def post(issued: tuple[ApiToken, str]) -> Post:
    """`post({…})` or `post(b"…")`: the answer. Any header can be set; None leaves it out."""

    def post(event: Any, secret: str | None = issued[1], **options: Any) -> Any:
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        options = {"content_type": "application/json", **options}
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return Client().post(ADDRESS, body, headers=headers, **options)

    return post


@pytest.fixture
def call(post: Post, ana: Candidate) -> Post:
    """`call(field=value, …)`: post Ana's call, with these fields in it; one that is ... is not."""

    def call(**fields: Any) -> Any:
        event = {"id": "call-1", "type": "inbound_call", "candidate": ana.pk, **fields}
        return post({name: value for name, value in event.items() if value is not ...})

    return call
