"""The periodic jobs, for `manage.py rqcron config.cron`."""

import logging
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import rq.cron
from rq.serializers import JSONSerializer

from notifications.notices import catch_up
from pipeline.bulk_actions.engine.export_cleanup import clear_exports
from pipeline.bulk_actions.engine.reconcile import reconcile
from pipeline.candidates.importing.jobs import clear_abandoned_files, resume_lost_imports
from pipeline.journeys.engine.jobs import work, work_on_slow
from pipeline.tasks.timeouts import cancel_overdue
from pipeline.workspaces.setbacks.isolation import clear_setbacks
from pipeline.workspaces.webhooks.clearing import clear_deliveries
from pipeline.workspaces.webhooks.sending import send_due

# rq's cron has no setting for the serializer and would write pickles, which our workers refuse.
rq.cron.Queue = partial(rq.Queue, serializer=JSONSerializer)  # type: ignore[assignment,attr-defined]

# Its intervals are measured by a clock that nobody sets: it neither stops nor hurries when the
# host's own is put right.
STARTED_AT, STARTED = datetime.now(UTC), time.monotonic()
rq.cron.now = lambda: STARTED_AT + timedelta(seconds=time.monotonic() - STARTED)  # type: ignore[attr-defined]

# Else it says so every 10 s; in `up` its lines would bury the others.
logging.getLogger("rq.cron").setLevel(logging.WARNING)

# One that could not start before the next is due is replaced by it: they must not pile up. The
# limits are for what hangs: nothing here takes longer than some seconds at a time.
# A lane that is frozen or gone loses its session after 4 s: so another goes on within 10 s.
rq.cron.register(
    reconcile, "periodic", interval=3, ttl=3, job_timeout=30, result_ttl=0, failure_ttl=3600
)
for job in (resume_lost_imports, catch_up):
    rq.cron.register(
        job, "periodic", interval=10, ttl=10, job_timeout=30, result_ttl=0, failure_ttl=3600
    )
rq.cron.register(
    cancel_overdue, "periodic", interval=60, ttl=60, job_timeout=30, result_ttl=0, failure_ttl=3600
)
for job in (clear_abandoned_files, clear_exports, clear_deliveries, clear_setbacks):
    rq.cron.register(
        job, "periodic", interval=3600, ttl=3600, job_timeout=60, result_ttl=0, failure_ttl=3600
    )
rq.cron.register(send_due, "webhooks", interval=10, ttl=10, result_ttl=0, failure_ttl=3600)
for job, queue in ((work, "journeys"), (work_on_slow, "journeys_slow")):
    rq.cron.register(job, queue, interval=2, ttl=2, result_ttl=0, failure_ttl=3600)
