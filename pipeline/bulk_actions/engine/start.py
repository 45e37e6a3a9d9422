"""Giving the order: what is processed later is what the user saw counted now."""

import uuid

from django.conf import settings
from django.core.exceptions import EmptyResultSet, PermissionDenied
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from pipeline.bulk_actions.followups import Following, NotOnOffer
from pipeline.bulk_actions.models import BulkAction, FollowUp
from pipeline.bulk_actions.operations import Operation, operation_of, sends
from pipeline.candidates.models import CandidateQuerySet, Opening
from pipeline.foundation import database_clock
from pipeline.foundation.commits import after_commit
from pipeline.workspaces.models import User, membership_of

from . import quotas, wakeups

MESSAGES_IN_CHUNK = 50
# What the audit says of a new action.
VERBS = {
    "": "started",
    FollowUp.REST: "carried on",
    FollowUp.RETRY: "retried",
    FollowUp.UNDO: "undid",
}


class NothingSelected(ValueError):
    """The selection holds no candidate."""


def start_bulk_action(
    *,
    user: User,
    operation: Operation,
    candidates: CandidateQuerySet,
    key: uuid.UUID,
    follows: BulkAction | None = None,
    follow_up: FollowUp | None = None,
) -> tuple[BulkAction, bool]:
    """Freeze `candidates` and queue `operation` for them; as a `follow_up` of one that it follows.

    Returns the action, and whether this call made it: the same `key` from the same user answers
    with the action that it made first. Raises NothingSelected for an empty selection,
    PermissionDenied for a user who may not start one, or who picks up another user's key,
    QuotaReached where too many are active, and NotOnOffer where somebody was quicker with the same
    follow-up.
    """
    membership = membership_of(user)
    if membership is None or not membership.can_start:
        raise PermissionDenied(_("Starting a bulk action requires an Owner, Admin or Recruiter."))
    workspace = membership.workspace
    with transaction.atomic():
        if follows and follow_up:
            check_offer(follows, follow_up, user, key)
        action, created = BulkAction.objects.get_or_create(
            workspace=workspace,
            key=key,
            defaults={
                "operation": operation.key,
                "options": operation.options,
                "title": operation.title,
                "is_made_at_end": operation.has_conclusion,
                "lanes": lanes_for(operation),
                "total": 0,
                "started_by": user,
                "starts_at": database_clock.now() + workspace.start_delay,
                "follows": follows,
                "follow_up": follow_up or "",
            },
        )
        if created:
            quotas.check(action)
            freeze(action, candidates, size_of_chunks(operation, action.lanes))
            action.audit(VERBS[action.follow_up], by=user)
            quotas.check_exactly(action)
            after_commit(action.announce)
            after_commit(wakeups.wake, action)
        elif action.started_by_id != user.pk:
            raise PermissionDenied(
                _("This form belongs to another user. Close it and open it again.")
            )
    return action, created


def check_offer(follows: BulkAction, follow_up: FollowUp, user: User, key: uuid.UUID) -> None:
    """Raise NotOnOffer where the same was ordered since the dialog was shown.

    Those who order it at one moment have their turns here: else each would see it on offer, and
    everybody in it would be written to twice.
    """
    locked = BulkAction.objects.select_for_update(no_key=True, of=("self",))
    ended = locked.select_related("workspace").get(pk=follows.pk)
    if BulkAction.objects.filter(workspace=ended.workspace_id, key=key).exists():
        return  # a double click
    if problem := Following(ended, follow_up, user).problem:
        raise NotOnOffer(problem)


def freeze(action: BulkAction, candidates: CandidateQuerySet, size: int) -> None:
    """Write the selection as chunks of `size`, in one statement, and what it adds up to."""
    candidates = candidates.order_by()
    try:
        selection, params = candidates.values_list("pk").query.sql_with_params()
    except EmptyResultSet:
        raise NothingSelected(NOTHING) from None
    with connection.cursor() as cursor:
        cursor.execute(FREEZE.format(selection=selection), [size, *params, action.pk])
        (action.total,) = cursor.fetchone()
    if not action.total:
        raise NothingSelected(NOTHING)
    frozen_in = set(openings_of(action, candidates))
    action.opening_ids = sorted(frozen_in | operation_of(action).reached)
    if operation_of(action).is_ordered:
        action.lanes = 1
    action.save(update_fields=["total", "opening_ids", "lanes"])


def openings_of(action: BulkAction, candidates: CandidateQuerySet) -> QuerySet[Opening, int]:
    """The ids of the openings that `candidates` are in, by one look into each opening."""
    is_in = Exists(candidates.filter(opening=OuterRef("pk")))
    openings = Opening.objects.filter(is_in, workspace=action.workspace_id)
    return openings.order_by("pk").values_list("pk", flat=True)


def lanes_for(operation: Operation) -> int:
    return int(settings.MESSAGE_LANES if sends(operation) else settings.BULK_LANES)


def size_of_chunks(operation: Operation, lanes: int) -> int:
    """A chunk of messages is what a lane fetches at once: a cancel does not wait for it."""
    return MESSAGES_IN_CHUNK if sends(operation) else chunk_size(lanes)


def chunk_size(lanes: int) -> int:
    """How many candidates a chunk has: the more lanes, the fewer. A cancel waits for one of each.

    Lanes also slow each other down, so it shrinks faster than their square.
    """
    return max(1, int(settings.BULK_CHUNK_SIZE / lanes**2.5))


NOTHING = "No candidates are selected, or none match any more. Select candidates and start again."

FREEZE = """
WITH numbered AS (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS number
    FROM ({selection}) AS selected (id)
), frozen AS (
    INSERT INTO bulk_actions_chunk (action_id, number, candidate_ids, is_done, attempts)
    SELECT %s, number, array_agg(id), false, 0 FROM numbered GROUP BY number
    RETURNING cardinality(candidate_ids) AS size
)
SELECT coalesce(sum(size), 0) FROM frozen
"""
