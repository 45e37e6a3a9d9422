"""What an operation is: a form for its options, a preview, and its change as SQL."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms

from pipeline.bulk_actions.models import BulkAction, Chunk
from pipeline.bulk_actions.writing.left_out import Decided
from pipeline.candidates.models import CandidateQuerySet
from pipeline.workspaces.models import Membership, User


class Unfinished(Exception):
    """The operation can't be brought to its end; says why, in a recruiter's words."""


@dataclass(frozen=True)
class Skip:
    """`count` candidates of a selection that the operation would leave as they are, and why."""

    count: int
    reason: str
    is_left_out: bool = False  # until the order includes them: see writing/left_out.py


@dataclass(frozen=True)
class Sample:
    """What one of the first candidates would get: a message, or the `problem` in its way."""

    candidate: str
    address: str = ""
    subject: str = ""
    body: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Preview:
    total: int
    skips: list[Skip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what else should be known before the start
    obstacle: str = ""  # why it can't be started at all like this
    decided: Decided | None = None

    @property
    def changes(self) -> int:
        return self.total - sum(skip.count for skip in self.skips)

    @property
    def other_skips(self) -> list[Skip]:
        """Without those whom `decided` speaks of."""
        return [skip for skip in self.skips if not skip.is_left_out]


@dataclass(frozen=True)
class Revert:
    """SQL that takes changes back, in two steps, each a list of common table expressions.

    `judging` reads `touched`, which is `picked` with `columns` more of candidates_candidate and
    `was`, the `before` of the outcome. It changes nothing and ends in one row for each candidate:
    `found (id, changed, reason, facts, before, …)`. `reason` is the code of what is in the way,
    else empty; `before` is what is there now, with the keys as before. Of one that is no longer as
    the action left it, `changed` is the key that `before` has for what is different (else NULL),
    and `reason` says how it is now; the facts who did that and when are added. `changing` then
    restores those that are in `fit`, the rows of `found` with nothing in the way.

    A parameter `reach` is there for both: the openings that the one who undoes may see, NULL for
    all.
    """

    judging: str
    changing: str
    params: dict[str, Any]
    columns: tuple[str, ...] = ()
    cancels_tasks: bool = False  # then they are held before, and announced afterwards
    stops_runs_of: int | None = None  # a journey, whose runs are then held before


class OptionsForm(forms.Form):
    """Asks for an operation's options. Offers, and accepts, only what `user` may see."""

    defaults: ClassVar[dict[str, Any]] = {}  # answers to begin with, where they say all
    fields_template: ClassVar[str] = "bulk_actions/_fields.html"

    def __init__(
        self,
        *args: Any,
        user: User,
        candidates: CandidateQuerySet | None = None,
        **kwargs: Any,
    ) -> None:
        """`candidates` are those selected; without, all that the user sees."""
        super().__init__(*args, **kwargs)
        self.user = user
        self.candidates = candidates
        self.offer()

    def offer(self) -> None:
        """Limit the choices to what is visible to `self.user`."""

    def options(self) -> dict[str, Any]:
        """The cleaned answers as JSON: ids, and the names that a later reader will need."""
        raise NotImplementedError

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        """The other way round: what the fields hold when a follow-up begins with `options`.

        Empty, as here, where all is to be chosen again.
        """
        return {}


