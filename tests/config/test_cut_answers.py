"""What has begun and can't go on ends at once, and its reader knows that it is not all."""

import http.client
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
from tests.faults.conftest import wait_for
from tests.notifications.conftest import web as web

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = """
SELECT pid FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%%bulk_actions_outcome%%'
"""


@pytest.fixture
def action(make_candidates: Any, opening: Any, start_move: Any) -> BulkAction:
    make_candidates(3)
    action: BulkAction = start_move(opening.folders.get(name="Hired"))
    lane.work_on(action.pk, 0)
    return action


@pytest.fixture
def session(recruiter: User) -> str:
    client = Client()
    client.force_login(recruiter)
    return client.cookies["sessionid"].value


def download(web: Daphne, session: str, action: BulkAction) -> http.client.HTTPResponse:
    asked = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    path = f"/bulk-actions/{action.pk}/outcomes.csv?result=done"
    asked.request("GET", path, headers={"Cookie": f"sessionid={session}"})
    return asked.getresponse()


def end_who_waits() -> bool:
    """The session of the download loses its database, as when that restarts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction looks only once
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS waiting")
        return bool(cursor.fetchall())


def test_a_download_that_breaks_off_is_known_to_be_incomplete(
    web: Daphne, session: str, action: BulkAction
) -> None:
    for _ in range(2):  # the first one must not end what looks after the second
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE bulk_actions_outcome IN ACCESS EXCLUSIVE MODE")
            answer = download(web, session, action)
            assert answer.status == 200
            wait_for(end_who_waits, seconds=20)

            with pytest.raises(http.client.IncompleteRead):
                answer.read()


def test_one_that_is_whole_ends_as_before(web: Daphne, session: str, action: BulkAction) -> None:
    assert download(web, session, action).read().decode().count("Hired") >= 3
