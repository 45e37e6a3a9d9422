"""What an owner changes about a member, each change with its line in the audit."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from pipeline.foundation.commits import after_commit

from .models import Membership, Role, User
from .models.audit import record
from .signals import access_changed

EXPORT_TAKEN = "took the right to export from"


class LastOwner(ValueError):
    """Nobody would be left who may change the workspace's settings."""


@transaction.atomic
def change(
    member: Membership,
    role: str,
    openings: Iterable[int] | None,
    by: User,
    may_export: bool | None = None,
) -> None:
    """Give `member` that role, and only those openings (None: all).

    `may_export` lets the member download lists, or not; None leaves that as it is, which is as the
    role says unless an Owner has said otherwise. Raises LastOwner.
    """
    was = Membership.objects.select_related("workspace").get(pk=locked(member).pk)
    saw = {o.pk: o.name for o in was.openings.all()} if was.is_limited else None
    if was.is_owner and role != Role.OWNER:
        keep_another_owner(was)
    member.role, member.is_limited = role, openings is not None
    member.may_export = was.may_export if may_export is None else may_export
    member.save(update_fields=["role", "is_limited", "may_export"])
    member.openings.set(openings or ())
    announce_access([member.user_id])
    sees = {o.pk: o.name for o in member.openings.all()} if member.is_limited else None
    if role != was.role:
        roles = f"{member.user} from {was.get_role_display()} to {member.get_role_display()}"
        record(was.workspace, by, "changed the role of", roles)
    if sees is None and saw is not None:
        record(was.workspace, by, "gave all openings to", str(member.user))
    elif sees is not None and sees != saw:
        names = ", ".join(sees.values()) or "no opening"
        record(was.workspace, by, "limited", f"{member.user} to {names}")
    if may_export is not None and member.can_export != was.can_export:
        verb = "gave the right to export to" if member.can_export else EXPORT_TAKEN
        record(was.workspace, by, verb, str(member.user))


@transaction.atomic
def deactivate(member: Membership, by: User) -> bool:
    """Shut the member out, from the next request on. False when already done. Raises LastOwner."""
    locked(member)
    if member.is_owner:
        keep_another_owner(member)
    return set_active(member, False, by, "deactivated")


@transaction.atomic
def reactivate(member: Membership, by: User) -> bool:
    """Let a deactivated member in again, with the old password. False when already active."""
    locked(member)
    return set_active(member, True, by, "reactivated")


def locked(member: Membership) -> Membership:
    """Lock and return the member; other changes of the workspace's members wait.

    Locks the owners, and always in the same order: two of them can't demote each other at once.
    """
    rows = Membership.objects.filter(workspace=member.workspace_id).order_by("pk")
    list(rows.filter(role=Role.OWNER).select_for_update(no_key=True))
    member.refresh_from_db(fields=["role", "is_limited"])
    return member


def keep_another_owner(member: Membership) -> None:
    """Raise LastOwner for the only active Owner. Call it after `locked`, which waits for others."""
    owners = Membership.objects.filter(workspace=member.workspace_id, role=Role.OWNER)
    if not owners.filter(user__is_active=True).exclude(pk=member.pk).exists():
        raise LastOwner(
            _("%(user)s is the only active Owner. Make another member an Owner first.")
            % {"user": member.user}
        )


def set_active(member: Membership, is_active: bool, by: User, verb: str) -> bool:
    users = User.objects.filter(pk=member.user_id, is_active=not is_active)
    changed = users.update(is_active=is_active)
    member.user.is_active = is_active
    if changed:
        announce_access([member.user_id])
        record(member.workspace, by, verb, str(member.user))
    return bool(changed)


def announce_access(user_ids: Iterable[int]) -> None:
    """After the commit, have these users' open pages checked: they may see less now."""
    after_commit(access_changed.send_robust, Membership, user_ids=list(user_ids))
