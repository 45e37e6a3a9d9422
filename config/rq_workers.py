"""The workers: those that fork a process for each job, and the one of the periodic jobs."""

import logging
import os
import signal
from contextlib import suppress
from typing import Any

import rq
from django.db import Error, connections
from redis.exceptions import RedisError
from rq.job import Job

from pipeline.bulk_actions.engine.reconcile import reconcile
from pipeline.candidates.importing.jobs import resume_lost_imports
from pipeline.foundation import rq_clock
from pipeline.foundation.turns import request_stop

rq_clock.install()
log = logging.getLogger(__name__)
STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM}


class Worker(rq.Worker):
    """An RQ worker that first looks for work whose wake-up call was lost.

    When it is asked to stop it passes that on to its work horse, which finishes the step in hand,
    a chunk or a message, and queues up what is left. (RQ would wait for the whole job, and a horse
    that gets the signal by itself would die of it.)
    """

    def work(self, *args: Any, **kwargs: Any) -> bool:
        look_for_lost_work()
        return super().work(*args, **kwargs)

    def fork_work_horse(self, job: Job, queue: rq.Queue) -> None:
        # From here on until both know what to do with it, a signal waits.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            super().fork_work_horse(job, queue)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGTERM, request_stop)
        if self._stop_requested:  # while the job was on its way
            request_stop()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)


class PeriodicWorker(rq.SimpleWorker):
    """Does the periodic jobs itself: to fork for each takes longer than most of them.

    Each has a time limit, so that one that hangs does not keep the others waiting for ever.
    """

    def work(self, *args: Any, **kwargs: Any) -> bool:
        look_for_lost_work()
        return super().work(*args, **kwargs)

    def perform_job(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return super().perform_job(*args, **kwargs)
        finally:
            connections.close_all()  # whatever state a job has left them in


def look_for_lost_work() -> None:
    try:
        reconcile()
        resume_lost_imports()
    except (Error, RedisError) as error:
        log.warning("Could not look for lost work, the periodic job will: %s", error)
    except Exception:  # whatever it is: a worker that does not start helps nobody
        log.exception("Could not look for lost work, the periodic job will")
    connections.close_all()  # or every work horse would inherit the same socket
