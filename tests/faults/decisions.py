"""What one process decides by the time, as JSON: run as `python -m tests.faults.decisions`.

A process whose host's clock is wrong has to decide the same as any other.
"""

import json
import sys
import time
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.contrib.sessions.models import Session  # noqa: E402
from django.db.models import F  # noqa: E402
from django.db.models.functions import Now  # noqa: E402

from pipeline.bulk_actions.models import BulkAction  # noqa: E402
from pipeline.bulk_actions.progress import Progress  # noqa: E402
from pipeline.candidates.models.candidate_import import CandidateImport  # noqa: E402
from pipeline.candidates.models.share import Share  # noqa: E402
from pipeline.foundation.words import age  # noqa: E402
from pipeline.journeys.engine.jobs import work  # noqa: E402
from pipeline.journeys.lifecycle import set_schedule  # noqa: E402
from pipeline.journeys.models import Journey, Run  # noqa: E402
from pipeline.journeys.writing.enroll import enroll  # noqa: E402
from pipeline.outreach import limits  # noqa: E402
from pipeline.outreach.models import Channel  # noqa: E402
from pipeline.tasks.models import Task  # noqa: E402
from pipeline.tasks.timeouts import cancel_overdue  # noqa: E402
from pipeline.workspaces.joining import PASSWORD_TOKENS  # noqa: E402
from pipeline.workspaces.models import User, Workspace  # noqa: E402
from pipeline.workspaces.models.webhook import WebhookEndpoint  # noqa: E402
from pipeline.workspaces.sessions import SessionStore  # noqa: E402


def decisions(given: dict[str, Any]) -> dict[str, Any]:
    workspace = Workspace.objects.get()
    journey = Journey.objects.get()
    assert journey.version
    session = SessionStore()
    session["kept"] = True
    session.save()
    two_weeks = (Now() + timedelta(days=13.99), Now() + timedelta(days=14.01))
    kept = Session.objects.filter(pk=session.session_key, expire_date__range=two_weeks)
    set_schedule(journey)
    enroll(journey.version, [given["candidate"]], "by hand")
    work()
    cancel_overdue()
    waiting = Run.objects.running().values_list(F("due_at") - Now(), flat=True)
    found: dict[str, Any] = {
        "canceled by timeout": Task.objects.filter(state="canceled").count(),
        "the wait has minutes": round(waiting.get().total_seconds() / 60),
        "the older task waits": age(Task.objects.latest("pk").queued_at),
        "share open": [share.is_open for share in Share.objects.order_by("pk")],
        "limit left": limits.left(workspace, Channel.SMS),
        "next time": str(journey.next_at),
        "quiet": Progress(BulkAction.objects.get()).quiet_for,
        "secrets": len(WebhookEndpoint.objects.get().secrets),
        "link to choose a password": PASSWORD_TOKENS.check_token(
            User.objects.get(pk=given["user"]), given["token"]
        ),
        "signed in": "kept" in SessionStore(given["session"]),
        "stays signed in for two weeks": kept.exists(),
        "files abandoned": CandidateImport.objects.abandoned().count(),
    }
    return found


if __name__ == "__main__":
    told = decisions(json.loads(sys.argv[1]))
    print(json.dumps({"host": time.time(), **told}))
