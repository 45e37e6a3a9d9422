"""What pages show of the operations; the candidates page does so without importing this room."""

from datetime import timedelta
from typing import Any

from django import template

from pipeline.bulk_actions.models import BulkAction, FollowUp
from pipeline.bulk_actions.operations import OPERATIONS, Operation, operation_of
from pipeline.bulk_actions.pages.share_link import SharedLink, link_of
from pipeline.foundation.words import duration
from pipeline.workspaces.models import User, membership_of

register = template.Library()


@register.simple_tag(takes_context=True)
def operations_to_start(context: dict[str, Any]) -> dict[str, list[type[Operation]]]:
    """The operations that the page's user may order: those that are `frequent`, and `others`.

    Empty for a role that starts nothing.
    """
    membership = membership_of(context["user"])
    if membership is None or not membership.can_start:
        return {}
    offered = [
        operation
        for operation in OPERATIONS.values()
        if not operation.is_follow_up and operation.may_be_ordered_by(membership)
    ]
    return {
        "frequent": [operation for operation in offered if operation.is_frequent],
        "others": [operation for operation in offered if not operation.is_frequent],
    }


@register.filter
def details(action: BulkAction) -> str:
    """What its title leaves out; nothing where the operation itself is gone."""
    return operation_of(action).details


@register.filter
def counted_for(action: BulkAction, offer: FollowUp) -> int:
    """How many candidates this follow-up would be for."""
    return {
        FollowUp.UNDO: action.changed,
        FollowUp.RETRY: action.failed,
        FollowUp.REST: action.untouched,
    }[offer]


@register.filter
def is_whole_for(action: BulkAction, user: User) -> bool:
    """Whether `user` may have what holds all its candidates: a file, a link."""
    return action.is_wholly_visible_to(user)


@register.simple_tag
def shared_link(action: BulkAction, user: User) -> SharedLink | None:
    return link_of(action, user)


@register.filter
def took(action: BulkAction) -> str:
    """How long it ran, from the first candidate to its end: "4 s", "12 min"; empty before that."""
    if action.started_at is None or action.ended_at is None:
        return ""
    return duration(max(action.ended_at - action.started_at, timedelta(seconds=1)))
