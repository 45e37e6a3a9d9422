"""Who wants no messages, or no calls."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from pipeline.workspaces.models import Workspace

from .channel import Contact


class OptOut(models.Model):
    """Somebody who wants no messages on a channel, or no calls, by address.

    So it holds for all applications."""

    workspace = models.ForeignKey(
        Workspace,
        models.CASCADE,
        related_name="opt_outs",
        db_index=False,  # the constraint's serves, and alone it would be read whole for each person
    )
    channel = models.CharField(max_length=10, choices=Contact)
    address = models.CharField(max_length=254, help_text="Lower case e-mail, or phone in E.164.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "channel", "address"], name="opt_out_unique"
            )
        ]

    def __str__(self) -> str:
        return _("%(address)s opted out of %(channel)s") % {
            "address": self.address,
            "channel": self.get_channel_display(),
        }
