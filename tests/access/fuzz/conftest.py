"""Everybody's browsers, the addresses that they ask for, and what is known of each."""

import secrets
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.test import Client

from pipeline.journeys.blocks import BLOCKS
from pipeline.journeys.blocks.view import ways_of_new
from pipeline.journeys.models import Journey
from pipeline.workspaces.models import User
from tests.access.table import WHO

from .targets import Known

Clients = dict[str, Client]
Rounds = Callable[[int, int], int]


@pytest.fixture
def clients(world: dict[str, Any], request: pytest.FixtureRequest) -> Clients:
    """One for each of WHO; an error of the site is an answer to them, as it is to a browser."""
    found = {}
    for name in WHO:
        client = Client(raise_request_exception=False)
        if user := request.getfixturevalue(name):
            client.force_login(user)
        found[name] = client
    return found


@pytest.fixture
def every_block(world: dict[str, Any], owner: User) -> Journey:
    """A draft with one block of each kind."""
    blocks = {
        f"b{number}": {"type": key, "options": {}, "ways": dict.fromkeys(ways_of_new(kind))}
        for number, (key, kind) in enumerate(BLOCKS.items(), start=1)
    }
    draft = {"trigger": {"type": "created", "options": {}}, "start": "b1", "blocks": blocks}
    return Journey.objects.create(
        workspace=owner.membership.workspace, name="All", draft=draft, created_by=owner
    )


@pytest.fixture
def known(world: dict[str, Any], every_block: Journey) -> Known:
    return Known.of(world, every_block)


@pytest.fixture
def random(pytestconfig: pytest.Config) -> Random:
    given = pytestconfig.getoption("--seed")
    if given is None:
        given = secrets.randbelow(1_000_000) if pytestconfig.getoption("--soak") else 11
    print(f"--seed {given}")
    return Random(given)


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> Rounds:
    """`rounds(few, many)`: how many are tried; many with --soak."""
    return lambda few, many: many if pytestconfig.getoption("--soak") else few
