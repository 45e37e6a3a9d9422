"""Who may do what: a workspace, its users and their memberships."""

import zoneinfo
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import phonenumbers
from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, URLValidator, validate_email
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

WEB = ("http", "https")
Rows = TypeVar("Rows", bound=models.QuerySet[Any, Any])


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is in the IANA database, as `Europe/Madrid` is."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is no time zone. Use a name like Europe/Madrid.")


class Workspace(models.Model):
    """One customer account. Everything belongs to exactly one."""

    name = models.CharField(max_length=100)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    phone_region = models.CharField(
        max_length=2,
        blank=True,
        help_text="Two-letter country of phone numbers that are written without one, like GB.",
    )
    start_delay_seconds = models.PositiveSmallIntegerField(
        default=5,
        validators=[MaxValueValidator(3600)],
        help_text="How long a bulk action waits In Queue, so that a mistaken click costs nothing.",
    )
    typed_number_from = models.PositiveIntegerField(
        default=1000,
        help_text="From this many candidates up, the number is typed to confirm a bulk action.",
    )

    support_address = models.CharField(
        max_length=200,
        blank=True,
        help_text="E-mail or web address behind “Contact support”; empty for the operator's own.",
    )

    messages_held_since = models.DateTimeField(
        null=True, editable=False, help_text="The database was restored, and nobody has confirmed."
    )
    messages_held_why = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A support address that a link may lead to, and a country that has phone numbers."""
        self.phone_region = self.phone_region.upper()
        if self.phone_region and self.phone_region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError(
                {"phone_region": f"{self.phone_region} is no country's two letters, like GB."}
            )
        if self.support_address:
            check = validate_email if "://" not in self.support_address else URLValidator(WEB)
            try:
                check(self.support_address)
            except ValidationError:
                raise ValidationError(
                    {"support_address": "Write an e-mail address, or a web address with https://."}
                )

    @property
    def support_url(self) -> str:
        """Where "Contact support" leads."""
        address = self.support_address or str(settings.SUPPORT_URL)
        return f"mailto:{address}" if "@" in address and ":" not in address else address

    @property
    def holds_messages(self) -> bool:
        """Whether what writes to people waits, as the database was restored from a backup."""
        return self.messages_held_since is not None

    @property
    def start_delay(self) -> timedelta:
        return timedelta(seconds=self.start_delay_seconds)

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with that e-mail, however it is capitalized."""
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person; the e-mail is the login."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail", unique=True)
    # The database raises it when the user is deactivated: migration 0006.
    sessions_ended = models.PositiveIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="How often all sessions were ended. "
        "A session proves how often that was when it began.",
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_the_case")
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """As Django's, of the password; and, once sessions were ended, of how often they were."""
        if not self.sessions_ended:
            return str(super()._get_session_auth_hash(secret=secret))  # type: ignore[misc]
        value = f"{self.password} {self.sessions_ended}"
        salt = "pipeline.workspaces.models.User.sessions_ended"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in str(self).split()[:2]).upper()


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
                {"is_limited": "An Owner sees all openings. Choose another role, or no limit."}
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
        """Hears of message limits; reads the audit, unless limited to some openings."""
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
    """The active user's membership, or None: for a stranger to every workspace, or nobody."""
    if not user.is_authenticated or not user.is_active:
        return None
    try:
        return user.membership
    except Membership.DoesNotExist:
        return None


def visible_rows(rows: Rows, user: User | AnonymousUser, opening: str) -> Rows:
    """Those of the user's workspace; of a limited member, those whose `opening` it sees."""
    membership = membership_of(user)
    if membership is None:
        return rows.none()
    mine = rows.filter(workspace=membership.workspace_id)
    if membership.is_limited:
        mine = mine.filter(**{f"{opening}__in": membership.openings.all()})
    return mine


# Django finds models here only.
from .audit import AuditEntry  # noqa: E402, F401
from .restores.models import Installation  # noqa: E402, F401
from .setbacks.models import Setback  # noqa: E402, F401
from .webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint  # noqa: E402, F401
