"""Operations that write to candidates: what they have in common."""

from abc import abstractmethod
from typing import Any, ClassVar, TypeGuard

from pipeline.candidates.models import Candidate
from pipeline.outreach.drafts import Draft
from pipeline.outreach.models import Channel

from .base import Operation


class SendingOperation(Operation):
    """Candidates are processed one by one, each with an own message: see engine/messages.py."""

    changes_candidates: ClassVar[bool] = False  # with the message's first step, by `apply`

    @property
    def is_sending(self) -> bool:
        """False where these options ask for no message: then it is done by chunks, by `apply`."""
        return True

    @property
    def queue(self) -> str:
        return "messages" if self.is_sending else "default"

    @property
    @abstractmethod
    def channel(self) -> Channel: ...

    @abstractmethod
    def draft(self, candidate: Candidate) -> Draft:
        """The message to `candidate`, who comes with what placeholders need. Raises CantSend."""

    def apply(self) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError("Only what also changes candidates has SQL to do so.")


def writes_to_people(operation: Operation) -> bool:
    """To candidates, or to somebody else at the end."""
    return sends(operation) or operation.mails_at_the_end


def sends(operation: Operation) -> TypeGuard[SendingOperation]:
    return isinstance(operation, SendingOperation) and operation.is_sending
