"""Who hears what. Names are made here, from what the database says, never from a client."""

import hashlib
from dataclasses import dataclass

from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User, membership_of


@dataclass(frozen=True)
class Access:
    """What decides which groups a socket is in: when it differs, the socket has to go."""

    user: int
    workspace: int
    role: str
    openings: tuple[int, ...] | None  # None: all of the workspace

    @property
    def groups(self) -> list[str]:
        mine = user_group(self.user)
        if self.openings is None:
            return [mine, workspace_group(self.workspace)]
        return [mine, *map(opening_group, self.openings)]

    @property
    def task_groups(self) -> list[str]:
        """What the pages with tasks on them hear besides."""
        if self.openings is None:
            return [workspace_tasks_group(self.workspace)]
        return [*map(opening_tasks_group, self.openings)]


def access_of(user: User) -> Access | None:
    membership = membership_of(user)
    if membership is None:
        return None
    openings = None
    if membership.is_limited:
        openings = tuple(membership.openings.order_by("pk").values_list("pk", flat=True))
    return Access(user.pk, membership.workspace_id, membership.role, openings)


def groups_of(action: BulkAction) -> list[str]:
    """The workspace's group, and of its openings those that some limited member has."""
    openings = Opening.objects.filter(pk__in=action.opening_ids, members__is_limited=True)
    heard_in = openings.order_by("pk").values_list("pk", flat=True).distinct()
    return [workspace_group(action.workspace_id), *map(opening_group, heard_in)]


def workspace_group(pk: int) -> str:
    return f"workspace-{pk}"


def opening_group(pk: int) -> str:
    return f"opening-{pk}"


def workspace_tasks_group(pk: int) -> str:
    return f"workspace-{pk}-tasks"


def opening_tasks_group(pk: int) -> str:
    return f"opening-{pk}-tasks"


def user_group(pk: int) -> str:
    """What concerns one user alone: the bell."""
    return f"user-{pk}"


def session_group(session_key: str) -> str:
    """The sockets of one login. The key itself is a secret and goes nowhere."""
    return f"session-{hashlib.sha256(session_key.encode()).hexdigest()[:40]}"
