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

COMMAND = ["rqworker", "default", "--serializer", "rq.serializers.JSONSerializer"]


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
def crew_of(count: int, environment: dict[str, str] | None = None) -> Iterator[Crew]:
    """`count` workers, listening to the queue, with some variables of their own."""
    started = [
        subprocess.Popen(
            [sys.executable, "manage.py", *COMMAND],
            cwd=settings.BASE_DIR,
            env=os.environ | (environment or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(count)
    ]
    queue = django_rq.get_queue("default")
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
        for process in started:
            process.terminate()
        for process in started:
            process.wait()
