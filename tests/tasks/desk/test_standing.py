"""The strip: what waits, since when, and what was done today, as far as one may see."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from pipeline.tasks.desk import queue_counts
from pipeline.tasks.desk.queue_counts import standings_for
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User
from tests.tasks.conftest import MakeTask


def numbers(user: User) -> dict[str, tuple[str, ...]]:
    return {
        one.channel.value: tuple(map(str, (one.waiting, one.assigned, one.completed, one.canceled)))
        for one in standings_for(user)
    }


def test_each_queue_is_counted_by_itself(make_task: MakeTask, agent: User, stranger: User):
    make_task(), make_task(TaskType.VOICEMAIL), make_task(TaskType.INBOUND_SMS)
    make_task().accept(agent)
    done, canceled = make_task(TaskType.INBOUND_EMAIL), make_task(TaskType.CUSTOM_TASK)
    done.accept(agent)
    done.complete(agent, Disposition.DONE)
    canceled.cancel(agent, "Not needed")

    assert numbers(agent) == {
        "phone": ("2", "1", "0", "0"),
        "sms": ("1", "0", "0", "0"),
        "email": ("0", "0", "1", "0"),
        "other": ("0", "0", "0", "1"),
    }
    assert set(numbers(stranger).values()) == {("0", "0", "0", "0")}


def test_the_oldest_wait_is_that_of_all_types_of_the_queue(make_task: MakeTask, agent: User):
    make_task()
    old = make_task(TaskType.VOICEMAIL)
    since = timezone.now() - timedelta(days=3)
    Task.objects.filter(pk=old.pk).update(queued_at=since)

    phone, sms, *_ = standings_for(agent)

    assert (phone.oldest, sms.oldest) == (since, None)


def test_a_limited_member_counts_its_openings_only(
    make_task: MakeTask, limited: User, agent: User, make_candidates: Any, other_opening: Any
):
    theirs = make_candidates(1, other_opening).get()
    make_task()
    for _ in range(2):
        make_task(candidate=theirs)
    make_task(candidate=theirs).accept(agent)
    make_task(candidate=theirs).cancel(agent, "Gone")

    assert numbers(limited)["phone"] == ("1", "0", "0", "0")
    assert numbers(agent)["phone"] == ("3", "1", "0", "1")


@pytest.mark.parametrize(("hours_ago", "completed"), [(1, "1"), (11, "0")])
def test_today_is_the_workspaces_day(
    hours_ago: int, completed: str, make_task: MakeTask, agent: User
):
    task = make_task()
    task.accept(agent)
    task.complete(agent, Disposition.REACHED)
    # A place where it is 10:something in the morning.
    hour = datetime.now(UTC).hour
    with timezone.override(timezone.get_fixed_timezone((10 - hour) * 60)):
        ended = timezone.now() - timedelta(hours=hours_ago)
        Task.objects.filter(pk=task.pk).update(ended_at=ended)

        assert numbers(agent)["phone"][2] == completed


def test_beyond_the_most_it_says_so(
    make_task: MakeTask, agent: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(queue_counts, "MOST", 2)
    for _ in range(3):
        make_task()
    for _ in range(3):
        make_task(TaskType.INBOUND_SMS).cancel(agent, "Gone")

    assert numbers(agent)["phone"] == ("2+", "0", "0", "0+")
    assert numbers(agent)["sms"] == ("0", "0", "0", "2+")
