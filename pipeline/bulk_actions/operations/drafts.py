"""Operations that write to candidates: what they have in common, and the message before it goes."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, TypeGuard

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Channel

from .base import Operation


class CantSend(Exception):
    """This person can't be written to; says why, in a recruiter's words."""


@dataclass(frozen=True)
class Draft:
    """A message to one address, its placeholders filled in."""

    channel: Channel
    address: str
    body: str
    subject: str = ""


NO_ADDRESS = {
    Channel.EMAIL: "Has no e-mail address.",
    Channel.SMS: "Has no phone number.",
}


OPTED_OUT = {
    Channel.EMAIL: "Has opted out of e-mails.",
    Channel.SMS: "Has opted out of SMS.",
}


def address_of(candidate: Candidate, channel: Channel) -> str:
    """Where `candidate` is written to on `channel`. Raises CantSend without such an address."""
    address = candidate.email if channel == Channel.EMAIL else candidate.phone
    if not address:
        raise CantSend(NO_ADDRESS[channel])
    return address


class SendingOperation(Operation):
    """Candidates are processed one by one, each with a message of its own: see sending.py."""

    changes_candidates: ClassVar[bool] = False  # with the message's first step, by `apply`

    @property
    def is_sending(self) -> bool:
        """False where these options ask for no message: then it is done by chunks, by `apply`."""
        return True

    @property
    @abstractmethod
    def channel(self) -> Channel: ...

    @abstractmethod
    def draft(self, candidate: Candidate) -> Draft:
        """The message to `candidate`, who comes with what placeholders need. Raises CantSend."""

    def apply(self) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError("Only what also changes candidates has SQL to do so.")


def sends(operation: Operation) -> TypeGuard[SendingOperation]:
    return isinstance(operation, SendingOperation) and operation.is_sending
