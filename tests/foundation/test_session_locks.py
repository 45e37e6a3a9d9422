"""Locks across transactions: held by whoever shows that it lives, and never without a session."""

import time
from threading import Thread
from typing import Any

import pytest
from django.db import OperationalError, connection

from pipeline.candidates.models import Candidate
from pipeline.foundation import session_locks
from pipeline.foundation.session_locks import only_one

pytestmark = pytest.mark.django_db(transaction=True)
KEY = (0x7E57, 1)


def is_free_elsewhere() -> bool:
    found = []

    def look() -> None:
        with only_one(*KEY) as is_mine:
            found.append(is_mine)
        connection.close()

    thread = Thread(target=look)
    thread.start()
    thread.join()
    return found == [True]


def end_own_session() -> None:
    with connection.cursor() as cursor, pytest.raises(OperationalError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def test_who_does_something_else_for_long_keeps_the_lock(monkeypatch: Any) -> None:
    monkeypatch.setattr(session_locks, "SILENCE_SECONDS", 1)
    monkeypatch.setattr(session_locks, "BEAT_SECONDS", 0.2)

    with only_one(*KEY) as is_mine:
        time.sleep(1.6)  # as while a provider thinks

        assert is_mine
        assert not is_free_elsewhere()
        assert Candidate.objects.count() == 0

    assert is_free_elsewhere()


def test_who_lost_the_session_does_nothing_more_until_the_block_ends() -> None:
    with only_one(*KEY):
        end_own_session()

        assert is_free_elsewhere()
        for _ in range(2):
            connection.close()
            with pytest.raises(OperationalError):
                Candidate.objects.count()

    assert Candidate.objects.count() == 0


def test_the_session_may_be_silent_again_once_nothing_is_held() -> None:
    with only_one(*KEY), only_one(*KEY):
        pass

    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_session_timeout")
        assert cursor.fetchone() == ("0",)
