"""Why an event is not taken: a status, and for each wrong field a sentence that says what to do."""

from collections.abc import Mapping

Errors = dict[str, str]


class Refused(Exception):
    """Nothing of the event was kept."""

    status = 400

    def __init__(self, errors: Errors, codes: Mapping[str, str] | None = None) -> None:
        """`codes` are those of the errors that programs can tell apart, for each field."""
        super().__init__(errors)
        self.errors = errors
        self.codes = dict(codes or {})


class NotAllowed(Refused):
    status = 401


class NotEncrypted(Refused):
    status = 403


class Reused(Refused):
    status = 409


class TooLarge(Refused):
    status = 413


class NotJSON(Refused):
    status = 415


class NotPossible(Refused):
    """The event is well formed, but names what is not there or can't be done."""

    status = 422
