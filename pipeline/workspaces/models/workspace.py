"""Who may do what: a workspace, its users and their memberships."""

import zoneinfo
from datetime import timedelta
from typing import ClassVar

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, URLValidator, validate_email
from django.db import models
from django.utils.translation import gettext as _

WEB = ("http", "https")


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is in the IANA database, as `Europe/Madrid` is."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Use a name like Europe/Madrid.") % {"name": name}
        )


def zone_called(name: str) -> zoneinfo.ZoneInfo | None:
    """The time zone of that name; None where this machine's data has none."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # a folder, or no name at all
        return None


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
                {
                    "phone_region": _(
                        "“%(phone_region)s” is not a two-letter country code. Use one like GB."
                    )
                    % {"phone_region": self.phone_region}
                }
            )
        if self.support_address:
            check = validate_email if "://" not in self.support_address else URLValidator(WEB)
            try:
                check(self.support_address)
            except ValidationError:
                raise ValidationError(
                    {
                        "support_address": _(
                            "Enter an e-mail address, or a web address that begins with https://."
                        )
                    }
                )

    @property
    def support_url(self) -> str:
        """Where "Contact support" leads."""
        address = self.support_address or str(settings.SUPPORT_URL)
        return f"mailto:{address}" if "@" in address and ":" not in address else address

    @property
    def holds_messages(self) -> bool:
        """Whether messages are on hold, because the database was restored from a backup."""
        return self.messages_held_since is not None

    @property
    def start_delay(self) -> timedelta:
        return timedelta(seconds=self.start_delay_seconds)

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        """The time zone; UTC when this machine doesn't know it, so that the settings still open."""
        return zone_called(self.time_zone) or zoneinfo.ZoneInfo("UTC")
