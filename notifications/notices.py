"""Makes the bell's notices: at once by the rooms' signals, and by `catch_up` what those missed.

Whoever makes one, and however often, it is kept once: `about` says what it tells, and the database
takes it once for each user.
"""

from collections.abc import Iterator
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Now
from django.dispatch import receiver
from django.urls import reverse
from django.utils.formats import localize

from pipeline.bulk_actions.models import BulkAction, BulkActionQuerySet, Status
from pipeline.bulk_actions.progress import Progress
from pipeline.bulk_actions.signals import bulk_action_changed
from pipeline.candidates.importing.models import CandidateImport, CandidateImportQuerySet
from pipeline.candidates.signals import candidates_changed
from pipeline.outreach.limits import WARN_AT, alerts
from pipeline.outreach.models import MessageLimit, MessageUse
from pipeline.workspaces.models import Membership, Workspace

from .live import push_bells
from .models import Notice

LONGEST = 400  # Notice.text
LATELY = timedelta(days=1)  # how long ago something may have ended that is still to be told


def tell(*notices: Notice) -> None:
    """Keep those that are new, and ring the bell of who gets one."""
    for notice in notices:
        if len(notice.text) > LONGEST:
            notice.text = f"{notice.text[: LONGEST - 1]}…"
    if users := Notice.objects.all().keep(notices):
        transaction.on_commit(partial(push_bells, users))


def catch_up() -> None:
    """Tell what was not told because a process died at the wrong moment. Runs every 10 s."""
    tell(*of_actions(untold(BulkAction.objects.filter(ended_at__gt=Now() - LATELY))))
    tell_the_untold(of_imports(CandidateImport.objects.filter(ended_at__gt=Now() - LATELY)))
    tell_the_untold(of_limits(Workspace.objects.all()))


def tell_the_untold(notices: Iterator[Notice]) -> None:
    """As `tell`, but asks first: an INSERT takes a number even for what it does not insert."""
    made = list(notices)
    told = Notice.objects.filter(
        user__in={one.user_id for one in made}, about__in=[one.about for one in made]
    )
    known = set(told.values_list("user", "about"))
    tell(*(one for one in made if (one.user_id, one.about) not in known))


# --- bulk actions ---


@receiver(bulk_action_changed)
def tell_of_action(action_id: int, status_changed: bool, **_: Any) -> None:
    if status_changed:
        tell(*of_actions(BulkAction.objects.filter(pk=action_id)))


def of_actions(actions: BulkActionQuerySet) -> Iterator[Notice]:
    """For who started an action, that it ended; not for who canceled it: that was seen."""
    ended = actions.ended().exclude(canceled_by=F("started_by"))
    for action in (
        ended.filter(started_by__membership__workspace=F("workspace"))
        .for_rows()
        .order_by("ended_at")
    ):
        yield Notice(
            user=action.started_by,
            about=f"action-{action.pk}",
            text=end_of(action),
            link=f"{action.get_absolute_url()}{'file/' if action.file else ''}",
        )


def untold(actions: BulkActionQuerySet) -> BulkActionQuerySet:
    """Those without their notice, found by the database: a busy day has thousands of others."""
    about = Concat(Value("action-"), Cast(OuterRef("pk"), CharField()))
    return actions.exclude(Exists(Notice.objects.filter(user=OuterRef("started_by"), about=about)))


def end_of(action: BulkAction) -> str:
    """ "Move to Hired: Completed, 50,000 done." Without a time: the bell shows the notice's.

    And without numbers while a provider has yet to answer: a notice is kept as it was written.
    """
    counts = "" if action.being_sent else Progress(action).counts
    if action.status == Status.CANCELED:
        return f"{action.canceled_by} canceled your “{action.title}”{counts and f': {counts}'}."
    if action.file:
        failed = f", {localize(action.failed)} failed" if action.failed else ""
        people = f"{localize(action.done)} candidate{'' if action.done == 1 else 's'}"
        return f"Export is ready: {people}{failed}."
    sentence = f"{action.title}: {action.get_status_display()}{counts and f', {counts}'}."
    return f"{sentence} {action.failure}".strip()


# --- imports ---


@receiver(candidates_changed)
def tell_of_import(import_id: int, **_: Any) -> None:
    tell(*of_imports(CandidateImport.objects.filter(pk=import_id)))


def of_imports(imports: CandidateImportQuerySet) -> Iterator[Notice]:
    """For who ordered an import, that it is done or failed: each time, if it was tried again."""
    mine = imports.filter(created_by__membership__workspace=F("opening__workspace"))
    ended = mine.filter(status__in=[CandidateImport.Status.DONE, CandidateImport.Status.FAILED])
    for imported in ended.select_related("created_by", "opening").order_by("ended_at"):
        assert imported.ended_at is not None
        yield Notice(
            user=imported.created_by,
            about=f"import-{imported.pk}-{imported.ended_at.astimezone(UTC):%Y%m%d%H%M%S%f}",
            text=outcome_of(imported),
            link=imported.get_absolute_url(),
        )


def outcome_of(imported: CandidateImport) -> str:
    name = f"Import of {imported.name} into {imported.opening.name}"
    if imported.has_failed:
        return f"{name}: Failed. {imported.error}"
    counts = {key: localize(imported.counts.get(key, 0)) for key in ("new", "updated", "rejected")}
    return (
        f"{name}: Completed, {counts['new']} new, {counts['updated']} brought up to date,"
        f" {counts['rejected']} rejected."
    )


# --- message limits: nothing signals these, so `catch_up` finds them within seconds ---


def of_limits(workspaces: QuerySet[Workspace]) -> Iterator[Notice]:
    """For owners and admins, that a limit is nearly or wholly used up: once for each period."""
    for workspace in workspaces.filter(Exists(near_limits())):
        managers = Membership.objects.filter(
            workspace=workspace, role__in=Membership.MANAGERS, user__is_active=True
        ).select_related("user")
        for alert in alerts(workspace):
            for member in managers:
                link = reverse("outreach:limits") if member.is_owner else ""
                yield Notice(user=member.user, about=alert.about, text=alert.sentence, link=link)


def near_limits() -> QuerySet[MessageLimit]:
    """Limits of a workspace that some period came near to; which one, `alerts` knows."""
    near = MessageUse.objects.filter(
        workspace=OuterRef("workspace"),
        channel=OuterRef("channel"),
        period=OuterRef("period"),
        used__gte=OuterRef("number") * min(WARN_AT) / 100,
    )
    return MessageLimit.objects.filter(Q(number=0) | Exists(near), workspace=OuterRef("pk"))
