"""`manage.py rqcron config.cron`: django-rq's command, with a scheduler that outlives Redis."""

import logging
from typing import Any

from django_rq.cron import DjangoCronScheduler
from django_rq.management.commands import rqcron
from redis.exceptions import RedisError
from rq.exceptions import StopRequested

from config.patience import Patience

log = logging.getLogger(__name__)


class CronScheduler(DjangoCronScheduler):
    is_stopping = False

    def start(self) -> None:
        """Send the jobs that are due, until asked to stop; wait while Redis is away."""
        patience = Patience()
        while not self.is_stopping:
            try:
                super().start()  # type: ignore[no-untyped-call]
                return  # it was asked to stop
            except RedisError as error:
                log.warning("The cron waits for Redis: %s", error)
            except StopRequested:
                return
            try:
                patience.wait()
            except StopRequested:
                return

    def _request_stop(self, *args: Any) -> None:
        self.is_stopping = True
        super()._request_stop(*args)  # type: ignore[no-untyped-call]


class Command(rqcron.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        # The command has no setting for its class.
        rqcron.DjangoCronScheduler = CronScheduler  # type: ignore[attr-defined]
        super().handle(*args, **options)
