"""The periodic jobs, for `manage.py rqcron config.cron`."""

from functools import partial

import rq.cron
from rq.serializers import JSONSerializer

from pipeline.bulk_actions.reconcile import reconcile

# rq's cron has no setting for the serializer and would write pickles, which our workers refuse.
rq.cron.Queue = partial(rq.Queue, serializer=JSONSerializer)  # type: ignore[assignment,attr-defined]

# One that could not start for 10 s is replaced by the next: they must not pile up.
rq.cron.register(reconcile, "default", interval=10, ttl=10, result_ttl=0, failure_ttl=3600)
