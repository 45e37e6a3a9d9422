"""Several calls at the same moment, each in a thread and a database session of its own."""

from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

from django.db import connection


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of `calls` returned, or the exception that it raised."""
    together = Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            together.wait()
            answers[number] = calls[number]()
        except Exception as raised:
            answers[number] = raised
        finally:
            connection.close()

    threads = [Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
