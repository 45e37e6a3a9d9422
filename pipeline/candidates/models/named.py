"""What has a name that nothing beside it may have, whatever its spelling."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from pipeline.foundation.first_come import is_name_taken
from pipeline.foundation.names import tidy


class NamedOnce(models.Model):
    """`clean` makes the name tidy and refuses one that another row of `owner_field` has.

    The rule of what is one name is foundation.names.same_key, for pages, admin and imports alike.
    """

    owner_field = "workspace"

    name: Any

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        self.name = tidy(self.name or "")
        owner = getattr(self, f"{self.owner_field}_id")
        siblings = type(self)._default_manager.filter(**{self.owner_field: owner})
        if not self.name:
            raise ValidationError({"name": "Write a name that can be seen."})
        if owner and is_name_taken(siblings, self.name, self.pk):
            noun = self._meta.verbose_name
            raise ValidationError({"name": f"There is a {noun} “{self.name}” already."})
