"""Open desks hear which tasks came and went, through a real daphne; other pages don't."""

import json
import time
from typing import Any

import pytest

from notifications import live, task_live
from notifications.models import Notice
from pipeline.outreach.models import Campaign
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler
from pipeline.tasks.models.scopes import AllTasks
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Membership, Role, User
from tests.tasks.conftest import MakeTask
from tests.tasks.conftest import campaign as campaign
from tests.tasks.conftest import candidate as candidate
from tests.tasks.conftest import make_task as make_task
from tests.tasks.conftest import no_limit as no_limit

from .conftest import OpenPage, Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "paused_until", 0.0)


def desk_of(open_page: OpenPage, user: User) -> Page:
    page = open_page(user, query="?tasks")
    page.hear()  # the panel: from here on it hears everything
    return page


def news(page: Page) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(page.hear_until('"tasks": ['))
    return told


def test_what_comes_and_goes_is_told_to_every_open_desk(
    open_page: OpenPage, agent: User, support: User, make_task: MakeTask
) -> None:
    pages = [desk_of(open_page, user) for user in (agent, support)]

    task = make_task()
    task.accept(agent)
    task.release(agent)
    task.cancel(agent, "Not needed")

    for page in pages:
        told = [news(page) for _ in range(4)]
        assert [one["gone"] for one in told] == [False, True, False, True]
        assert {tuple(one["tasks"]) for one in told} == {(task.pk,)}


def test_a_pause_of_their_campaign_has_desks_look_again(
    open_page: OpenPage,
    agent: User,
    owner: User,
    make_task: MakeTask,
    campaign: Campaign,
    client_of: Any,
) -> None:
    task = make_task(campaign=campaign)
    page = desk_of(open_page, agent)

    client_of(owner).post(f"/campaigns/{campaign.pk}/pause/")

    assert news(page) == {"tasks": [task.pk], "gone": False}


def test_other_pages_hear_that_something_changed_but_not_what(
    open_page: OpenPage, agent: User, make_task: MakeTask
) -> None:
    page = open_page(agent)
    page.hear()

    make_task().accept(agent)

    assert json.loads(page.hear()) == {"news": "tasks"}


def test_strangers_hear_nothing(open_page: OpenPage, stranger: User, make_task: MakeTask) -> None:
    page = desk_of(open_page, stranger)

    make_task()

    assert page.hears_nothing()


def test_a_limited_member_hears_of_its_openings_only(
    open_page: OpenPage,
    limited: User,
    agent: User,
    make_task: MakeTask,
    make_candidates: Any,
    other_opening: Any,
) -> None:
    somebody = make_candidates(1, other_opening).get()
    accepted, theirs = make_task(candidate=somebody), make_task(candidate=somebody)
    mine = make_task()
    page = desk_of(open_page, limited)

    accepted.accept(agent)
    Task.objects.cancelable().filter(pk__in=[mine.pk, theirs.pk]).cancel(
        AllTasks(), Canceler.timeout(), "Too old"
    )

    assert news(page) == {"tasks": [mine.pk], "gone": True}


def test_thousands_at_once_are_one_push(
    open_page: OpenPage, agent: User, make_task: MakeTask, no_limit: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(task_live, "MOST_NAMED", 10)
    for _ in range(11):
        make_task(TaskType.VOICEMAIL)
    page = desk_of(open_page, agent)

    Task.objects.cancelable().cancel(AllTasks(), Canceler.timeout(), "Too old")

    assert news(page) == {"tasks": [], "gone": True}
    assert json.loads(page.hear()) == {"news": "ended-tasks"}
    assert page.hears_nothing()


def test_a_socket_that_lost_its_right_hears_no_more(
    open_page: OpenPage, colleague: User, make_task: MakeTask, agent: User
) -> None:
    page = desk_of(open_page, colleague)
    Membership.objects.filter(user=colleague).update(role=Role.SUPPORT)
    time.sleep(10.5)  # how long a socket may outlive it

    make_task()

    assert page.closed_with() == 4401


def test_the_work_goes_on_when_no_push_gets_through(
    make_task: MakeTask, agent: User, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    task = make_task()

    assert task.accept(agent)


@pytest.mark.parametrize(
    ("url", "connects"),
    [("/tasks/", "/ws/live/?tasks"), ("/candidates/", "/ws/live/"), ("task", "/ws/live/?tasks")],
)
def test_only_pages_with_tasks_ask_for_them(
    url: str, connects: str, client_of: Any, agent: User, make_task: MakeTask
) -> None:
    address = make_task().get_absolute_url() if url == "task" else url

    assert f'ws-connect="{connects}"' in client_of(agent).get(address).content.decode()


# --- the bell ---


def told(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user).values_list("text", flat=True))


def test_an_agent_is_told_that_somebody_else_took_the_task_back(
    make_task: MakeTask, agent: User, admin_member: User
) -> None:
    canceled, released = make_task(), make_task()
    for task in (canceled, released):
        task.accept(agent)

    canceled.withdraw(admin_member, "Hired elsewhere")
    released.release(admin_member, "You are on leave")
    released.accept(agent)
    released.release(admin_member)

    assert told(agent) == [
        "Adam Nowak returned your task Outbound Call for Inger Svärd to the queue.",
        (
            "Adam Nowak returned your task Outbound Call for Inger Svärd to the queue: "
            "You are on leave"
        ),
        "Adam Nowak canceled your task Outbound Call for Inger Svärd: Hired elsewhere",
    ]
    assert told(admin_member) == []
    assert Notice.objects.earliest("pk").target == canceled.get_absolute_url()


def test_nobody_is_told_of_what_they_did_or_did_not_have(
    make_task: MakeTask, agent: User, admin_member: User
) -> None:
    mine, released, waiting = make_task(), make_task(), make_task()
    for task in (mine, released):
        task.accept(agent)

    mine.withdraw(agent, "A mistake")
    released.release(agent, "Lunch")
    waiting.cancel(admin_member, "Wrong list")

    assert not Notice.objects.exists()
