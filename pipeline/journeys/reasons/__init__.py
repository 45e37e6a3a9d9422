"""The reasons of runs: a code and its facts when written, a sentence when shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .codes import Code as Code
from .sentences import sentence_of as sentence_of
from .sentences import title_of as title_of

Facts = dict[str, Any]


class AnyReason(Protocol):
    """A reason of this room, or of one below."""

    @property
    def code(self) -> str: ...

    @property
    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Reason:
    """Why a run stands, went on or ended. `facts` are JSON, and may hold other reasons."""

    code: str
    facts: Facts = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence_of(self.code, self.facts)


class Sentence(str):
    """The sentence of a reason that is remembered: for lists of problems, and exceptions."""

    reason: Reason

    def __new__(cls, reason: Reason) -> "Sentence":
        sentence = super().__new__(cls, reason)
        sentence.reason = reason
        return sentence


def because(code: Code, **facts: Any) -> Reason:
    return Reason(code, facts)


def reason_of(said: Reason | str, code: Code = Code.TEXT, fact: str = "text") -> Reason:
    """The reason of a sentence; of one that remembers none: `code`, with the sentence as a fact."""
    if isinstance(said, Reason):
        return said
    return said.reason if isinstance(said, Sentence) else Reason(code, {fact: str(said)})


def fact_of(reason: AnyReason) -> Facts:
    """A reason, of another room too, as the facts of a reason keep it."""
    return {"code": str(reason.code), "facts": dict(reason.facts)}


def all_of(reasons: Sequence[Reason]) -> Reason:
    """Several as one, told one after the other."""
    if len(reasons) == 1:
        return reasons[0]
    return because(Code.SEVERAL, reasons=[fact_of(reason) for reason in reasons])
