"""What a member sees of the openings, and the names that are kept from one who does not see all.

Bulk actions, journeys and logs concern several openings, and their sentences name them and their
folders. A limited member reads "another opening" there instead.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AnonymousUser

from pipeline.foundation.words import CUT
from pipeline.workspaces.models import User, membership_of

from .models import Folder, Opening
from .models.former_name import FormerName

ANOTHER = "another opening"
SHORTEST = 2  # letters of a name that is looked for: one alone is also a word
LONG = 200  # letters from which on one may have been cut without it
SHORTEST_CUT = 4  # letters of a name that has been cut there


@dataclass(frozen=True)
class Sight:
    """`openings` are the ids of those that the member sees; None for all of the workspace."""

    workspace: int
    openings: frozenset[int] | None

    def sees_all(self, openings: Iterable[int]) -> bool:
        return self.openings is None or self.openings.issuperset(openings)

    def clean(self, text: str) -> str:
        """Replace each name of an opening or folder the member doesn't see by "another opening"."""
        if not text or self.openings is None or not self.hidden:
            return text
        text = self._pattern.sub(ANOTHER, text)
        if text.endswith(CUT) or len(text) >= LONG:
            text = self._without_cut_name(text)
        return REPEATED.sub(ANOTHER, text)

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Names, also former ones, of what the member doesn't see and nothing they see shares."""
        if self.openings is None:
            return frozenset()
        names: dict[bool, set[str]] = {True: set(), False: set()}
        of_workspace = {"workspace": self.workspace}
        for rows in (
            Opening.objects.filter(**of_workspace).values_list("pk", "name"),
            Folder.objects.filter(opening__workspace=self.workspace)
            .order_by()
            .values_list("opening_id", "name")
            .distinct(),
            FormerName.objects.filter(**of_workspace).values_list("opening_id", "name"),
        ):
            for opening, name in rows:
                names[opening in self.openings].add(name)
        return frozenset(name for name in names[False] - names[True] if len(name) >= SHORTEST)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Match any hidden name; the longest first, as one name may begin with another."""
        names = map(re.escape, sorted(self.hidden, key=len, reverse=True))
        return re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)")

    def _without_cut_name(self, text: str) -> str:
        """Replace a hidden name that was cut off at the end of the text."""
        body = text.removesuffix(CUT)
        for name in self.hidden:
            for length in range(min(len(name) - 1, len(body)), SHORTEST_CUT - 1, -1):
                begins_word = re.search(rf"(?<!\w){re.escape(name[:length])}\Z", body)
                if begins_word:
                    return f"{body[: begins_word.start()]}{ANOTHER}{text[len(body) :]}"
        return text


def sight_of(user: User | AnonymousUser) -> Sight:
    """Return what the user sees; asks the database for limited members, once per membership object.

    Whoever has no membership sees nothing.
    """
    membership = membership_of(user)
    if membership is None:
        return Sight(0, frozenset())
    known: Sight | None = getattr(membership, "_sight", None)
    if known is None:
        seen = membership.openings.values_list("pk", flat=True) if membership.is_limited else None
        known = Sight(membership.workspace_id, None if seen is None else frozenset(seen))
        membership._sight = known  # type: ignore[attr-defined]
    return known


# "Inbox, another opening" stays; a folder and its opening together are one.
REPEATED = re.compile(rf"(?:{ANOTHER}(?:, | of | · |: )(?:the folder )?)+{ANOTHER}")
