"""The runs that stand at one block, and what became of each of them there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.journeys.definition.definition import Node
from pipeline.journeys.models import JourneyVersion, Run, RunState
from pipeline.journeys.reasons import Reason


@dataclass
class Result:
    """What one run did at a block, and where it stands afterwards."""

    reason: Reason
    way: str = ""  # which it takes; empty where it stays or ends
    state: RunState = RunState.RUNNING
    due_at: datetime | None = None
    waiting_for: str = ""
    is_waiting: bool = False
    tries: int = 0
    is_logged: bool = True
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class Batch:
    """Runs of one version at one of its blocks, locked, with their candidates locked, too.

    A block calls exactly one of go_on, wait, end, fail and try_again for each of them.
    """

    version: JourneyVersion
    node: Node
    label: str  # the block's, as tasks and the log keep it: "Cancel Task: Outbound Call"
    runs: list[Run]
    now: datetime
    results: dict[int, Result] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    @property
    def workspace_id(self) -> int:
        return self.version.journey.workspace_id

    @property
    def candidates(self) -> list[int]:
        return [run.candidate_id for run in self.runs]

    def go_on(self, run: Run, why: Reason, way: str = "next", **details: Any) -> None:
        self.results[run.pk] = Result(why, way=way, due_at=self.now, details=details)

    def wait(
        self,
        run: Run,
        why: Reason,
        until: datetime | None,
        waiting_for: str = "",
        *,
        looks: int = 0,
        is_logged: bool = True,
    ) -> None:
        """Stay until that moment, or until `waiting_for` (happenings.key) happens; then come back
        to the same block, with `run.is_waiting`, `run.heard` where it happened, and `looks` as
        `run.tries`."""
        self.results[run.pk] = Result(
            why,
            due_at=until,
            waiting_for=waiting_for,
            is_waiting=True,
            tries=looks,
            is_logged=is_logged,
        )

    def try_again(
        self, run: Run, why: Reason, at: datetime, *, is_logged: bool | None = None
    ) -> None:
        """Come back to the same block then. The log says why at the first of several tries, or
        as `is_logged` says; for the guard against circles it is a wait."""
        first = run.tries == 0 if is_logged is None else is_logged
        self.results[run.pk] = Result(
            why, due_at=at, is_waiting=True, tries=run.tries + 1, is_logged=first
        )

    def end(self, run: Run, why: Reason) -> None:
        self.results[run.pk] = Result(why, state=RunState.FINISHED)

    def fail(self, run: Run, why: Reason) -> None:
        self.results[run.pk] = Result(why, state=RunState.FAILED)
