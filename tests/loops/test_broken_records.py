"""One broken record stops no loop: it is logged, put off ever longer and shown; others go on."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.db.models.functions import Now

from notifications.models import Notice
from notifications.notices import catch_up
from pipeline.bulk_actions.engine.wakeups import QUEUES
from pipeline.candidates.models import Candidate, Label
from pipeline.foundation import database_clock
from pipeline.journeys.engine.schedules import enroll_on_schedule
from pipeline.journeys.models import Journey, Run
from pipeline.workspaces.models import Membership, User
from pipeline.workspaces.models.setback import Setback
from pipeline.workspaces.setbacks.isolation import clear_setbacks

from .broken import DAILY, LOOPS, WAIT, Loop, a_schedule
from .workspaces import EARLIER, Side


def side_of(owner: User) -> Side:
    workspace = owner.membership.workspace
    candidates = list(Candidate.objects.filter(workspace=workspace).order_by("pk")[:2])
    return Side(owner, candidates, Label.objects.filter(workspace=workspace)[0])


@pytest.fixture
def broken(owner: User, labels: list[Label], make_candidates: Any) -> Side:
    make_candidates(2)
    return side_of(owner)


@pytest.fixture
def sound(stranger: User) -> Side:
    Candidate.objects.filter(workspace=stranger.membership.workspace).latest("pk").delete()
    return side_of(stranger)


@pytest.fixture(autouse=True)
def files_and_queues(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    yield
    for name in (*QUEUES, "webhooks", "periodic", "imports"):
        django_rq.get_queue(name).empty()


def time_passes(loop: Loop) -> None:
    """As if what was put off might be tried again."""
    Setback.objects.update(retry_at=Now() - timedelta(seconds=1))
    loop.again()


def delay_of(setback: Setback) -> timedelta:
    setback.refresh_from_db()
    return setback.retry_at - database_clock.now()


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.plant.__name__)
def test_others_go_on_and_it_is_put_off_ever_longer_and_shown(
    loop: Loop, broken: Side, sound: Side, client_of: Any, caplog: pytest.LogCaptureFixture
):
    is_done = loop.plant(broken, sound)

    with caplog.at_level(logging.ERROR):
        loop.run()

    assert is_done()
    setback = Setback.objects.filter(loop=loop.name).latest("pk")
    assert setback.workspace == broken.workspace
    assert any(setback.what in record.getMessage() for record in caplog.records)
    first = delay_of(setback)
    assert timedelta() < first <= timedelta(seconds=5)

    loop.run()
    assert Setback.objects.get(pk=setback.pk).failures == 1, "it is tried before its time"

    Setback.objects.exclude(pk=setback.pk).delete()
    time_passes(loop)
    loop.run()
    assert delay_of(setback) > first
    assert setback.failures >= 2

    if setback.link and loop.has_page:
        page = client_of(broken.owner).get(setback.link)
        assert f">S-{setback.pk}<" in page.content.decode()
    catch_up()
    told = Notice.objects.filter(about=f"setback-{setback.pk}")
    assert [notice.user for notice in told] == [broken.owner]
    assert f"S-{setback.pk}." in told[0].text


def test_a_publisher_without_membership_keeps_no_other_schedule_waiting(broken: Side, sound: Side):
    for side in (broken, sound):
        side.journey(WAIT, DAILY)
    Journey.objects.update(next_at=EARLIER)
    Membership.objects.filter(user=broken.owner).delete()

    enroll_on_schedule()

    assert Run.objects.filter(workspace=sound.workspace).count() == 2


def test_once_it_works_again_nothing_is_shown(broken: Side, sound: Side):
    a_schedule(broken, sound)
    enroll_on_schedule()
    assert Setback.objects.exists()

    Journey.objects.filter(workspace=broken.workspace).delete()
    mended = broken.journey(WAIT, DAILY)
    Setback.objects.update(record=mended.pk, retry_at=EARLIER)
    Journey.objects.update(next_at=EARLIER)
    enroll_on_schedule()

    assert not Setback.objects.exists()
    assert Run.objects.filter(journey=mended).count() == 2


def test_what_nobody_tries_again_is_forgotten_after_a_day(broken: Side, sound: Side):
    a_schedule(broken, sound)
    enroll_on_schedule()

    clear_setbacks()
    assert Setback.objects.exists()
    Setback.objects.update(retry_at=Now() - timedelta(days=2))
    clear_setbacks()

    assert not Setback.objects.exists()
