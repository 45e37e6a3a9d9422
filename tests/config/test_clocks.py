"""What time it is says the database: the clock of a host decides nothing, and stops nothing."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.db import DataError, connection, transaction
from django.utils import timezone

from pipeline.foundation import database_clock, rq_clock

HOST_CLOCK = re.compile(
    r"\btimezone\.now\(|\bdatetime\.(now|today|utcnow)\(|\bdate\.today\(|\btime\.time\("
    r"|\btimezone\.local(date|time)\(\)"
)
# Where the host's own clock is meant, and why.
MEANT = {
    "pipeline/foundation/database_clock.py",  # compares the host's clocks with each other
    "pipeline/bulk_actions/writing/export_files.py",  # the age of this host's own scratch files
    "config/line_printer.py",  # lines on a person's terminal
    "config/cron.py",  # once, as the beginning of intervals
}


def sources() -> Iterator[tuple[str, str]]:
    for folder in ("config", "notifications", "pipeline"):
        for path in Path(settings.BASE_DIR, folder).rglob("*.py"):
            if "migrations" not in path.parts:
                yield str(path.relative_to(settings.BASE_DIR)), path.read_text()


def test_nothing_asks_the_host_what_time_it_is():
    asking = {name for name, text in sources() if HOST_CLOCK.search(text)}

    assert asking == MEANT


@pytest.fixture
def an_hour_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process' idea of the time, and nothing that was read before."""
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=1))
    monkeypatch.setattr(database_clock, "_last", None)


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


@pytest.mark.django_db
def test_now_is_the_databases_time(an_hour_off: None):
    before = database_time()
    told = [database_clock.now() for _ in range(3)]
    after = database_time()

    margin = timedelta(milliseconds=50)
    assert before - margin < told[0] <= told[1] <= told[2] < after + margin
    assert told[0].tzinfo == UTC


@pytest.mark.django_db
def test_it_asks_again_after_ten_seconds_or_when_the_clock_jumped(monkeypatch: pytest.MonkeyPatch):
    asked = Mock(wraps=database_clock.ask)
    monkeypatch.setattr(database_clock, "ask", asked)
    monkeypatch.setattr(database_clock, "_last", None)

    database_clock.now()
    database_clock.now()
    assert asked.call_count == 1

    last = database_clock._last
    assert last
    monkeypatch.setattr(database_clock, "_last", last._replace(steady=last.steady - 10))
    database_clock.now()
    assert asked.call_count == 2

    monkeypatch.setattr(database_clock, "_last", last._replace(wall=last.wall - 3600))
    database_clock.now()
    assert asked.call_count == 3


@pytest.mark.django_db
def test_within_a_broken_transaction_it_counts_on():
    known = database_clock.now()

    with transaction.atomic():
        with suppress(DataError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        asked, told = database_clock.ask(), database_clock.now()
        transaction.set_rollback(True)

    assert asked is None
    assert told > known


def test_a_scheduled_job_never_comes_before_its_time():
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)

    assert rq_clock.not_before(noon) == noon
    assert rq_clock.not_before(noon + timedelta(microseconds=1)) == noon + timedelta(seconds=1)
