"""Who is a member of a workspace, and what a member may see and do."""

from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from .user import User
from .workspace import Workspace

Rows = TypeVar("Rows", bound=models.QuerySet[Any, Any])


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    RECRUITER = "recruiter"
    AGENT = "agent"
    SUPPORT = "support"


class Membership(models.Model):
    """A user's place in a workspace. A user has one; who works for two has two e-mails."""

    STARTERS = (Role.OWNER, Role.ADMIN, Role.RECRUITER)
    MANAGERS = (Role.OWNER, Role.ADMIN)
    WORKERS = (Role.OWNER, Role.ADMIN, Role.RECRUITER, Role.AGENT)

    user = models.OneToOneField(User, models.CASCADE, related_name="membership")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    is_limited = models.BooleanField(
        "limited to some openings",
        default=False,
        help_text="Sees and touches only the openings given to this member.",
    )
    may_export = models.BooleanField(
        "may download lists",
        null=True,
        blank=True,
        help_text="Unknown: as the role says. Owners, Admins and Recruiters may.",
    )

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.workspace}"

    def clean(self) -> None:
        if self.is_owner and self.is_limited:
            raise ValidationError(
                {
                    "is_limited": _(
                        "Owners can see all openings. Choose another role, or remove the limit."
                    )
                }
            )

    @property
    def can_start(self) -> bool:
        """May give orders: start a bulk action, import candidates. Canceling takes no role."""
        return self.role in self.STARTERS

    @property
    def can_export(self) -> bool:
        """May download lists of people, of tasks and the audit, and order exports.

        An Owner always may; of the others those whom an Owner let, or whose role gives orders.
        """
        is_by_role = self.is_owner or self.may_export is None
        return self.can_start if is_by_role else bool(self.may_export)

    @property
    def can_work(self) -> bool:
        """May accept tasks at the desk, create and cancel them. Support staff look on."""
        return self.role in self.WORKERS

    @property
    def can_manage(self) -> bool:
        """May run the workspace: is told of message limits, and takes tasks back from agents."""
        return self.role in self.MANAGERS

    @property
    def can_audit(self) -> bool:
        """May read the audit, which names things of all openings."""
        return self.can_manage and not self.is_limited

    @property
    def is_owner(self) -> bool:
        """May change the workspace's settings."""
        return self.role == Role.OWNER


def membership_of(user: User | AnonymousUser) -> Membership | None:
    """Return the user's membership; None for anonymous or inactive users and non-members."""
    if not user.is_authenticated or not user.is_active:
        return None
    try:
        return user.membership
    except Membership.DoesNotExist:
        return None


def visible_rows(rows: Rows, user: User | AnonymousUser, opening: str) -> Rows:
    """Rows of the user's workspace; for a limited member, those in openings they see."""
    membership = membership_of(user)
    if membership is None:
        return rows.none()
    found = rows.filter(workspace=membership.workspace_id)
    if membership.is_limited:
        found = found.filter(**{f"{opening}__in": membership.openings.all()})
    return found
