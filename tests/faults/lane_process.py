"""A process that is one lane: for each "action lane" on its input it takes a turn, and says so."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["BELAY_PROCESS"] = "worker"
django.setup()

from django.db import connection  # noqa: E402

from pipeline.bulk_actions.engine import lane as engine  # noqa: E402

print("ready", flush=True)
for order in sys.stdin:
    action_id, lane = map(int, order.split())
    try:
        engine.work_on(action_id, lane)
        print("ended", flush=True)
    except Exception as error:
        print(f"failed: {error!r}", flush=True)
    connection.close()
