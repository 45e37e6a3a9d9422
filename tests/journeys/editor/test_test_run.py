"""A test run: what each block would do to a candidate, the other way, and nothing touched."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from pipeline.candidates.models import Candidate
from pipeline.journeys.blocks.base import Rehearsal
from pipeline.journeys.blocks.wait import Wait
from pipeline.journeys.editor.rehearsal import NOT_SET_UP, rehearse
from pipeline.journeys.models import Journey
from pipeline.workspaces.models import User
from tests.journeys.definitions import definition

from .conftest import Draft, Editor

Open = Callable[[Journey], Editor]
D3 = {"kind": "time", "number": 3, "unit": "days"}
CALLS = {"scope": "type", "types": ["outbound_call"]}
FORK = {
    "b1": ("create_task", "b2", {"type": "outbound_call"}),
    "b2": ("split", {"a": "b3", "b": "b4"}, {"shares": [50, 50]}),
    "b3": ("cancel_task", None, CALLS),
    "b4": ("wait", "b1", D3),
}


def everything() -> dict[str, list[Any]]:
    """All rows of all tables, sessions aside."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if model._meta.managed and table != "django_session":
                cursor.execute(f'SELECT row_to_json(one)::text FROM "{table}" AS one ORDER BY 1')
                found[table] = cursor.fetchall()
    return found


def test_each_block_says_what_it_would_do_and_nothing_is_touched(
    draft: Draft, editor: Open, candidate: Candidate, make_task: Any
):
    make_task()
    open = editor(draft(**FORK))
    before = everything()

    page = open.get(f"test-run/?candidate={candidate.pk}&steps=100")

    assert "Would create a task: Outbound Call" in page
    assert "Would do: Canceled 1 waiting task: Outbound Call." in page
    assert "The journey ends here." in page
    assert everything() == before


def test_the_other_way_is_taken_from_there_on(draft: Draft, editor: Open, candidate: Candidate):
    open = editor(draft(**FORK))
    first = open.get(f"test-run/?candidate={candidate.pk}&steps=2")

    other = open.get(f"test-run/?candidate={candidate.pk}&steps=3&way=2%3Ab")

    assert "way=2%3Ab" in first
    assert "You chose the path <strong>B: 50 %</strong>" in other
    assert "Would wait 3 days" in other


def test_a_circle_stops_after_a_hundred_steps(draft: Draft, editor: Open, candidate: Candidate):
    open = editor(draft(b1=("wait", "b1", D3)))

    page = open.get(f"test-run/?candidate={candidate.pk}&steps=100")

    assert "Stopped after 100 steps" in page


def test_candidates_are_searched_among_those_that_the_user_sees(
    draft: Draft, editor: Open, candidate: Candidate, stranger: User
):
    open = editor(draft(**FORK))
    theirs = Candidate.objects.exclude(workspace=candidate.workspace_id)[0]

    found = open.get("test-run/?q=Inger")
    nobody = open.get("test-run/?q=nobody-like-this")

    assert f"?candidate={candidate.pk}" in found
    assert "No matching candidates." in nobody
    for wanted in (theirs.pk, "x", 10**30):
        assert open.client.get(open.address(f"test-run/?candidate={wanted}")).status_code == 404


def test_a_block_that_would_write_can_not(candidate: Candidate, monkeypatch: pytest.MonkeyPatch):
    def writes(self: Wait, candidate: Candidate) -> Rehearsal:
        Candidate.objects.filter(pk=candidate.pk).update(full_name="Changed")
        return Rehearsal("Changed it")

    monkeypatch.setattr(Wait, "rehearse", writes)

    (step,) = rehearse(definition(b1=("wait", None, D3)), candidate, {})

    candidate.refresh_from_db()
    assert (step.text, candidate.full_name) == (NOT_SET_UP, "Inger Svärd")
    Candidate.objects.filter(pk=candidate.pk).update(full_name="Inger")  # and writing works again


def test_a_block_that_is_not_set_up_says_so(draft: Draft, editor: Open, candidate: Candidate):
    open = editor(draft(b1=("create_task", "b2"), b2=("wait", None, D3)))

    page = open.get(f"test-run/?candidate={candidate.pk}&steps=100")

    assert "Not set up yet" in page
