"""Open pages hear that what they show may have changed, as far as they may see it."""

import json
from typing import Any

import pytest

from notifications import live
from pipeline.candidates.models import Opening
from pipeline.candidates.signals import candidates_changed
from pipeline.journeys.engine import runner
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import User
from tests.journeys.conftest import MakeJourney
from tests.journeys.conftest import make_journey as make_journey

from .conftest import OpenPage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "paused_until", 0.0)


def test_an_import_is_heard_of_by_those_who_see_its_opening(
    open_page: OpenPage,
    support: User,
    limited: User,
    stranger: User,
    opening: Opening,
    other_opening: Opening,
) -> None:
    everything, mine, theirs = (open_page(user) for user in (support, limited, stranger))
    for page in (everything, mine, theirs):
        page.hear()  # the panel: from here on it hears everything

    for one in (other_opening, opening):
        told = {"workspace_id": one.workspace_id, "opening_ids": [one.pk], "import_id": None}
        candidates_changed.send(None, **told)
        everything.hear_until("news")
        if one == other_opening:
            assert mine.hears_nothing()

    assert json.loads(mine.hear_until("news")) == {"news": "candidates"}
    assert theirs.hears_nothing()


def test_steps_of_runs_and_what_they_change_are_told(
    open_page: OpenPage, support: User, make_candidates: Any, make_journey: MakeJourney
) -> None:
    journey = make_journey(
        ("update_candidate", {"attribute": "Seen", "value": "yes"}),
        ("wait", {"kind": "time", "number": 3, "unit": "days"}),
    )
    people = [one.pk for one in make_candidates(2)]
    page = open_page(support)
    page.hear()
    assert journey.version

    enroll(journey.version, people, "By hand")
    assert json.loads(page.hear_until("news")) == {"news": "runs"}
    while runner.advance_some():
        pass
    heard = {page.hear_until("news") for _ in range(2)}

    assert {json.loads(one)["news"] for one in heard} == {"runs", "candidates"}


def test_pages_with_people_are_not_stored(client_of: Any, support: User) -> None:
    for address in ("/candidates/", "/bulk-actions/", "/journeys/", "/campaigns/", "/tasks/past/"):
        assert "no-store" in client_of(support).get(address)["Cache-Control"], address
