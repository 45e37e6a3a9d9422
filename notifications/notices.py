"""Makes the bell's notices: at once by the rooms' signals, and by `catch_up` what those missed.

Whoever makes one, and however often, it is kept once: `about` says what it tells, and the database
takes it once for each user.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from django.db.models import CharField, Exists, F, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Now
from django.dispatch import receiver
from django.urls import reverse
from django.utils.formats import localize
from django.utils.translation import gettext as _

from pipeline.bulk_actions.models import BulkAction, BulkActionQuerySet, Status
from pipeline.bulk_actions.progress import Progress
from pipeline.bulk_actions.signals import bulk_action_changed
from pipeline.candidates.models import Opening
from pipeline.candidates.models.candidate_import import CandidateImport, CandidateImportQuerySet
from pipeline.candidates.signals import candidates_changed
from pipeline.foundation.commits import after_commit
from pipeline.foundation.parts import work_in_parts
from pipeline.foundation.words import clipped, counted
from pipeline.journeys.models import Journey
from pipeline.outreach.limits import WARN_AT, alerts
from pipeline.outreach.models import MessageLimit, MessageUse
from pipeline.workspaces.models import Membership, Workspace
from pipeline.workspaces.models.setback import Setback
from pipeline.workspaces.setbacks.isolation import Isolation, Subject

from .live import push_bells
from .lost_rights import (
    BY_WHOM,
    about_import,
    of_paused,
    to_owners_of_canceled,
    to_owners_of_revoked,
)
from .models import Notice

log = logging.getLogger(__name__)
Row = TypeVar("Row", bound=Model)
KEEPING = "keeping"  # of setbacks: the notice was made, and can't be stored
LONGEST = 400  # Notice.text
LATELY = timedelta(days=1)  # how long ago something may have ended that is still to be told


def tell(*notices: Notice) -> list[tuple[Notice, Exception]]:
    """Keep those that are new, and ring the bell of who gets one.

    Returns those that can't be kept, with the reason: they keep no other from being told.
    """
    for notice in notices:
        notice.text = clipped(notice.text, LONGEST)
    broken = work_in_parts(notices, keep_and_ring)
    for notice, error in broken:
        log.error("Notice %s for user %s", notice.about, notice.user_id, exc_info=error)
    return broken


def keep_and_ring(notices: Sequence[Notice]) -> None:
    if users := Notice.objects.all().keep(notices):
        after_commit(push_bells, users)


def catch_up() -> None:
    """Tell what was not told because a process died at the wrong moment. Runs every 10 s."""
    lately = Now() - LATELY
    actions = untold(BulkAction.objects.filter(ended_at__gt=lately))
    tell_each("action_notices", to_be_told(actions), lambda action: [of_action(action)])
    canceled = BulkAction.objects.canceled_by_belay().filter(ended_at__gt=lately)
    tell_each("canceled_notices", canceled.for_rows(), to_owners_of_canceled)
    imports = done_or_failed(CandidateImport.objects.filter(ended_at__gt=lately))
    tell_each("import_notices", imports, lambda imported: [of_import(imported)])
    revoked = CandidateImport.objects.revoked().filter(ended_at__gt=lately)
    tell_each("revoked_notices", revoked.select_related("opening"), to_owners_of_revoked)
    paused = Journey.objects.filter(paused_at__gt=lately).select_related(*BY_WHOM)
    tell_each("journey_notices", paused, of_paused)
    near = Workspace.objects.filter(Exists(near_limits()))
    tell_each("limit_notices", near, of_limits)
    tell_each("setback_notices", Setback.objects.serious().exclude(workspace=None), of_setback)


def tell_each(loop: str, rows: QuerySet[Row], make: Callable[[Row], Iterable[Notice]]) -> None:
    """Store the notices that `make` returns for each row. A row that fails is put off."""
    isolation = Isolation(loop)
    made: dict[tuple[int, str], Subject] = {}
    notices: list[Notice] = []
    for row in rows:
        if isolation.put_off_until(row.pk, KEEPING):
            continue
        found = isolation.attempt(subject_of(row), partial(make_all, make, row)) or []
        made |= {(notice.user_id, notice.about): subject_of(row, KEEPING) for notice in found}
        notices += found
    lost = tell_the_untold(notices)
    broken = {made[notice.user_id, notice.about]: error for notice, error in lost}
    for subject, error in broken.items():
        isolation.fail(subject, error)
    for subject in set(made.values()) - broken.keys():
        isolation.succeed(subject)


def make_all(make: Callable[[Row], Iterable[Notice]], row: Row) -> list[Notice]:
    return list(make(row))


def subject_of(row: Model, part: str = "") -> Subject:
    """Name the row for the owner of its workspace; a workspace is a row of itself."""
    workspace = row.pk if isinstance(row, Workspace) else workspace_of(row)
    what = f"The notice about {row._meta.verbose_name} {row.pk}"
    link = getattr(row, "link", "") or getattr(row, "get_absolute_url", str)()
    return Subject(row.pk, workspace, what, link, part)


def workspace_of(row: Any) -> int | None:
    place = row.opening if isinstance(row, CandidateImport) else row
    workspace: int | None = place.workspace_id
    return workspace


def tell_the_untold(made: Sequence[Notice]) -> list[tuple[Notice, Exception]]:
    """Call `tell` for notices not stored yet: an INSERT that inserts nothing uses up an id."""
    if not made:
        return []
    stored = Notice.objects.filter(
        user__in={notice.user_id for notice in made}, about__in=[notice.about for notice in made]
    )
    known = set(stored.values_list("user", "about"))
    return tell(*(notice for notice in made if (notice.user_id, notice.about) not in known))


# --- bulk actions ---


@receiver(bulk_action_changed)
def tell_of_action(action_id: int, status_changed: bool, **_: Any) -> None:
    if status_changed:
        actions = BulkAction.objects.filter(pk=action_id)
        tell(*map(of_action, to_be_told(actions)))
        for action in actions.canceled_by_belay().for_rows():
            tell(*to_owners_of_canceled(action))


def to_be_told(actions: BulkActionQuerySet) -> BulkActionQuerySet:
    """Those that ended, for who started them; not for who canceled them: that was seen."""
    ended = actions.ended().exclude(canceled_by=F("started_by"))
    members = ended.filter(started_by__membership__workspace=F("workspace"))
    return members.for_rows().order_by("ended_at")


def of_action(action: BulkAction) -> Notice:
    link = f"{action.get_absolute_url()}{'file/' if action.file else ''}"
    if action.is_canceled_by_belay:  # who started it may have lost the sight of it, too
        seen = BulkAction.objects.visible_to(action.started_by).filter(pk=action.pk)
        link = link if seen.exists() else ""
    return Notice(
        user=action.started_by, about=f"action-{action.pk}", text=end_of(action), link=link
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
        by = action.canceled_by or "Belay"
        why = f" {action.failure}" if action.is_canceled_by_belay else ""
        return f"{by} canceled your “{action.title}”{counts and f': {counts}'}.{why}"
    if action.file:
        failed = f", {localize(action.failed)} failed" if action.failed else ""
        return f"Export is ready: {counted(action.changed, 'candidate')}{failed}."
    sentence = f"{action.title}: {action.get_status_display()}{counts and f', {counts}'}."
    return f"{sentence} {action.failure}".strip()


# --- imports ---


@receiver(candidates_changed)
def tell_of_import(import_id: int | None, **_: Any) -> None:
    if import_id:
        tell(*map(of_import, done_or_failed(CandidateImport.objects.filter(pk=import_id))))


def done_or_failed(imports: CandidateImportQuerySet) -> CandidateImportQuerySet:
    """For who ordered an import, that it is done or failed: each time, if it was tried again."""
    ordered = Q(ordered_by__membership__workspace=F("opening__workspace"))
    # Before it was known who ordered one, it was taken to be who had uploaded the file.
    uploaded = Q(created_by__membership__workspace=F("opening__workspace"), ordered_by=None)
    over = [CandidateImport.Status.DONE, CandidateImport.Status.FAILED]
    ended = imports.filter(ordered | uploaded, status__in=over)
    return ended.select_related("ordered_by", "created_by", "opening").order_by("ended_at")


def of_import(imported: CandidateImport) -> Notice:
    user = imported.ordered_by or imported.created_by
    assert user is not None
    link = imported.get_absolute_url()
    if imported.is_revoked:  # the same
        seen = Opening.objects.visible_to(user).filter(pk=imported.opening_id)
        link = link if seen.exists() else ""
    return Notice(user=user, about=about_import(imported), text=outcome_of(imported), link=link)


def outcome_of(imported: CandidateImport) -> str:
    name = f"Import of {imported.name} into {imported.opening.name}"
    if imported.has_failed:
        return f"{name}: Failed. {imported.error}"
    counts = {key: localize(imported.counts.get(key, 0)) for key in ("new", "updated", "rejected")}
    return _("%(name)s: Completed, %(new)s new, %(updated)s updated, %(rejected)s rejected.") % {
        "name": name,
        "new": counts["new"],
        "updated": counts["updated"],
        "rejected": counts["rejected"],
    }


# --- message limits: nothing signals these, so `catch_up` finds them within seconds ---


def of_limits(workspace: Workspace) -> Iterator[Notice]:
    """For owners and admins, that a limit is nearly or wholly used up: once for each period."""
    managers = managers_of(workspace.pk)
    for alert in alerts(workspace):
        for member in managers:
            link = reverse("outreach:limits") if member.is_owner else ""
            yield Notice(user=member.user, about=alert.about, text=alert.sentence, link=link)


def managers_of(workspace_id: int | None) -> QuerySet[Membership]:
    managers = Membership.objects.filter(role__in=Membership.MANAGERS, user__is_active=True)
    return managers.filter(workspace=workspace_id).select_related("user")


def near_limits() -> QuerySet[MessageLimit]:
    """Limits of a workspace that some period came near to; which one, `alerts` knows."""
    near = MessageUse.objects.filter(
        workspace=OuterRef("workspace"),
        channel=OuterRef("channel"),
        period=OuterRef("period"),
        used__gte=OuterRef("number") * min(WARN_AT) / 100,
    )
    return MessageLimit.objects.filter(Q(number=0) | Exists(near), workspace=OuterRef("pk"))


# --- what the background work could not do: found by `catch_up`, too ---


def of_setback(setback: Setback) -> Iterator[Notice]:
    """For owners and admins, that something keeps failing: once, until it has worked again."""
    text = _(
        "%(what)s failed because of an unexpected error. Belay keeps trying, less "
        "and less often, down to once an hour. If it keeps failing, give support "
        "this number: S-%(pk)s."
    ) % {"what": setback.what, "pk": setback.pk}
    for member in managers_of(setback.workspace_id):
        is_for_owners = setback.link.startswith("/settings/")
        link = "" if is_for_owners and not member.is_owner else setback.link
        yield Notice(user=member.user, about=f"setback-{setback.pk}", text=text, link=link)
