"""Tells the open pages that what they show of candidates and runs may have changed.

Bulk actions and tasks tell it with their own pushes: see live.py and task_live.py.
"""

from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver

from pipeline.candidates.models import Candidate, Opening
from pipeline.candidates.signals import candidates_changed
from pipeline.journeys.signals import runs_changed

from .live import push_news


@receiver(candidates_changed)
def push_candidates(workspace_id: int, opening_ids: list[int], **_: Any) -> None:
    heard_in = limited_openings(workspace_id).filter(pk__in=opening_ids)
    push_news(workspace_id, "candidates", heard_in.values_list("pk", flat=True))


@receiver(runs_changed)
def push_runs(workspace_id: int, candidate_ids: list[int], **_: Any) -> None:
    heard_in = limited_openings(workspace_id).filter(
        pk__in=Candidate.objects.filter(pk__in=candidate_ids).values("opening")
    )
    push_news(workspace_id, "runs", heard_in.values_list("pk", flat=True))


def limited_openings(workspace_id: int) -> QuerySet[Opening]:
    """Return those of the openings that some limited member sees."""
    return Opening.objects.filter(
        pk__in=Opening.members.through.objects.filter(
            membership__is_limited=True, opening__workspace=workspace_id
        ).values("opening")
    )
