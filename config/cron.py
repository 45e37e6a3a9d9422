"""The periodic jobs, for `manage.py rqcron config.cron`."""

import logging
from functools import partial

import rq.cron
from rq.serializers import JSONSerializer

from notifications.notices import catch_up
from pipeline.bulk_actions.export_clearing import clear_exports
from pipeline.bulk_actions.reconcile import reconcile
from pipeline.candidates.importing.jobs import clear_abandoned_files, resume_lost_imports
from pipeline.journeys.jobs import work, work_on_slow
from pipeline.tasks.timeouts import cancel_overdue
from pipeline.workspaces.webhooks.clearing import clear_deliveries
from pipeline.workspaces.webhooks.sending import send_due

# rq's cron has no setting for the serializer and would write pickles, which our workers refuse.
rq.cron.Queue = partial(rq.Queue, serializer=JSONSerializer)  # type: ignore[assignment,attr-defined]

# Else it says so every 10 s; in `up` its lines would bury the others.
logging.getLogger("rq.cron").setLevel(logging.WARNING)

# One that could not start for 10 s is replaced by the next: they must not pile up.
for job in (reconcile, resume_lost_imports, catch_up):
    rq.cron.register(job, "default", interval=10, ttl=10, result_ttl=0, failure_ttl=3600)
rq.cron.register(cancel_overdue, "default", interval=60, ttl=60, result_ttl=0, failure_ttl=3600)
rq.cron.register(send_due, "webhooks", interval=10, ttl=10, result_ttl=0, failure_ttl=3600)
for job, queue in ((work, "journeys"), (work_on_slow, "journeys_slow")):
    rq.cron.register(job, queue, interval=2, ttl=2, result_ttl=0, failure_ttl=3600)
for job in (clear_abandoned_files, clear_exports, clear_deliveries):
    rq.cron.register(job, "default", interval=3600, ttl=3600, result_ttl=0)
