"""What an operation is: a form for its options, a preview, and its change as SQL."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms

from pipeline.candidates.models import CandidateQuerySet
from pipeline.workspaces.models import User


@dataclass(frozen=True)
class Skip:
    """`count` candidates of a selection that the operation would leave as they are, and why."""

    count: int
    reason: str


@dataclass(frozen=True)
class Preview:
    total: int
    skips: list[Skip] = field(default_factory=list)

    @property
    def changes(self) -> int:
        return self.total - sum(skip.count for skip in self.skips)


class OptionsForm(forms.Form):
    """Asks for an operation's options. Offers, and accepts, only what `user` may see."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.offer()

    def offer(self) -> None:
        """Limit the choices to what is visible to `self.user`."""

    def options(self) -> dict[str, Any]:
        """The cleaned answers as JSON: ids, and the names that a later reader will need."""
        raise NotImplementedError


class Operation(ABC):
    """What a bulk action does to a candidate."""

    do_not_call_in_templates = True  # templates get the class, for its label
    key: ClassVar[str]
    label: ClassVar[str]
    command: ClassVar[str]  # what its button says before "12,480 candidates": "Move"
    form: ClassVar[type[OptionsForm]]

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

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
        and ends in `outcome (candidate_id, result, reason, before)`: one row for each of them,
        with a models.Result, for a failure the reason in a recruiter's words, and as jsonb what
        was there before. Parameter names must not begin with `engine_`.
        """

    @abstractmethod
    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        """For each `before` of an outcome, what was there, readable: "Inbox"."""
