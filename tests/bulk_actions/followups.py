"""An action that was stopped half-way, and orders that follow it."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction, FollowUp, Outcome
from pipeline.bulk_actions.operations import operation_of
from pipeline.candidates.models import Folder, Opening
from pipeline.workspaces.models import User

START = reverse("bulk_actions:history")
NEW = reverse("bulk_actions:new")


@pytest.fixture
def hired(opening: Opening) -> Folder:
    return opening.folders.get(kind="hired")


@pytest.fixture
def stopped(
    hired: Folder, recruiter: User, start_move: Any, make_candidates: Any, settings: Any
) -> BulkAction:
    """Ten in chunks of four, canceled after the first chunk and one failure of the second.

    Changed: four. Failed: one. Untouched: five.
    """
    settings.BULK_CHUNK_SIZE = 4
    make_candidates(10)
    action: BulkAction = start_move(hired)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    failed = action.chunks.get(number=1).candidate_ids[0]
    Outcome.objects.create(action=action, candidate_id=failed, result=3, reason="No.")
    BulkAction.objects.filter(pk=action.pk).update(failed=1)
    action.cancel(by=recruiter)
    return action


@pytest.fixture
def browser(recruiter: User, client_of: Any) -> Client:
    client: Client = client_of(recruiter)
    return client


def follow(action: BulkAction, which: str, **fields: Any) -> dict[str, Any]:
    return {"of": action.pk, "select": which, "key": uuid4(), **fields}


def ids_for(action: BulkAction, which: FollowUp, user: User) -> list[int]:
    candidates = Following(action, which, user).selection.candidates
    return sorted(candidates.values_list("pk", flat=True))