class Operation(ABC):
    """What a bulk action does to a candidate."""

    do_not_call_in_templates = True  # templates get the class, for its label
    key: ClassVar[str]
    label: ClassVar[str]
    command: ClassVar[str]  # what its button says before "12,480 candidates": "Move"
    form: ClassVar[type[OptionsForm]]
    is_frequent: ClassVar[bool] = False  # has a button of its own in the bar, not in "More"
    is_follow_up: ClassVar[bool] = False  # is only ever ordered after another action
    needs_export: ClassVar[bool] = False  # makes a file: takes the right to export
    can_undo: ClassVar[bool] = False  # then `revert` says how
    # What it prepares for each candidate becomes one file or e-mail at the end: see `conclude`.
    has_conclusion: ClassVar[bool] = False
    concluding: ClassVar[str] = ""  # what it does after the last candidate: "Writing the file…"
    mails_at_the_end: ClassVar[bool] = False  # then the conclusion is an e-mail
    locks_first: ClassVar[bool] = False  # reads other tables, locked before: see lock_related
    # What it changes that pages show, in the words of their `data-shows`. Tasks tell of themselves.
    changes: ClassVar[tuple[str, ...]] = ("candidates",)
    on_cancel: ClassVar[str] = ""  # what happens then to the done, where they don't stay so
    way_out: ClassVar[str] = "Cancel"  # the button that closes its dialog
    tells_what_was: ClassVar[bool] = True  # `describe_before` does, and not what was done

    def __init__(self, options: dict[str, Any], opening_ids: Sequence[int] = ()) -> None:
        """`opening_ids` are the action's, once its selection is frozen: see `reached`."""
        self.options = options
        self.opening_ids = opening_ids

    @classmethod
    def may_be_ordered_by(cls, member: Membership) -> bool:
        """Whether the member's role and rights let it order this."""
        return member.can_start and (member.can_export or not cls.needs_export)

    @property
    @abstractmethod
    def title(self) -> str:
        """What history and panel call it: "Move to Shortlisted"."""

    @property
    def details(self) -> str:
        """What the title leaves out of the options, as a sentence; empty when it says all."""
        return ""

    @property
    @abstractmethod
    def verb(self) -> str:
        """What has become of a done candidate: "moved"."""

    @abstractmethod
    def preview(self, candidates: CandidateQuerySet) -> Preview:
        """What applying it to `candidates` would do now. Changes nothing."""

    @abstractmethod
    def apply(self) -> tuple[str, dict[str, Any]]:
        """The change, for all candidates of a chunk at once: SQL and its named parameters.

        The SQL is a list of common table expressions (`name AS (…), …`). It finds the chunk's
        candidates, locked, in `picked (id, opening_id, folder_id, recruiter_id)`, changes them,
        and ends in `outcome (candidate_id, result, reason, facts, before)`: one row for each of
        them, with a models.Result, for a failure its code (reasons.py), and as jsonb the facts of
        the code's sentence (NULL without), and what was there before. Parameters may not be named
        `engine_…`, nor like one of writing/values.py, which are there for all.
        """

    def samples(self, candidates: CandidateQuerySet) -> list[Sample]:
        """What the first of `candidates` would get, to be read before the start."""
        return []

    @abstractmethod
    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        """For each `before` of an outcome, what was there, readable: "Inbox"."""

    @property
    def left_out(self) -> list[str]:
        """The kinds of folders whose people stay as they are: see writing/left_out.py."""
        return []

    @property
    def reached(self) -> set[int]:
        """The openings that it concerns beside those that the candidates are in now."""
        return set()

    @property
    def openings_needed(self) -> set[int]:
        """Of the action's openings those that its owner must see for it to go on."""
        return set(self.opening_ids)

    @property
    def queue(self) -> str:
        """Whose workers carry it out: "messages" where it waits for a provider or a rate, "exports"
        where one step of it may take minutes."""
        return "default"

    @property
    def is_ordered(self) -> bool:
        """Whether lower ids must go first. Then the action has one lane."""
        return False

    def revert(self) -> "Revert":
        """How to restore what an action with these options has changed; if it `can_undo`."""
        raise NotImplementedError

    def lock_before_candidates(  # noqa: B027  # most tables are locked after the candidates
        self, action: BulkAction, chunk: Chunk
    ) -> None:
        """Lock what others lock before they lock candidates, so that nobody waits in a circle.

        In the same transaction; only for one that `locks_first`."""

    def lock_related(  # noqa: B027  # most operations change candidates alone
        self, action: BulkAction, chunk: Chunk
    ) -> None:
        """Lock what its SQL reads and changes in other tables, once the candidates are locked.

        In the same transaction; only for one that `locks_first`."""

    def after_write(  # noqa: B027  # most operations leave nothing
        self, action: BulkAction, chunk: Chunk
    ) -> None:
        """What a chunk leaves outside the database: a part of a file, an announcement. After its
        SQL, in its transaction; it may come again for the same chunk, and then replaces what it
        wrote."""

    def conclude(self, action: BulkAction) -> dict[str, Any]:
        """What is left to do after the last chunk; only for one that `has_conclusion`.

        One lane at a time is in here, outside of any transaction, while the action is still In
        Progress; after a crash another comes again. Returns fields that the action gets as it
        finishes. Should look now and then whether the action was canceled meanwhile
        (`action.is_still_active()`), and may then return at once. Raises Unfinished, and
        LimitReached where a messaging limit stands in the way: then the action is Halted.
        """
        return {}
