"""The card with a candidate's tasks on the profile."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.tasks.models import Disposition
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.templatetags import past_tasks

from .conftest import MakeTask


def card(client, candidate) -> str:
    page = client.get(candidate.get_absolute_url()).content.decode()
    card = r'<section class="card mt-3" id="candidate-tasks".*?</section>'
    [found] = re.findall(card, page, re.DOTALL)
    return str(found)


def test_it_shows_what_is_open_and_what_ended_last(
    make_task: MakeTask, agent, candidate, client_of
):
    make_task(TaskType.VOICEMAIL)
    make_task(TaskType.INBOUND_SMS).accept(agent)
    done = make_task()
    done.accept(agent)
    done.complete(agent, Disposition.REACHED)
    make_task(TaskType.ASAP_CALLBACK).cancel(agent, "Not needed")

    shown = re.findall(
        r">(Voicemail|Inbound SMS|ASAP Callback|Outbound Call)<", card(client_of(agent), candidate)
    )

    assert shown == ["Inbound SMS", "Voicemail", "ASAP Callback", "Outbound Call"]
    page = card(client_of(agent), candidate)
    assert f'href="/tasks/past/{done.pk}/"' in page
    assert f'href="/tasks/past/?candidate={candidate.pk}"' in page
    for state in ("In queue", "Assigned", "Completed", "Canceled", "Chloe Tan"):
        assert state in page


def test_it_says_so_when_there_is_none(candidate, agent, client_of):
    assert "No tasks yet." in card(client_of(agent), candidate)


def test_only_who_may_work_is_offered_a_new_task(candidate, agent, support, client_of):
    assert f"?candidate={candidate.pk}" in card(client_of(agent), candidate)
    assert "New task" not in card(client_of(support), candidate)


def test_it_ends_somewhere_and_takes_no_more_queries(
    make_task: MakeTask, agent, candidate, client_of, monkeypatch, no_limit
):
    monkeypatch.setattr(past_tasks, "OPEN_SHOWN", 3)
    client = client_of(agent)
    make_task()
    with CaptureQueriesContext(connection) as few:
        card(client, candidate)
    for _ in range(7):
        make_task()

    with CaptureQueriesContext(connection) as many:
        page = card(client, candidate)

    assert page.count(">Outbound Call<") == 3
    assert "There are more open tasks." in page
    assert len(many) == len(few)


def test_of_another_opening_nothing_is_told(
    make_task: MakeTask, limited, candidate, client_of, other_opening, agent
):
    make_task(TaskType.VOICEMAIL)

    assert "Voicemail" in card(client_of(limited), candidate)
    candidate.opening = other_opening
    candidate.save(update_fields=["opening"])
    assert client_of(limited).get(candidate.get_absolute_url()).status_code == 404
