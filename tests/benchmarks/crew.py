"""Real worker processes, and how much memory they took."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import django_rq
import psutil
from django.conf import settings
from rq import Worker as RQWorker

SERIALIZER = ["--serializer", "rq.serializers.JSONSerializer"]


class Crew:
    """Workers, and the highest memory of any of their work horses, in MiB."""

    def __init__(self, processes: list[psutil.Process]) -> None:
        self.processes = processes
        self.peak = 0.0

    def watch(self, stop: Event) -> None:
        while not stop.wait(0.5):
            for worker in self.processes:
                for process in (worker, *worker.children()):
                    try:
                        self.peak = max(self.peak, process.memory_info().rss / 2**20)
                    except psutil.NoSuchProcess:
                        continue


@contextmanager
def crew_of(
    count: int, environment: dict[str, str] | None = None, queue_name: str = "default"
) -> Iterator[Crew]:
    """`count` workers, listening to the queue, with some variables of their own."""
    command = ["rqworker", queue_name, *SERIALIZER]
    started = [start(command, environment) for _ in range(count)]
    queue = django_rq.get_queue(queue_name)
    while len(RQWorker.all(queue=queue)) < count:
        time.sleep(0.05)
    crew, stop = Crew([psutil.Process(process.pid) for process in started]), Event()
    watcher = Thread(target=crew.watch, args=[stop])
    watcher.start()
    try:
        yield crew
    finally:
        stop.set()
        watcher.join()
        stop_all(started)


@contextmanager
def cron() -> Iterator[None]:
    """The periodic jobs, as often as in production."""
    process = start(["rqcron", "config.cron"])
    try:
        yield
    finally:
        stop_all([process])


def start(command: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env=os.environ | (environment or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def stop_all(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()
