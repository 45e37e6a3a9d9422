"""Tasks in a candidate's timeline."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.candidates.timeline import events_of
from pipeline.tasks import timeline
from pipeline.tasks.models import Disposition, Task
from pipeline.tasks.models.types import TaskType

from .conftest import MakeTask


def told(candidate, user) -> list[str]:
    return [event.text for event in timeline.tasks(candidate, user)]


def test_it_tells_what_happened_to_each_task_with_a_link(make_task: MakeTask, agent, candidate):
    called = make_task()
    called.accept(agent)
    called.complete(agent, Disposition.NO_ANSWER)
    wrote = make_task(TaskType.VOICEMAIL)
    wrote.cancel(agent, "Hired elsewhere")

    by = "Journey 12 “Converted customers” v3, block “Cancel Task: Outbound Call”"
    assert told(candidate, agent) == [
        f"Voicemail created by {by}",
        "Voicemail canceled by Chloe Tan (Agent), because “Hired elsewhere”",
        f"Outbound Call created by {by}",
        "Outbound Call accepted by Chloe Tan",
        "Outbound Call completed by Chloe Tan: No answer",
    ]
    links = {event.link for event in timeline.tasks(candidate, agent)}
    assert links == {f"/tasks/past/{called.pk}/", f"/tasks/past/{wrote.pk}/"}


def test_it_is_part_of_the_candidates_own(make_task: MakeTask, agent, candidate):
    make_task().cancel(agent, "Not needed")

    newest, *_ = events_of(candidate, agent)

    assert newest.text.startswith("Outbound Call canceled by Chloe Tan")


def test_others_learn_nothing(make_task: MakeTask, stranger, candidate):
    make_task()

    assert told(candidate, stranger) == []


def test_it_brings_the_newest_and_no_more_queries_for_more_tasks(
    make_task: MakeTask, agent, candidate, monkeypatch, no_limit
):
    make_task()
    with CaptureQueriesContext(connection) as few:
        told(candidate, agent)
    for _ in range(5):
        make_task().accept(agent)
    monkeypatch.setattr(timeline, "MOST", 4)

    with CaptureQueriesContext(connection) as many:
        found = {event.link for event in timeline.tasks(candidate, agent)}

    newest = Task.objects.order_by("-pk")[:4]
    assert found == {f"/tasks/past/{task.pk}/" for task in newest}
    assert len(many) == len(few)
