"""The rate of a workspace and channel, shared by all that send."""

import pytest
from django.db import connection

from pipeline.outreach.models import Channel, MessageLimit
from pipeline.outreach.pace import NotYet, Pace, next_slot

from .test_limits import together


def test_without_a_rate_nothing_waits_and_the_database_is_left_alone(
    workspace, set_limit, django_assert_num_queries
):
    set_limit(per_second=None)
    pace = Pace(workspace.pk, Channel.SMS)

    assert pace.wait() == 0
    with django_assert_num_queries(0):
        assert {pace.wait() for _ in range(1000)} == {0}


def test_a_workspace_without_limits_has_twenty_a_second(workspace):
    waits = [next_slot(workspace.pk, Channel.SMS) for _ in range(21)]

    assert waits[0] == 0
    assert waits[-1] == pytest.approx(1, abs=0.5)
    assert MessageLimit.objects.get().per_second == 20


def test_a_pause_earns_no_burst(workspace, set_limit):
    set_limit(per_second=10)
    MessageLimit.objects.update(next_at="2020-01-01T00:00:00Z")

    waits = [next_slot(workspace.pk, Channel.SMS) for _ in range(3)]

    assert waits[2] == pytest.approx(0.2, abs=0.1)


def test_a_slot_that_is_not_soon_is_left_to_others(workspace, set_limit):
    set_limit(per_second=2)
    pace = Pace(workspace.pk, Channel.SMS)
    assert pace.wait() == 0
    before = MessageLimit.objects.get().next_at

    with pytest.raises(NotYet):
        pace.wait()

    assert MessageLimit.objects.get().next_at == before
    assert pace.wait(within=None) == pytest.approx(0.5, abs=0.2)


def test_channels_have_their_own(workspace, set_limit):
    set_limit(Channel.SMS, per_second=1)
    next_slot(workspace.pk, Channel.SMS)

    assert next_slot(workspace.pk, Channel.EMAIL) == 0


@pytest.mark.django_db(transaction=True)
def test_lanes_share_the_rate_and_each_slot_is_given_once(workspace, set_limit):
    set_limit(per_second=50)

    def lane() -> list[float]:
        taken = []
        for _ in range(10):
            wait = next_slot(workspace.pk, Channel.SMS)
            with connection.cursor() as cursor:
                cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
                taken.append(float(cursor.fetchone()[0]) + (wait or 0))
        return taken

    slots = sorted(slot for lane_slots in together(5, lane) for slot in lane_slots)

    # 49 steps of 20 ms; the clock is read a moment after the slot was given.
    assert slots[-1] - slots[0] == pytest.approx(0.98, abs=0.1)


@pytest.mark.django_db(transaction=True)
def test_the_first_lanes_of_a_workspace_make_one_row(workspace):
    together(6, lambda: next_slot(workspace.pk, Channel.EMAIL))

    assert MessageLimit.objects.count() == 1
