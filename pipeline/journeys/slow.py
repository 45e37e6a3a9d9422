"""The runs at blocks that talk to the outside, and what must not wait for these: all others.

The runner marks such a run as slow and leaves it alone; here it is handed to its block. That
happens in processes of its own, so that a mail server that hangs makes no other run late. Each
step takes the mark away again.
"""

from django.db.models.functions import Now

from .models import Run
from .runner import by_place, journeys_with_due_runs

BATCH = 500


def hand_over_some() -> int:
    """A turn at each live journey that has such runs due. Returns how many runs were due."""
    return sum(hand_over_batch(pk) for pk in journeys_with_due_runs(is_slow=True))


def hand_over_batch(journey_id: int) -> int:
    """Nothing is locked here: the block looks at each run once more before it takes it on."""
    slow = Run.objects.running().filter(journey=journey_id, is_slow=True)
    runs = list(slow.filter(due_at__lte=Now()).order_by("due_at")[:BATCH])
    for standing in by_place(runs):
        if standing.is_slow:
            standing.block.hand_over(standing.batch)
        else:  # a newer Belay has another idea of the block: the runner's to deal with
            slow.filter(pk__in=[run.pk for run in standing.runs]).update(is_slow=False)
    return len(runs)
