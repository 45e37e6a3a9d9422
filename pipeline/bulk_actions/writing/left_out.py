"""People a move away from success or back to the start leaves out, unless the order includes them.

Rejecting, holding or marking as No Response somebody who was hired, or was rejected before, is
mostly a slip of the selection. So they stay as they are, without a message, and count as unchanged.
Each chunk judges anew: whoever was hired after the order was given is left out as well.
"""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count

from pipeline.bulk_actions.reasons import LEFT_OUT
from pipeline.candidates.models import CandidateQuerySet, FolderKind
from pipeline.candidates.sql import places
from pipeline.foundation.words import plural

DECIDED = (FolderKind.HIRED, FolderKind.REJECTED)
# Folders that nobody who is decided on gets into unnoticed.
GUARDED = (FolderKind.ON_HOLD, FolderKind.REJECTED, FolderKind.NO_RESPONSE)


# Those of `picked` who are left out, and the reason of their outcome. Takes the parameter
# `left_out`: the kinds of folders.
LEFT_OUT_OF_PICKED = f"""
left_out AS (
    SELECT picked.id, '{LEFT_OUT}' || kind AS why
    FROM picked JOIN LATERAL ({places.kind_among("picked.folder_id", "%(left_out)s")}) AS folder
      ON true
)
"""  # noqa: S608
# The same for each of `seen`, as a join: by the folder, not by the candidate. A preview judges a
# whole selection, which PostgreSQL takes for one row while its statistics don't know a new import.
# It then compares two lists of 5,000 candidates pair by pair, for a minute.
LEFT_OUT_OF_SEEN = f"""
LEFT JOIN LATERAL (
    SELECT '{LEFT_OUT}' || kind AS why
    FROM ({places.kind_among("seen.folder_id", "%(left_out)s")}) AS folder
) AS left_out ON true
"""  # noqa: S608


class IncludeField(forms.BooleanField):
    """The box that takes them along after all. The preview shows it, beside their number."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True)
class Decided:
    """How many of a selection are decided on, and whether the order includes them."""

    hired: int
    rejected: int
    are_included: bool

    @property
    def count(self) -> int:
        return self.hired + self.rejected

    @property
    def sentence(self) -> str:
        """As in "6 are Hired and 12 are already Rejected. They will be left out."."""
        counts = [(self.hired, "Hired"), (self.rejected, "already Rejected")]
        parts = [f"{n:,} {plural(n, 'is', 'are')} {what}" for n, what in counts if n]
        fate = "included" if self.are_included else "left out"
        they = plural(self.count, "This candidate", "They")
        return f"{' and '.join(parts)}. {they} will be {fate}."


def kinds_left_out(options: dict[str, Any], target: str) -> list[str]:
    """The kinds of folders whose people an order with these options leaves as they are."""
    is_guarded = target in GUARDED and not options.get("include_decided")
    return [str(kind) for kind in DECIDED] if is_guarded else []


def decided(candidates: CandidateQuerySet, options: dict[str, Any], target: str) -> Decided | None:
    """Those of `candidates` who are decided on; None where the target asks for no such care."""
    if target not in GUARDED:
        return None
    found = dict(
        candidates.order_by()
        .filter(folder__kind__in=DECIDED)
        .values_list("folder__kind")
        .annotate(Count("pk"))
    )
    hired, rejected = (found.get(kind, 0) for kind in DECIDED)
    are_included = bool(options.get("include_decided"))
    return Decided(hired, rejected, are_included) if found else None
