"""Works on every active bulk action, as workers and the cron would, and says what is then.

Run as `python -m tests.faults.lanes_at_work work confirm work` on any database: a line of JSON for
each `work`; `confirm` is the command after a restore.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from pipeline.bulk_actions.engine.lane import work_on  # noqa: E402
from pipeline.bulk_actions.engine.reconcile import reconcile  # noqa: E402
from pipeline.bulk_actions.models import BulkAction  # noqa: E402
from pipeline.outreach.models import Message  # noqa: E402
from pipeline.workspaces.models import Workspace  # noqa: E402


def written() -> int:
    """How many e-mails there are in the outbox."""
    file = settings.DATA_DIR / "outbox" / "email.jsonl"
    return len(file.read_text().splitlines()) if file.exists() else 0


def work() -> dict[str, object]:
    reconcile()
    for action in BulkAction.objects.active():
        for lane in range(action.lanes):
            work_on(action.pk, lane)
    return {
        "held": Workspace.objects.get().messages_held_why,
        "actions": dict(BulkAction.objects.values_list("operation", "status")),
        "messages": sorted(Message.objects.values_list("status", flat=True)),
        "written": written(),
    }


if __name__ == "__main__":
    for step in sys.argv[1:]:
        if step == "confirm":
            call_command("confirm_restore", stdout=sys.stderr)
        else:
            print(json.dumps(work()))
