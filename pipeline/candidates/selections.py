"""Which candidates an order is for: picked ones, or all that match a filter."""

from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from pipeline.foundation.words import plural
from pipeline.workspaces.models import User

from .filters import CandidateFilter
from .models import Candidate, CandidateQuerySet


class SelectionError(ValueError):
    """The selection names a candidate or filter that doesn't exist or that the user can't see."""


@dataclass(frozen=True)
class Selection:
    """`candidates` never holds more than the user may see."""

    candidates: CandidateQuerySet
    fields: list[tuple[str, str]] = field(default_factory=list)  # what a form posts to say it again
    description: str = ""

    @classmethod
    def from_data(cls, user: User, data: QueryDict) -> "Selection":
        """Read `candidate` (repeated ids), or `select=all` with the list's filters.

        Raises SelectionError, which a view answers with 404.
        """
        if data.get("select") == "all":
            return cls.all_that_match(user, data)
        return cls.picked(user, data.getlist("candidate"))

    @classmethod
    def all_that_match(cls, user: User, data: QueryDict) -> "Selection":
        filters = CandidateFilter(data, user)
        if not filters.is_valid():
            raise SelectionError(
                _(
                    "One of the filters refers to something you can't see. Reload the list "
                    "and select again."
                )
            )
        which = f"all candidates {filters.describe()}".strip()
        return cls(filters.qs, [("select", "all"), *filters.fields], which)

    @classmethod
    def picked(cls, user: User, values: list[str]) -> "Selection":
        try:
            ids = {int(value) for value in values}
        except ValueError as error:
            raise SelectionError(_("A candidate's id must be a number.")) from error
        candidates = Candidate.objects.visible_to(user).filter(pk__in=ids)
        if any(pk.bit_length() > 63 for pk in ids) or candidates.count() != len(ids):
            raise SelectionError(
                _(
                    "One of the candidates no longer exists, or you can't see them. Reload "
                    "the list and select again."
                )
            )
        return cls(candidates, [("candidate", str(pk)) for pk in sorted(ids)])

    @property
    def is_empty(self) -> bool:
        return not self.candidates.exists()

    def hidden_by(self, filters: CandidateFilter) -> int:
        """Count the selected candidates that a list with these filters doesn't show."""
        if not filters.chosen or set(filters.fields) <= set(self.fields):
            return 0
        shown = self.candidates.filter(pk__in=filters.qs.values("pk"))
        return self.candidates.count() - shown.count()

    def hidden_sentence(self, user: User, filters: str) -> str:
        """Say "3 of the 50 selected are hidden by the current filter"; empty when none are.

        `filters` are the list's, as a query string; one that is invalid hides nobody.
        """
        hidden = self.hidden_by(CandidateFilter(QueryDict(filters), user))
        if not hidden:
            return ""
        total = self.candidates.count()
        if total == 1:
            return _("The selected candidate is hidden by the current filter.")
        are = plural(hidden, "is", "are")
        return f"{hidden:,} of the {total:,} selected {are} hidden by the current filter."

    def describe(self) -> str:
        return self.description
