"""The runs at blocks that talk to the outside, and what must not wait for these: all others.

The runner marks such a run as slow and leaves it alone; here it is handed to its block. That
happens in processes of its own, so that a mail server that hangs makes no other run late. Each
step takes the mark away again.
"""

import random
from collections import defaultdict
from functools import partial

from django.db.models.functions import Now

from pipeline.journeys.models import Journey, Run
from pipeline.workspaces.setbacks.isolation import Isolation

from .put_aside import for_each_journey, of_place, put_off
from .runner import BlockGroup, by_place, journeys_with_due_runs, tell_of

BATCH = 500


def execute_external_some() -> int:
    """A turn of each workspace that has such runs due. Returns how many runs were due in these.

    It is one of its journeys' turn: so many journeys make no other workspace wait for longer. A
    workspace whose messages are on hold after a restore has none.
    """
    due = Journey.objects.filter(
        pk__in=journeys_with_due_runs(is_slow=True), workspace__messages_held_since=None
    )
    of_each: dict[int, list[int]] = defaultdict(list)
    for workspace_id, pk in due.values_list("workspace", "pk"):
        of_each[workspace_id].append(pk)
    order = random.sample(list(of_each), len(of_each))
    chosen = [random.choice(of_each[workspace_id]) for workspace_id in order]
    return for_each_journey("journey_sending", chosen, execute_external_batch) if chosen else 0


def execute_external_batch(journey_id: int, isolation: Isolation | None = None) -> int:
    """Nothing is locked here: the block looks at each run once more before it takes it on."""
    isolation = isolation or Isolation("journey_sending")
    slow = Run.objects.running().filter(journey=journey_id, is_slow=True)
    runs = list(slow.filter(due_at__lte=Now()).order_by("due_at")[:BATCH])
    for group in by_place(runs):
        place = of_place(group)
        isolation.attempt(place, partial(execute_external, group))
        if until := isolation.put_off_until(*place.key):
            put_off(group.runs, until)
    tell_of(runs)
    return len(runs)


def execute_external(group: BlockGroup) -> None:
    if group.is_slow:
        group.block.execute_external(group.batch)
    else:  # a newer Belay has another idea of the block: the runner's to deal with
        marked = Run.objects.running().filter(pk__in=[run.pk for run in group.runs])
        marked.update(is_slow=False)
