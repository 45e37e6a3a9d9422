"""RQ workers that outlive Redis: they wait, and make themselves known again afterwards.

RQ's own wait only while they look for a job, and end when Redis goes away at any other moment. What
Redis forgot of them (FLUSHALL, a lost file, a laptop that slept) stays forgotten: `/readyz` would
say that there is no worker, while it works.
"""

import logging
import time
from pathlib import Path
from typing import Any

import rq
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import StopRequested
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from config.patience import MOST_SECONDS, Patience
from pipeline.foundation.private_files import close_folder

from . import rq_workers

log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 10  # how soon it notices that Redis forgot it
ENDS_BY_ITSELF = ("burst", "max_jobs", "max_idle_time")


class OutlivesRedis(rq.worker.BaseWorker):
    """Goes before one of RQ's workers among the base classes."""

    max_connection_wait_time = MOST_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        connection = kwargs.get("connection")
        if connection is not None and kwargs.get("prepare_for_work", True):
            wait_for(connection)
        kwargs.setdefault("job_monitoring_interval", HEARTBEAT_SECONDS)
        super().__init__(*args, **kwargs)

    @property
    def dequeue_timeout(self) -> int:
        return min(super().dequeue_timeout, HEARTBEAT_SECONDS)

    def work(self, *args: Any, **options: Any) -> bool:
        """Work until asked to stop, through any number of outages."""
        close_folder(Path(settings.MEDIA_ROOT))
        patience = Patience()
        while True:
            try:
                worked = super().work(*args, **options)
                if self.is_stopping or any(options.get(name) for name in ENDS_BY_ITSELF):
                    return worked
                log.warning("Worker %s begins again.", self.name)
            except RedisError as error:
                log.warning("Worker %s waits for Redis: %s", self.name, error)
                if self.is_stopping:
                    return False
            except StopRequested:
                return False
            try:
                patience.wait()
            except StopRequested:
                return False

    @property
    def is_stopping(self) -> bool:
        return self._shutdown_requested_date is not None

    def register_birth(self) -> None:
        self.connection.delete(self.key)  # our own, from before: RQ would call it somebody else's
        super().register_birth()  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline)
        if pipeline is None and not self._is_horse:
            self.stay_known()

    def stay_known(self) -> None:
        """Register again when Redis forgot it, and keep the scheduler alive. Raises RedisError."""
        if not self.is_known():
            log.warning("Worker %s registers again: Redis had forgotten it.", self.name)
            self.register_birth()
            self.set_state(self.get_state())
        # One that is stopping has ended its scheduler: a new one would outlive it.
        scheduler = None if self.is_stopping else self.scheduler
        if scheduler and not (scheduler._process and scheduler._process.is_alive()):
            # RQ itself looks every ten minutes.
            scheduler.acquire_locks(auto_start=True)  # type: ignore[no-untyped-call]

    def is_known(self) -> bool:
        """Whether Redis has both its entry and its name in the list of each queue."""
        with self.connection.pipeline(transaction=False) as pipeline:
            pipeline.hexists(self.key, "birth")
            for name in self.queue_names():
                pipeline.sismember(WORKERS_BY_QUEUE_KEY % name, self.key)
            return all(pipeline.execute())

    def maintain_heartbeats(self, *args: Any) -> None:
        """While a job runs. Its horse may not need Redis: the job goes on without a heartbeat."""
        try:
            super().maintain_heartbeats(*args)
            self.stay_known()
        except RedisError as error:
            log.warning("Worker %s sends no heartbeat: %s", self.name, error)

    def set_shutdown_requested_date(self) -> None:
        """Called in the middle of a job, by the signal to stop: no time for an error."""
        try:
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]
        except RedisError as error:
            log.warning("Worker %s stops without a note of it: %s", self.name, error)

    def _pubsub_exception_handler(self, exc: Exception, pubsub: Any, pubsub_thread: Any) -> None:
        """The thread that listens for commands to this worker waits as well; RQ's may end."""
        if not isinstance(exc, RedisError):
            raise exc
        time.sleep(2)


class Worker(OutlivesRedis, rq_workers.Worker):
    """Forks a process for each job."""


class PeriodicWorker(OutlivesRedis, rq_workers.PeriodicWorker):
    """Does the jobs itself, one after the other."""


def wait_for(connection: Redis) -> None:
    """Return when Redis answers."""
    patience = Patience()
    while True:
        try:
            connection.ping()
        except RedisError as error:
            log.warning("Waiting for Redis: %s", error)
            patience.wait()
        else:
            return
