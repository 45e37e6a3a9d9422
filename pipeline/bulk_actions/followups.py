"""What can be ordered after an action has ended: its rest, its failures again, or its undoing.

Each is a bulk action of its own that points back, over the candidates that the user sees.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import BigIntegerField, Exists, F, Func, OuterRef
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404

from pipeline.candidates.models import Candidate, CandidateQuerySet, Opening
from pipeline.candidates.selections import Selection
from pipeline.outreach.models import Message, MessageStatus
from pipeline.workspaces.models import User, membership_of

from .models import BulkAction, FollowUp, Status
from .operations import OPERATIONS, Operation
from .operations.undo import Undo

STOPPED = (Status.CANCELED, Status.HALTED, Status.FAILED)
MOST_LINKS = 20

# Whose message did not arrive for sure. Who may have got it is never written to again by a retry.
WRITTEN_TO = (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNCONFIRMED)


class NotOnOffer(ValueError):
    """There is nothing to follow up like that; says why."""


class Unnest(Func):
    function = "unnest"
    set_returning = True
    output_field = BigIntegerField()


@dataclass(frozen=True)
class Following:
    """One kind of follow-up of one action, as `user` would order it."""

    action: BulkAction
    follow_up: FollowUp
    user: User

    @classmethod
    def from_data(cls, user: User, data: QueryDict) -> "Following | None":
        """Read `of` and `select`; None where no action is followed.

        Raises Http404 for an action that the user can't see, and NotOnOffer.
        """
        if "of" not in data:
            return None
        pk, which = data.get("of", ""), data.get("select", "")
        if not pk.isdecimal() or len(pk) > 9 or which not in FollowUp:
            raise Http404("There is no such follow-up.")
        action = get_object_or_404(BulkAction.objects.visible_to(user).for_rows(), pk=int(pk))
        following = cls(action, FollowUp(which), user)
        if following.problem:
            raise NotOnOffer(following.problem)
        return following

    @property
    def problem(self) -> str:
        """Why it is not on offer; empty when it is."""
        action = self.action
        if action.operation not in OPERATIONS:
            return f"Belay no longer knows the operation “{action.operation}”."
        if action.is_active:
            return f"“{action.title}” is still running. Wait for its end, or cancel it first."
        if self.follow_up == FollowUp.UNDO:
            return self._why_no_undo()
        if self.follow_up == FollowUp.RETRY:
            return "" if action.failed else f"No candidate of “{action.title}” has failed."
        if action.status in STOPPED and action.untouched:
            return ""
        return f"“{action.title}” has left no candidate untouched."

    def _why_no_undo(self) -> str:
        if not OPERATIONS[self.action.operation].can_undo:
            return f"“{self.action.title}” can’t be undone."
        return "" if self.action.changed else f"“{self.action.title}” has changed nothing."

    @property
    def kind(self) -> type[Operation]:
        if self.follow_up == FollowUp.UNDO:
            return Undo
        return OPERATIONS[self.action.operation]

    @property
    def answers(self) -> dict[str, Any]:
        """What the options form begins with."""
        return self.kind.form.answers(self.action.options)

    @property
    def undo(self) -> Undo | None:
        """The undoing, of this action or, where it is one itself, of the one that it undoes."""
        if self.kind is not Undo:
            return None
        action = self.action
        limits = {"time_zone": action.workspace.time_zone, "reach": self._reach()}
        if action.operation == Undo.key:
            return Undo(action.options | limits)
        options = {
            "action": action.pk,
            "operation": action.operation,
            "options": action.options,
            "title": action.title,
            "openings": action.opening_ids,
        }
        return Undo(options | limits)

    def _reach(self) -> list[int] | None:
        membership = membership_of(self.user)
        if membership and not membership.is_limited:
            return None
        return list(Opening.objects.visible_to(self.user).values_list("pk", flat=True))

    @cached_property
    def selection(self) -> Selection:
        fields = [("of", str(self.action.pk)), ("select", str(self.follow_up))]
        which = {
            FollowUp.REST: "left untouched by “{}”",
            FollowUp.RETRY: "failed in “{}”",
            FollowUp.UNDO: "changed by “{}”",
        }[self.follow_up].format(self.action.title)
        return Selection(self._candidates(), fields, which)

    def _candidates(self) -> CandidateQuerySet:
        """Found by the database alone: there may be a million."""
        mine = Candidate.objects.visible_to(self.user)
        outcomes = self.action.outcomes.all()
        written_to = Message.objects.filter(bulk_action_id=self.action.pk, candidate=OuterRef("pk"))
        if self.follow_up == FollowUp.UNDO:
            return mine.filter(pk__in=outcomes.changed().values("candidate_id"))
        if self.follow_up == FollowUp.RETRY:
            failed = mine.filter(pk__in=outcomes.failed().values("candidate_id"))
            return failed.exclude(Exists(written_to.filter(status__in=WRITTEN_TO)))
        frozen = self.action.chunks.pending().order_by()
        left = frozen.annotate(each=Unnest(F("candidate_ids"))).values("each")
        # A message that was on its way when the action was stopped has no outcome yet.
        return mine.filter(pk__in=left).exclude(
            Exists(outcomes.filter(candidate_id=OuterRef("pk"))) | Exists(written_to)
        )

    def notes(self, total: int) -> list[str]:
        """Why it is for fewer than the action counted."""
        counted = {
            FollowUp.REST: self.action.untouched,
            FollowUp.RETRY: self.action.failed,
            FollowUp.UNDO: self.action.changed,
        }[self.follow_up]
        missing = counted - total
        if missing <= 0:
            return []
        causes = ["deleted since"]
        if self._reach() is not None:
            causes.append("in openings that you don’t see")
        if self.follow_up != FollowUp.UNDO and self._has_written():
            causes.append("written to already, or perhaps")
        are = "is" if missing == 1 else "are"
        return [f"{missing:,} more {are} left out: {' or '.join(causes)}."]

    def _has_written(self) -> bool:
        return Message.objects.filter(bulk_action_id=self.action.pk).exists()


def on_offer(action: BulkAction, user: User) -> list[FollowUp]:
    """What `user` may order after `action` now."""
    membership = membership_of(user)
    if membership is None or not membership.can_start:
        return []
    return [each for each in FollowUp if not Following(action, each, user).problem]


FOLLOWS = {
    FollowUp.REST: ("Carries on", "Carried on by"),
    FollowUp.RETRY: ("Tries again what failed in", "Tried again by"),
    FollowUp.UNDO: ("Undoes", "Undone by"),
}


@dataclass(frozen=True)
class Link:
    words: str
    action: BulkAction
    is_later: bool


def links(action: BulkAction, user: User) -> list[Link]:
    """To the action that this one follows, and to those that follow it, as far as `user` sees."""
    mine = BulkAction.objects.visible_to(user).for_rows()
    befores = mine.filter(pk=action.follows_id or 0)  # one, or none
    later = mine.filter(follows=action).order_by("pk")[:MOST_LINKS]
    return [
        *(Link(FOLLOWS[FollowUp(action.follow_up)][0], before, False) for before in befores),
        *(Link(FOLLOWS[FollowUp(after.follow_up)][1], after, True) for after in later),
    ]


def context(action: BulkAction, user: User) -> dict[str, Any]:
    """What the review shows of this; `is_followed` while a follow-up is at work."""
    found = links(action, user)
    return {
        "links": found,
        "offers": on_offer(action, user),
        "is_followed": any(link.is_later and link.action.is_active for link in found),
    }
