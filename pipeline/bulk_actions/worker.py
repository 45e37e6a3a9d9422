import logging
from typing import Any

import rq
from django.db import DatabaseError, connections
from redis.exceptions import RedisError

from pipeline.candidates.importing.jobs import resume_lost_imports

from .reconcile import reconcile

log = logging.getLogger(__name__)


class Worker(rq.Worker):
    """An RQ worker that first looks for work whose wake-up call was lost."""

    def work(self, *args: Any, **kwargs: Any) -> bool:
        try:
            reconcile()
            resume_lost_imports()
        except (DatabaseError, RedisError) as error:
            log.warning("Could not look for lost work, the periodic job will: %s", error)
        connections.close_all()  # or every work horse would inherit the same socket
        return super().work(*args, **kwargs)
