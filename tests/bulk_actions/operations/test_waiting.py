"""What was there before is what others left while a chunk waited for them."""

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.change_labels import ChangeLabels
from pipeline.bulk_actions.operations.set_attribute import SetAttribute
from pipeline.candidates.models import Candidate, CandidateLabel

pytestmark = pytest.mark.django_db(transaction=True)


def work_on_it_during(action: BulkAction, change: Callable[[], Any]) -> None:
    """Carry the action out in a session of its own, which has to wait until `change` is done."""

    def work() -> None:
        try:
            lane.work_on(action.pk, 0)
        finally:
            connection.close()

    waiting = Thread(target=work)
    with transaction.atomic():
        list(Candidate.objects.select_for_update())
        change()
        waiting.start()
        while not is_anybody_waiting():
            time.sleep(0.01)
    waiting.join()


def is_anybody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def test_an_attribute(make_candidates, order):
    candidate = make_candidates(1, attributes='{"Years": 1}').get()
    action = order(SetAttribute({"attribute": "Years", "value": "3"}), run=False)

    work_on_it_during(action, lambda: Candidate.objects.update(attributes={"Years": 2}))

    candidate.refresh_from_db()
    assert candidate.attributes == {"Years": "3"}
    assert action.outcomes.get().before == {"attribute Years": [2]}


def test_a_label(make_candidates, order, labels):
    candidate = make_candidates(1).get()
    night = labels[0]
    options = {"add": [{"id": night.pk, "name": night.name}], "remove": []}
    action = order(ChangeLabels(options), run=False)

    work_on_it_during(
        action, lambda: CandidateLabel.objects.create(candidate=candidate, label=night)
    )

    assert action.outcomes.get().before == {"labels": [night.pk]}
    assert action.outcomes.changed().count() == 0
