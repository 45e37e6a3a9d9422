"""Message limits: exact, whoever reserves, and new with each of the workspace's periods."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from pipeline.outreach import limits
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Channel, Message, MessageUse

SMS = Channel.SMS


@pytest.fixture
def at(monkeypatch):
    """`at(moment)`: what time it is, for PostgreSQL and for Django."""

    def at(moment: datetime) -> None:
        sql = f"'{moment.isoformat()}'::timestamptz"
        monkeypatch.setattr(limits, "RESERVE", real.replace("clock_timestamp()", sql))
        monkeypatch.setattr("pipeline.foundation.database_clock.now", lambda: moment)

    real = limits.RESERVE
    return at


def reserve_all(workspace) -> int:
    """How many could be reserved, one after the other."""
    for number in range(100):
        try:
            limits.reserve(workspace, SMS)
        except LimitReached:
            return number
    return 100


def test_without_a_limit_all_are_counted_and_none_is_refused(workspace):
    assert reserve_all(workspace) == 100

    assert limits.left(workspace, SMS) is None
    assert set(MessageUse.objects.values_list("period", "used")) == {
        ("day", 100),
        ("month", 100),
        ("year", 100),
    }


@pytest.mark.parametrize("period", ["day", "month", "year"])
@pytest.mark.parametrize("number", [0, 1, 7])
def test_so_many_go_and_no_more(workspace, set_limit, period, number):
    set_limit(number=number, period=period)

    assert reserve_all(workspace) == number
    assert reserve_all(workspace) == 0
    assert limits.left(workspace, SMS) == 0


def test_what_was_refused_counts_nowhere(workspace, set_limit):
    set_limit(number=2, period="month")

    reserve_all(workspace)
    reserve_all(workspace)

    assert set(MessageUse.objects.values_list("used", flat=True)) == {2}


def test_a_limit_set_later_knows_what_has_gone(workspace, set_limit):
    for _ in range(5):
        limits.reserve(workspace, SMS)

    set_limit(number=8, period="month")

    assert limits.left(workspace, SMS) == 3
    assert reserve_all(workspace) == 3


def test_another_period_counts_what_went_in_it(workspace, set_limit, at):
    at(datetime(2026, 11, 20, 12, tzinfo=UTC))
    limits.reserve(workspace, SMS)
    at(datetime(2026, 11, 21, 12, tzinfo=UTC))
    limits.reserve(workspace, SMS)

    used = {}
    for period in ("day", "month", "year"):
        set_limit(number=10, period=period)
        used[period] = limits.standing(workspace, SMS).used

    assert used == {"day": 1, "month": 2, "year": 2}


def test_channels_and_workspaces_have_their_own(workspace, set_limit, stranger):
    set_limit(number=0)

    limits.reserve(workspace, Channel.EMAIL)
    limits.reserve(stranger.membership.workspace, SMS)
    with pytest.raises(LimitReached):
        limits.reserve(workspace, SMS)


def test_the_reason_names_the_limit_and_when_it_resets(workspace, set_limit, at):
    at(datetime(2026, 11, 21, 12, tzinfo=UTC))
    set_limit(number=0, period="month")

    with pytest.raises(LimitReached) as reached:
        limits.reserve(workspace, SMS)

    expected = "The SMS limit of 0 a calendar month is used up. It resets on 1 December."
    assert str(reached.value) == expected


def test_a_reset_in_another_year_says_which(workspace, set_limit, at):
    at(datetime(2026, 11, 21, 12, tzinfo=UTC))
    set_limit(Channel.EMAIL, number=0, period="year")

    sentence = limits.standing(workspace, Channel.EMAIL).reached

    expected = "The e-mail limit of 0 a calendar year is used up. It resets on 1 January 2027."
    assert str(sentence) == expected


def test_one_that_was_not_taken_is_given_back(workspace, set_limit, make_message):
    set_limit(number=2)
    limits.reserve(workspace, SMS)
    message = make_message(counted_on=limits.reserve(workspace, SMS))

    limits.give_back(message)
    limits.give_back(message)

    assert limits.left(workspace, SMS) == 1
    assert reserve_all(workspace) == 1


def test_it_is_given_back_to_the_period_it_was_taken_from(workspace, set_limit, at):
    set_limit(number=5, period="day")
    at(datetime(2026, 12, 31, 23, tzinfo=UTC))
    message = Message(workspace=workspace, channel=SMS, counted_on=limits.reserve(workspace, SMS))
    at(datetime(2027, 1, 1, 1, tzinfo=UTC))
    limits.reserve(workspace, SMS)

    limits.give_back(message)

    used = MessageUse.objects.values_list("period", "begins_on", "used")
    assert set(used) == {
        ("day", date(2026, 12, 31), 0),
        ("month", date(2026, 12, 1), 0),
        ("year", date(2026, 1, 1), 0),
        ("day", date(2027, 1, 1), 1),
        ("month", date(2027, 1, 1), 1),
        ("year", date(2027, 1, 1), 1),
    }


def test_a_reservation_that_is_rolled_back_was_none(workspace, set_limit):
    set_limit(number=1)

    with transaction.atomic():
        limits.reserve(workspace, SMS)
        transaction.set_rollback(True)

    assert limits.left(workspace, SMS) == 1


# In Chile clocks go back at midnight on 5 April 2026, so that the 4th has 25 hours; in Samoa (the
# country) the year begins 13 hours before UTC's.
@pytest.mark.parametrize(
    ("zone", "period", "before", "after"),
    [
        ("America/Santiago", "day", "2026-04-05T03:59:59Z", "2026-04-05T04:00:00Z"),
        ("Europe/Madrid", "day", "2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z"),
        ("Europe/Madrid", "day", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"),
        ("Europe/Madrid", "month", "2026-10-31T22:59:59Z", "2026-10-31T23:00:00Z"),
        ("Pacific/Apia", "year", "2026-12-31T10:59:59Z", "2026-12-31T11:00:00Z"),
        ("UTC", "month", "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z"),
    ],
)
def test_it_resets_at_the_workspace_s_midnight(
    workspace, set_limit, at, zone, period, before, after
):
    workspace.time_zone = zone
    workspace.save()
    set_limit(number=3, period=period)

    at(datetime.fromisoformat(before))
    assert reserve_all(workspace) == 3
    resets_on = limits.resets_on(workspace, SMS)
    at(datetime.fromisoformat(after))

    assert limits.left(workspace, SMS) == 3
    assert reserve_all(workspace) == 3
    assert limits.standing(workspace, SMS).begins_on == resets_on


def test_what_is_left_in_words(workspace, set_limit):
    assert limits.describe_left(workspace, SMS) == ""
    set_limit(number=4200)
    assert limits.describe_left(workspace, SMS) == "4,200 SMS left this calendar month"
    set_limit(Channel.EMAIL, number=3, period="day")
    assert limits.describe_left(workspace, Channel.EMAIL) == "3 e-mails left today"


@pytest.mark.parametrize(
    ("number", "used", "expected"),
    [
        (10, 7, None),
        (10, 8, (80, "8 of the SMS limit of 10 a calendar month are used (80 %). It resets on")),
        (10, 10, (100, "The SMS limit of 10 a calendar month is used up. It resets on")),
        (0, 0, (100, "The SMS limit of 0 a calendar month is used up. It resets on")),
    ],
)
def test_owners_hear_of_80_and_100_percent(workspace, set_limit, number, used, expected):
    set_limit(number=number)
    for _ in range(used):
        limits.reserve(workspace, SMS)

    alerts = limits.alerts(workspace)

    if expected is None:
        assert alerts == []
    else:
        percent, beginning = expected
        (alert,) = alerts
        assert (alert.channel, alert.percent) == (SMS, percent)
        assert alert.sentence.startswith(beginning)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_reserve_exactly_the_limit(workspace, set_limit):
    set_limit(number=37)

    def lane() -> int:
        done = 0
        for _ in range(15):
            try:
                with transaction.atomic():
                    limits.reserve(workspace, SMS)
            except LimitReached:
                continue
            done += 1
        return done

    assert sum(together(6, lane)) == 37
    assert limits.left(workspace, SMS) == 0


@pytest.mark.django_db(transaction=True)
def test_reserving_and_giving_back_at_once_keeps_the_count(workspace, set_limit):
    set_limit(number=30, period="day")

    def lane() -> int:
        kept = 0
        for number in range(20):
            try:
                with transaction.atomic():
                    day = limits.reserve(workspace, SMS)
            except LimitReached:
                continue
            if number % 2:
                with transaction.atomic():
                    limits.give_back(Message(workspace=workspace, channel=SMS, counted_on=day))
            else:
                kept += 1
        return kept

    kept = sum(together(6, lane))

    assert kept <= 30
    assert set(MessageUse.objects.values_list("used", flat=True)) == {kept}


def together(count: int, work: Callable[[], Any]) -> list[Any]:
    """What `work` returned in each of so many threads that start at the same moment."""
    barrier, results = Barrier(count), []

    def run() -> None:
        try:
            barrier.wait()
            results.append(work())
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_workspace_whose_time_zone_is_unknown_here_counts_the_days_of_utc(workspace, set_limit):
    workspace.time_zone = "Mars/Olympus"
    workspace.save()
    set_limit(number=1, period="day")

    assert reserve_all(workspace) == 1
    assert limits.left(workspace, SMS) == 0
