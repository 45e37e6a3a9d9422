from typing import Any

from django.db.models import Count

from pipeline.bulk_actions.models import BulkAction, Chunk, FollowUp
from pipeline.bulk_actions.models.bulk_action import LONGEST_TITLE
from pipeline.candidates.models import CandidateQuerySet
from pipeline.foundation.words import clipped
from pipeline.journeys.writing.stop import hold_runs_of
from pipeline.outreach.models import Channel, Message, MessageStatus
from pipeline.workspaces.sql import NAMED_USERS

from . import with_tasks
from .base import Operation, Preview
from .judging import JudgedChange, JudgingOperation
from .lookup import kind_of
from .stages import NoOptions

# They have left, or may have.
GONE_OUT = (MessageStatus.SENT, MessageStatus.UNCONFIRMED)
WHAT = {Channel.EMAIL: ("e-mail", "e-mails"), Channel.SMS: ("SMS", "SMS")}


class Undo(JudgingOperation):
    """Restore what another action changed, where it still is as that action left it.

    The options say all there is to know of the other action: its id, operation, options and
    title; the openings that it concerned; and the openings that the one who undoes may see
    (`reach`), null for all.
    """

    key = "undo"
    label = "Undo"
    command = "Restore"
    form = NoOptions
    verb = "restored"
    is_follow_up = True
    locks_first = True

    @property
    def undone(self) -> Operation:
        """The other action's operation."""
        return kind_of(self.options["operation"])(self.options["options"])

    @property
    def title(self) -> str:
        return f"Undo “{clipped(self.options['title'], LONGEST_TITLE - len('Undo “”'))}”"

    @property
    def reached(self) -> set[int]:
        return set(self.options["openings"])

    @property
    def openings_needed(self) -> set[int]:
        """Others of the undone action's openings stay as they are: see `reach`."""
        reach = self.options["reach"]
        return set(self.opening_ids) if reach is None else set(self.opening_ids) & set(reach)

    def change(self) -> JudgedChange:
        revert = self.undone.revert()
        ours = {
            "undone": self.options["action"],
            "undo": FollowUp.UNDO,
            "reach": self.options["reach"],
        }
        return JudgedChange(
            judging=f"{TOUCHED}, {revert.judging}, {JUDGED}",
            changing=revert.changing,
            params=revert.params | ours,
            columns=revert.columns,
        )

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        preview = super().preview(candidates)
        preview.notes.extend(self.unsendable())
        return preview

    def unsendable(self) -> list[str]:
        """The messages of the other action, which stay sent."""
        sent = Message.objects.filter(bulk_action_id=self.options["action"], status__in=GONE_OUT)
        if self.options["reach"] is not None:
            sent = sent.filter(candidate__opening__in=self.options["reach"])
        counts = sent.order_by("channel").values_list("channel").annotate(Count("pk"))
        return [
            f"{count:,} {WHAT[Channel(channel)][count != 1]} that went out with it can’t be unsent."
            for channel, count in counts
        ]

    def lock_before_candidates(self, action: BulkAction, chunk: Chunk) -> None:
        if journey := self.undone.revert().stops_runs_of:
            hold_runs_of(journey, chunk.candidate_ids)

    def lock_related(self, action: BulkAction, chunk: Chunk) -> None:
        if self.undone.revert().cancels_tasks:
            with_tasks.lock(chunk)

    def after_write(self, action: BulkAction, chunk: Chunk) -> None:
        if self.undone.revert().cancels_tasks:
            with_tasks.announce_canceled(action, chunk)

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return self.undone.describe_before(befores)


# One by one (OFFSET 0): what is guessed of so new an action may be far too little.
TOUCHED = """
touched AS (
    SELECT seen.*, outcome.before AS was
    FROM seen JOIN LATERAL (
        SELECT result, before FROM bulk_actions_outcome
        WHERE candidate_id = seen.id AND action_id = %(undone)s
        OFFSET 0
    ) AS outcome ON outcome.result = %(CHANGED)s
)
"""

# Who did it is known from the last outcome of another action with the same key in `before`. To the
# minute: so a preview can count those of one reason together.
JUDGED = f"""
fit AS (
    SELECT * FROM found WHERE reason = ''
), judged AS (
    SELECT found.id, CASE WHEN reason = '' THEN %(CHANGED)s ELSE %(FAILED)s END AS result,
           CASE WHEN later.is_undo THEN %(ALREADY_UNDONE)s ELSE reason END AS reason,
           CASE WHEN later.facts IS NULL THEN found.facts
                ELSE later.facts || coalesce(found.facts, '{{}}') END AS facts,
           found.before
    FROM found LEFT JOIN LATERAL (
        SELECT action.follow_up = %(undo)s AND action.follows_id = %(undone)s AS is_undo,
               jsonb_build_object('by', doer.name, 'at', date_trunc('minute', later.at)) AS facts
        FROM bulk_actions_outcome AS later
        JOIN bulk_actions_bulkaction AS action ON action.id = later.action_id
        JOIN {NAMED_USERS} AS doer ON doer.id = action.started_by_id
        WHERE found.changed IS NOT NULL
          AND later.candidate_id = found.id AND later.action_id <> %(undone)s
          AND later.result = %(CHANGED)s AND later.before ? found.changed
          AND later.at >= (SELECT at FROM bulk_actions_outcome
                           WHERE candidate_id = found.id AND action_id = %(undone)s)
        ORDER BY later.at DESC LIMIT 1
    ) AS later ON true
)
"""  # noqa: S608
