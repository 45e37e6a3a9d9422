"""What can be ordered after an action has ended: its rest, its failures again, or its undoing.

Each is a bulk action of its own that points back, over the candidates that the user sees.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, F, Func, OuterRef, Q, Sum
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext

from pipeline.candidates.models import Candidate, CandidateQuerySet, Opening
from pipeline.candidates.selections import Selection
from pipeline.candidates.sight import sight_of
from pipeline.foundation.among import among_found
from pipeline.foundation.parameters import number_in
from pipeline.foundation.words import plural
from pipeline.outreach.models import Message, MessageStatus
from pipeline.workspaces.models import User, membership_of

from .models import ACTIVE, BulkAction, BulkActionQuerySet, FollowUp, Outcome, Status
from .models.chunk import ChunkQuerySet
from .operations import OPERATIONS, Operation
from .operations.undo import Undo
from .seen import partly

STOPPED = (Status.CANCELED, Status.HALTED, Status.FAILED)
MOST_LINKS = 20
HAS_DONE = Q(changed__gt=0) | Q(unchanged__gt=0) | Q(failed__gt=0)

# Whose message did not arrive for sure. Who may have got it is never written to again by a retry.
WRITTEN_TO = (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNCONFIRMED)


class NotOnOffer(ValueError):
    """There is nothing to follow up like that; says why."""


class Unnest(Func):
    function = "unnest"
    set_returning = True
    output_field = BigIntegerField()


def each_of(chunks: ChunkQuerySet) -> Any:
    """The ids of the candidates in `chunks`, found by the database."""
    return chunks.order_by().annotate(frozen=Unnest(F("candidate_ids"))).values("frozen")


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
        pk, which = number_in(data.get("of"), 9), data.get("select", "")
        if pk is None or which not in FollowUp:
            raise Http404("There is no such follow-up.")
        action = get_object_or_404(BulkAction.objects.visible_to(user).for_rows(), pk=pk)
        following = cls(action, FollowUp(which), user)
        if following.problem:
            raise NotOnOffer(following.problem)
        return following

    @cached_property
    def shown(self) -> BulkAction:
        """The action as the user sees it: with the words to speak of it."""
        return partly(sight_of(self.user), self.action)

    @property
    def problem(self) -> str:
        """Why it is not on offer; empty when it is."""
        action, title = self.action, self.shown.title
        if action.operation not in OPERATIONS:
            return f"Belay no longer knows the operation “{action.operation}”."
        if action.is_active:
            return gettext(
                "“%(title)s” is still running. Wait for it to end, or cancel it first."
            ) % {"title": title}
        if self.follow_up == FollowUp.UNDO:
            return self._why_no_undo()
        whole = action.whole or action
        if self.follow_up == FollowUp.RETRY:
            if not action.failed:
                return gettext("No candidate failed in “%(title)s”.") % {"title": title}
            return self._why_not_again(whole.failed, "retried")
        if action.status in STOPPED and action.untouched:
            return self._why_not_again(whole.untouched, "continued")
        return gettext("“%(title)s” left no candidates untouched.") % {"title": title}

    def _why_not_again(self, count: int, done: str) -> str:
        """What was ordered for these `count` before is followed up at its own review, if at all.

        A second order of the same would write to them a second time.
        """
        found = self._earlier.aggregate(
            active=Count("pk", filter=Q(status__in=ACTIVE)),
            taken=Sum("total", filter=HAS_DONE, default=0),
        )
        if found["active"]:
            return f"“{self.shown.title}” is being {done}."
        if found["taken"] >= count:
            return f"“{self.shown.title}” has already been {done}."
        return ""

    @property
    def _earlier(self) -> BulkActionQuerySet:
        """What followed the action up like that before."""
        return BulkAction.objects.filter(follows=self.action.pk, follow_up=self.follow_up)

    def _why_no_undo(self) -> str:
        if not OPERATIONS[self.action.operation].can_undo:
            return f"“{self.shown.title}” can’t be undone."
        if not self.action.changed:
            return gettext("“%(title)s” changed nothing.") % {"title": self.shown.title}
        redone = BulkAction.objects.filter(
            follows=OuterRef("pk"), follow_up=FollowUp.UNDO, changed__gt=0
        )
        found = self._earlier.aggregate(
            active=Count("pk", filter=Q(status__in=ACTIVE)),
            restored=Sum("changed", filter=~Exists(redone), default=0),
        )
        if found["active"]:
            return f"“{self.shown.title}” is being undone."
        is_undone = found["restored"] >= (self.action.whole or self.action).changed
        return f"“{self.shown.title}” has already been undone." if is_undone else ""

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
        # The time zone is for workers of the release before; it goes with the next one.
        limits = {"time_zone": action.workspace.tz.key, "reach": self._reach()}
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
        }[self.follow_up].format(self.shown.title)
        return Selection(self._candidates(), fields, which)

    def _candidates(self) -> CandidateQuerySet:
        """Found by the database alone: there may be a million."""
        seen = Candidate.objects.visible_to(self.user)
        if self.follow_up != FollowUp.UNDO:
            taken = Outcome.objects.filter(action__in=self._earlier, candidate_id=OuterRef("pk"))
            seen = seen.exclude(Exists(taken))
        outcomes = self.action.outcomes.all()
        written_to = Message.objects.filter(bulk_action_id=self.action.pk, candidate=OuterRef("pk"))
        if self.follow_up == FollowUp.UNDO:
            return seen.filter(among_found(outcomes.changed().values("candidate_id")))
        if self.follow_up == FollowUp.RETRY:
            failed = seen.filter(among_found(outcomes.failed().values("candidate_id")))
            return failed.exclude(Exists(written_to.filter(status__in=WRITTEN_TO)))
        if self.action.is_discarded:
            return seen.filter(pk__in=each_of(self.action.chunks.all()))
        left = each_of(self.action.chunks.pending())
        # A message that was on its way when the action was stopped has no outcome yet.
        return seen.filter(pk__in=left).exclude(
            Exists(outcomes.filter(candidate_id=OuterRef("pk"))) | Exists(written_to)
        )

    def notes(self, total: int) -> list[str]:
        """Why it is for fewer than the action counted; without a number where others' count."""
        if self.shown.whole:
            return [gettext("Candidates in openings you can’t see are left out.")]
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
            causes.append(gettext("in openings you can’t see"))
        if self.follow_up != FollowUp.UNDO and self._has_written():
            causes.append(gettext("already messaged, or possibly messaged"))
        are = plural(missing, "is", "are")
        return [f"{missing:,} more {are} left out: {' or '.join(causes)}."]

    def _has_written(self) -> bool:
        return Message.objects.filter(bulk_action_id=self.action.pk).exists()


