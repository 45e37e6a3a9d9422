"""A few threads for what blocks, none of which keeps the process alive."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads(Executor):
    """`count` threads that take what is submitted in turn.

    Python's own pool joins its threads at exit: one that waits for a hung server, or for an event
    loop that has ended, would then keep the process for ever. These end with the process.
    """

    def __init__(self, name: str, count: int) -> None:
        self.jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        for number in range(count):
            Thread(target=self.work, name=f"{name}-{number}", daemon=True).start()

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """A future of the call; canceled in time, it is never made."""
        future: Future[T] = Future()
        self.jobs.put((future, partial(call, *args, **kwargs)))
        return future

    def work(self) -> None:
        while True:
            future, call = self.jobs.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:
                    future.set_exception(error)
            del future, call  # or they live until the next job
