"""A push goes to those who may hear it, and never costs the work."""

import logging
import signal
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

import tests.servers as servers
from notifications import live
from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.candidates.models import Folder, Opening
from pipeline.workspaces.models import User
from pipeline.workspaces.signals import access_changed
from tests.daphne import Daphne

from .conftest import OpenPage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "paused_until", 0.0)


@pytest.fixture
def hired(opening: Opening) -> Folder:
    return opening.folders.get(name="Hired")


@pytest.fixture
def action(make_candidates: Any, hired: Folder, start_move: Any) -> BulkAction:
    make_candidates(3)
    action: BulkAction = start_move(hired)
    return action


@pytest.fixture
def broken_layer(settings: Any) -> None:
    """Nobody listens where Redis should be."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


def test_it_is_rendered_once_whoever_may_see_it(action, limited, monkeypatch) -> None:
    render = Mock(return_value="")
    monkeypatch.setattr(live, "html_of", render)

    action.announce()

    render.assert_called_once()


def test_pushed_times_are_the_workspaces(action, workspace, stranger) -> None:
    workspace.time_zone = "Asia/Manila"
    workspace.save(update_fields=["time_zone"])
    action = BulkAction.objects.for_rows().get(pk=action.pk)

    html = live.html_of(action, live.WHOLE)

    assert f"{action.created_at.astimezone(workspace.tz):%H:%M} ·" in html


def test_the_work_goes_on_when_no_push_gets_through(action, broken_layer, caplog) -> None:
    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert (action.status, action.changed) == (Status.COMPLETED, 3)
    assert "No live updates for" in caplog.text


def test_after_a_failed_push_none_is_tried_for_a_while(action, broken_layer, caplog) -> None:
    caplog.set_level(logging.WARNING, "notifications.live")
    for _ in range(5):
        action.announce(status_changed=False)

    assert caplog.text.count("No live updates for") == 1


def test_a_hanging_redis_costs_about_a_second(action, request: pytest.FixtureRequest) -> None:
    redis = servers.redis and servers.redis.process
    assert redis, "needs the embedded Redis"
    redis.send_signal(signal.SIGSTOP)
    request.addfinalizer(lambda: redis.send_signal(signal.SIGCONT))

    began = time.monotonic()
    for _ in range(20):
        action.announce()

    assert time.monotonic() - began < 3


def test_while_redis_hangs_a_page_is_soon_right_all_the_same(
    open_page_of: OpenPage, recruiter, action, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Its server looks at the database as soon as it misses Redis, not at its next check."""
    web = Daphne(tmp_path / "daphne.log")
    web.start()
    request.addfinalizer(web.stop)
    page = open_page_of(web, recruiter)
    page.hear()  # the first check of all pages is over, the next one is 10 s away
    redis = servers.redis and servers.redis.process
    assert redis, "needs the embedded Redis"
    redis.send_signal(signal.SIGSTOP)
    request.addfinalizer(lambda: redis.send_signal(signal.SIGCONT))

    action.cancel(recruiter)

    page.hear_until('data-status="canceled"', timeout=7)


def test_logging_out_works_without_redis(client_of, recruiter: User, broken_layer) -> None:
    client = client_of(recruiter)

    assert client.post("/logout/").status_code == 302
    assert client.get("/notifications/panel/").status_code == 302


def test_what_an_operator_changes_about_a_member_is_told_at_once(client_of, recruiter) -> None:
    told: list[list[int]] = []

    def hear(user_ids: list[int], **_: Any) -> None:
        told.append(user_ids)

    access_changed.connect(hear)
    operator = User.objects.create_superuser("operator@example.com", "secret")
    member = recruiter.membership

    answer = client_of(operator).post(
        f"/admin/workspaces/membership/{member.pk}/change/",
        {"user": recruiter.pk, "workspace": member.workspace_id, "role": "support"},
    )

    assert answer.status_code == 302
    assert told == [[recruiter.pk]]
