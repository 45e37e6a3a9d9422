"""Tells journeys what happened: all workspaces together, or each by itself where that fails.

What a workspace can't be told even alone is put off, and what happened after it is told before it;
the rest of that workspace, and the others, go on.
"""

import logging
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext
from rq.timeouts import BaseTimeoutException

from pipeline.foundation.parts import raise_if_lost, work_in_parts
from pipeline.foundation.turns import Interrupted
from pipeline.journeys.models.listener import Happening
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

from .events import BATCH, EVENTS, tell

log = logging.getLogger(__name__)


def dispatch_events() -> int:
    """Tell the journeys what happened and was committed, the oldest BATCH of it; returns how much.

    What follows from it commits together with its being gone. One process at a time: what happened
    to a candidate is told in its order.
    """
    try:
        return tell()
    except (BaseTimeoutException, Interrupted):
        raise
    except Exception as error:
        raise_if_lost(error)
        log.exception("Sending events to all workspaces at once")
        return tell_each_workspace()


def tell_each_workspace() -> int:
    """The oldest of what is to be told, workspace by workspace. Returns how much was told."""
    workspaces = Isolation(EVENTS)
    oldest = due().order_by("pk").values("workspace_id")[:BATCH]
    pks = sorted({row["workspace_id"] for row in oldest})
    return sum(tell_workspace(workspaces, pk) for pk in pks)


def due() -> QuerySet[Happening]:
    return Happening.objects.filter(Q(put_off_until=None) | Q(put_off_until__lte=Now()))


def tell_workspace(workspaces: Isolation, workspace_id: int) -> int:
    """All but what can't be told, which is put off. Returns how much was told."""
    number = 0

    def tell_part(pks: Sequence[int]) -> None:
        nonlocal number
        number += tell(pks)

    waiting = due().filter(workspace=workspace_id).order_by("pk").values_list("pk", flat=True)
    if broken := work_in_parts(list(waiting[:BATCH]), tell_part):
        what = gettext("Sending candidate events to journeys")
        subject = Subject(workspace_id, workspace_id, what, reverse("journeys:list"))
        until = workspaces.fail(subject, broken[0][1])
        late = Happening.objects.filter(pk__in=[pk for pk, _ in broken])
        late.update(put_off_until=until)
    return number
