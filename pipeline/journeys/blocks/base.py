"""What a block of a journey is: a form for its options, a sentence, and what it does to runs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django import forms
from django.db import models

from pipeline.candidates.models import Candidate
from pipeline.journeys.models import Journey
from pipeline.journeys.reasons import Code, Sentence, because, reason_of
from pipeline.journeys.writing.batch import Batch
from pipeline.workspaces.models import User, Workspace

Row = TypeVar("Row", bound=models.Model)


class BlockForm(forms.Form):
    """Asks for a block's options. Offers, and accepts, only what the workspace has.

    `only_with` says which fields make sense with some answers alone, so that the editor shows them
    only then: {"number": ("kind", "time")}, the other field and its values.
    """

    only_with: ClassVar[dict[str, tuple[str, ...]]] = {}

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        self.offer()

    def offer(self) -> None:
        """Limit the choices to what is `self.workspace`'s."""

    def options(self) -> dict[str, Any]:
        """The cleaned answers as JSON: ids, and the names that a later reader will need."""
        return dict(self.cleaned_data)

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        """The other way round: what the fields hold for these options."""
        return options


@dataclass(frozen=True)
class Rehearsal:
    """What the block would do to one candidate now, and which way it would send it."""

    text: str
    way: str = "next"  # empty where the journey would end


class Block(ABC):
    """One step of a journey. It is made from its options and keeps nothing else."""

    do_not_call_in_templates = True  # templates get the class, for its label
    key: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]  # what it is for, in the list of blocks to add
    form: ClassVar[type[BlockForm]] = BlockForm
    is_slow: ClassVar[bool] = (
        False  # talks to the outside: then `execute_external`, one run at a time
    )

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    @property
    def ways(self) -> dict[str, str]:
        """What leads on from it: key and label, of which the only one may be empty."""
        return {"next": ""}

    @property
    @abstractmethod
    def summary(self) -> str:
        """What it does, in the flow and in the log: "Wait 3 days"."""

    def problems(self, workspace: Workspace) -> list[str]:
        """Why it can't be published like this: what is not chosen, and what is gone."""
        return []

    def problems_in(self, journey: Journey) -> list[str]:
        """The same, for what is wrong in that journey alone: it can't start itself."""
        return []

    def warnings(self) -> list[str]:
        """What is to be confirmed before it is published."""
        return []

    def preview(self, workspace: Workspace, user: User) -> str:
        """What it would do if its moment were now, for the editor; empty for most."""
        return ""

    def listens_to(self) -> list[tuple[str, int | None, str]]:
        """The kind, ref and name of what its runs may wait for (see models.Listener)."""
        return []

    def execute_external(self, batch: Batch) -> None:
        """Only for a slow block: take the step of each run in transactions of its own, with no
        lock held while somebody outside thinks. Nothing is locked when it is called."""
        raise NotImplementedError

    def fail_if_misconfigured(self, batch: Batch) -> bool:
        """Whether something that it needs is gone; then each run has failed, with the sentence.

        Asked first by each `execute`: a version is published once, and what it names may go.
        """
        problems = self.problems(batch.version.journey.workspace)
        for run in batch if problems else ():
            batch.fail(run, reason_of(problems[0], Code.MISCONFIGURED, "problem"))
        return bool(problems)

    @abstractmethod
    def execute(self, batch: Batch) -> None:
        """Do it to all runs of the batch, in the caller's transaction, and tell the batch for
        each what came of it. Set-based where it writes. May raise: then each is tried alone."""

    @abstractmethod
    def rehearse(self, candidate: Candidate) -> Rehearsal:
        """What it would do to this candidate. Changes nothing."""


def row_of(rows: models.QuerySet[Row], pk: Any) -> Row | None:
    """The one of `rows` that options name; None where it is gone, or where that is no id."""
    is_id = isinstance(pk, int) and not isinstance(pk, bool) and 0 < pk < 2**63
    return rows.filter(pk=pk).first() if is_id else None


def chosen(name: str, row: models.Model | None) -> dict[str, Any]:
    """The row as options keep it: its id, and its name for when it is gone."""
    return {name: row and row.pk, f"{name}_name": str(row) if row else ""}


def text_in(options: dict[str, Any], name: str) -> str:
    """What the options say there, if that is text; else nothing. Never raises."""
    value = options.get(name)
    return value.strip() if isinstance(value, str) else ""


def gone(what: str, name: str) -> str:
    """As in "The folder “Hired” no longer exists." """
    return Sentence(because(Code.GONE, kind=what, name=name))