def on_offer(action: BulkAction, user: User) -> list[FollowUp]:
    """What `user` may order after `action` now."""
    membership = membership_of(user)
    if membership is None or not membership.can_start:
        return []
    return [offer for offer in FollowUp if not Following(action, offer, user).problem]


# What it says of the action that it follows; and that one of it, with and without a change.
FOLLOWS = {
    FollowUp.REST: ("Continues", "Continued by", "Rest started by"),
    FollowUp.RETRY: ("Retries the failures of", "Retried by", "Retry started by"),
    FollowUp.UNDO: ("Undoes", "Undone by", "Undo started by"),
}


@dataclass(frozen=True)
class Link:
    words: str
    action: BulkAction
    is_later: bool


def links(action: BulkAction, user: User) -> list[Link]:
    """To the action that this one follows, and to those that follow it, as far as `user` sees."""

    def seen(actions: Iterable[BulkAction]) -> list[BulkAction]:
        return [partly(sight_of(user), action) for action in actions]

    visible = BulkAction.objects.visible_to(user).for_rows()
    befores = visible.filter(pk=action.follows_id or 0)  # one, or none
    later = visible.filter(follows=action).order_by("pk")[:MOST_LINKS]
    return [
        *(Link(FOLLOWS[FollowUp(action.follow_up)][0], before, False) for before in seen(befores)),
        *(Link(words_of(after), after, is_later=True) for after in seen(later)),
    ]


def words_of(after: BulkAction) -> str:
    """What the action that `after` follows says of it. An undo that did nothing undid nothing."""
    _, done, ordered = FOLLOWS[FollowUp(after.follow_up)]
    return done if after.changed else ordered


def context(action: BulkAction, user: User) -> dict[str, Any]:
    """What the review shows of this."""
    found = links(action, user)
    return {
        "links": found,
        "offers": on_offer(action, user),
    }
