"""What a database knows of itself, by which it notices that it comes from a backup."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models


class Installation(models.Model):
    """The one row of this database. See detection.py for what is compared with what."""

    uid = models.UUIDField(db_default=RandomUUID(), help_text="New with each restore.")
    beat = models.BigIntegerField(default=1, help_text="Counted up as long as Belay runs.")
    place = models.CharField(max_length=200, blank=True, help_text="Where the tables were.")
    timeline = models.BigIntegerField(null=True, help_text="PostgreSQL's, when last looked at.")
