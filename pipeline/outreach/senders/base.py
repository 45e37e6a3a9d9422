"""What a sender is, and the three ways in which a message does not go."""

from abc import ABC, abstractmethod

from pipeline.outreach.models import Message


class NotSent(Exception):
    """Its text is for recruiters: a sentence, without secrets of the provider's account."""


class NotTaken(NotSent):
    """The provider definitely did not take the message."""


class OptedOut(NotTaken):
    """The provider did not take it, as whoever has the address told the provider to stop."""


class Unconfirmed(NotSent):
    """The message was handed over, and nobody knows whether it was taken."""


class Unavailable(NotSent):
    """The provider can't be reached or lets nobody in. Nothing was handed over."""


class Sender(ABC):
    """Hands messages of one channel to a provider, over one connection for many of them.

    Belongs to one lane: it is not to be shared between threads or taken through a fork.
    """

    @abstractmethod
    def open(self) -> None:
        """Be ready for the next message; costs nothing when it is. Raises Unavailable."""

    @abstractmethod
    def send(self, message: Message) -> str:
        """Hand over one saved message; returns the provider's id for it.

        Opens the connection where it must. Every wait for the provider ends by itself. Raises
        NotTaken, Unconfirmed or Unavailable, and never sends a message again that may have gone.
        """

    @abstractmethod
    def close(self) -> None:
        """Leave in good order, and never raise: what was sent is sent."""
