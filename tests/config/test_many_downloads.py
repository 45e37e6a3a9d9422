"""Downloads that take long keep neither pages waiting nor the downloads of other workspaces."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.workspaces.models import User
from tests.bulk_actions.conftest import empty_queue as empty_queue
from tests.bulk_actions.conftest import start_move as start_move
from tests.daphne import Daphne
from tests.notifications.conftest import web as web

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 8  # more than there are threads for pages
Ask = Callable[[User, str], http.client.HTTPConnection]


@pytest.fixture
def action(make_candidates: Any, opening: Any, start_move: Any) -> BulkAction:
    make_candidates(3)
    action: BulkAction = start_move(opening.folders.get(name="Hired"))
    lane.work_on(action.pk, 0)
    return action


@pytest.fixture
def ask(web: Daphne, recruiter: User, stranger: User) -> Ask:
    """`ask(who, path)`: what is asked for, by somebody who is logged in already."""
    cookies = {user: f"sessionid={session_of(user)}" for user in (recruiter, stranger)}

    def ask(user: User, path: str) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
        connection.request("GET", path, headers={"Cookie": cookies[user]})
        return connection

    return ask


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@contextmanager
def slow_downloads(ask: Ask, user: User, action: BulkAction) -> Iterator[None]:
    """Many lists of the action's candidates are asked for, and none comes to an end meanwhile."""
    path = f"/bulk-actions/{action.pk}/outcomes.csv?result=done"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE bulk_actions_outcome IN ACCESS EXCLUSIVE MODE")
        first = ask(user, path)
        assert first.getresponse().status == 200
        others = [ask(user, path) for _ in range(MANY)]
        yield
    for one in [first, *others]:
        one.close()


def test_pages_do_not_wait_for_downloads_that_wait(
    ask: Ask, recruiter: User, action: BulkAction
) -> None:
    with slow_downloads(ask, recruiter, action):
        assert ask(recruiter, "/login/").getresponse().status == 302


def test_a_workspace_downloads_while_many_of_another_take_long(
    ask: Ask, recruiter: User, stranger: User, action: BulkAction
) -> None:
    with slow_downloads(ask, recruiter, action):
        answer = ask(stranger, "/tasks/past/past.csv").getresponse()

        assert answer.status == 200
        assert b"Candidate" in answer.read()
