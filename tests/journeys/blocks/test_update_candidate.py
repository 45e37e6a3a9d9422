"""Update candidate: what changes, what does not and why, and what follows from it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.candidates.models import Candidate, CandidateLabel, Label, Opening
from pipeline.candidates.models.attributes import MOST, TOO_MANY
from pipeline.candidates.timeline import events_of
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import User
from tests.journeys.conftest import until_nothing_is_due

from .conftest import last_line


def named(label: Label) -> dict[str, Any]:
    return {"id": label.pk, "name": label.name}


def test_everything_at_once_is_in_the_log_with_before_and_after(
    pass_block: Any, candidate: Candidate, opening: Opening, labels: list[Label], recruiter: User
):
    CandidateLabel.objects.create(candidate=candidate, label=labels[1])
    Candidate.objects.update(attributes={"plan": "free", "City": "Oslo"})
    inbox, hired = opening.folders.get(kind="inbox"), opening.folders.get(kind="hired")

    run = pass_block(
        "update_candidate",
        {
            "folder_kind": "hired",
            "add_labels": [named(labels[0])],
            "remove_labels": [named(labels[1]), named(labels[2])],
            "recruiter_change": "assign",
            "recruiter": recruiter.membership.pk,
            "recruiter_name": "Ana Ruiz",
            "attribute": "Plan",
            "value": "pro",
        },
    )

    candidate.refresh_from_db()
    assert candidate.folder == hired
    assert set(candidate.labels.all()) == {labels[0]}
    assert candidate.recruiter == recruiter.membership
    assert candidate.attributes == {"plan": "pro", "City": "Oslo"}
    line = last_line(run)
    assert line.text == (
        "Moved from Inbox to Hired. Added “Night shift”. Removed “German”."
        " Recruiter: Ana Ruiz (was no one). Set plan to “pro” (was “free”)."
    )
    assert line.details == {
        "before": {
            "folder": inbox.pk,
            "labels": [labels[1].pk],
            "recruiter": None,
            "attribute plan": "free",
        },
        "after": {
            "folder": hired.pk,
            "labels": [labels[0].pk],
            "recruiter": recruiter.membership.pk,
            "attribute plan": "pro",
        },
    }


def test_what_is_so_already_is_not_written(pass_block: Any, candidate: Candidate):
    options = {"folder_kind": "inbox", "recruiter_change": "nobody", "attribute": "x", "value": ""}
    before = xmin(candidate)

    run = pass_block("update_candidate", options)

    assert last_line(run).text == "No change needed."
    assert last_line(run).details == {}
    assert xmin(candidate) == before


def xmin(candidate: Candidate) -> Any:
    """Of the row's version: another one where it was written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text FROM candidates_candidate WHERE id = %s", [candidate.pk])
        return cursor.fetchone()


def test_only_candidates_of_the_folder_s_opening_are_moved(
    pass_block: Any, make_candidates: Any, candidate: Candidate, other_opening: Opening
):
    folder = other_opening.folders.get(kind="shortlisted")
    options = {"folder": folder.pk, "folder_name": folder.name}
    there = make_candidates(1, other_opening).get()

    here_run, there_run = pass_block("update_candidate", options), None
    there_run = pass_block("update_candidate", options, there)

    assert last_line(here_run).text == (
        "Not moved: Shortlisted belongs to Warehouse, Leeds, not to Customer Support, Manila."
    )
    assert here_run.state == there_run.state == RunState.FINISHED
    there.refresh_from_db()
    assert there.folder == folder


def test_an_opening_without_such_a_folder_is_said(
    pass_block: Any, candidate: Candidate, opening: Opening
):
    opening.folders.filter(kind="hired").delete()

    run = pass_block("update_candidate", {"folder_kind": "hired"})

    assert last_line(run).text == (
        "Not moved: Customer Support, Manila does not have a folder of the kind Hired."
    )


def test_a_recruiter_must_see_the_opening(
    pass_block: Any, make_candidates: Any, other_opening: Opening, limited: User
):
    there = make_candidates(1, other_opening).get()
    options = {
        "recruiter_change": "assign",
        "recruiter": limited.membership.pk,
        "recruiter_name": "Liv Holm",
    }

    here_run = pass_block("update_candidate", options)
    there_run = pass_block("update_candidate", options, there)

    assert last_line(here_run).text == "Recruiter: Liv Holm (was no one)."
    assert last_line(there_run).text == "Not assigned: Liv Holm can't see Warehouse, Leeds."


@pytest.mark.parametrize("kind", ["rejected", "hired"])
def test_what_follows_from_a_move_follows_from_this_one(
    kind: str, make_journey: Any, candidate: Candidate, opening: Opening
):
    """Other journeys hear of it: they begin by it, and are stopped by it."""
    folder = opening.folders.get(kind=kind)
    waits = make_journey(("wait", {"kind": "time", "number": 3, "unit": "days"}), name="Waiting")
    make_journey(("exit", {}), trigger=("folder", {"folder": folder.pk}), name="Follow up")
    mover = make_journey(("update_candidate", {"folder_kind": kind}), name="Mover")
    enroll(waits.version, [candidate.pk], "By hand")
    enroll(mover.version, [candidate.pk], "By hand")

    until_nothing_is_due()
    until_nothing_is_due()

    assert Run.objects.get(journey=waits).state == RunState.STOPPED
    assert Run.objects.filter(journey__name="Follow up").count() == 1


def test_a_label_that_is_added_lets_other_journeys_begin(
    make_journey: Any, candidate: Candidate, labels: list[Label]
):
    make_journey(("exit", {}), trigger=("label", {"label": labels[0].pk}), name="Follow up")
    mover = make_journey(("update_candidate", {"add_labels": [named(labels[0])]}), name="Mover")
    enroll(mover.version, [candidate.pk], "By hand")

    until_nothing_is_due()
    until_nothing_is_due()

    assert Run.objects.filter(journey__name="Follow up").count() == 1


def test_the_profile_tells_of_it(pass_block: Any, candidate: Candidate, recruiter: User):
    run = pass_block("update_candidate", {"folder_kind": "hired"})

    journey = Journey.objects.get()
    told = {event.text: event.link for event in events_of(candidate, recruiter)}
    text = f"Journey {journey.pk} “One block” v1: Moved from Inbox to Hired."
    assert told[text] == f"/journeys/{journey.pk}/runs/{run.pk}/"
    assert run.state == RunState.FINISHED


def test_hundreds_are_changed_in_a_few_queries(
    publish_block: Any, make_candidates: Any, labels: list[Label], recruiter: User
):
    people = make_candidates(300)
    options = {
        "folder_kind": "hired",
        "add_labels": [named(labels[0])],
        "attribute": "Plan",
        "value": "pro",
    }
    journey = publish_block("update_candidate", options)
    enroll(journey.version, [one.pk for one in people], "By hand")

    with CaptureQueriesContext(connection) as queries:
        until_nothing_is_due()

    changed = Candidate.objects.filter(folder__kind="hired", labels=labels[0])
    assert changed.filter(attributes={"Plan": "pro"}).count() == 300
    assert len(queries) < 60  # for 300


def test_an_attribute_beyond_the_limit_is_not_set_and_the_log_says_so(
    pass_block: Any, candidate: Candidate
):
    full = {f"Attribute {n}": "x" for n in range(MOST)}
    Candidate.objects.update(attributes=full)

    run = pass_block("update_candidate", {"attribute": "City", "value": "Leeds"})

    candidate.refresh_from_db()
    assert candidate.attributes == full
    assert last_line(run).text == f"City was not set: {TOO_MANY}"


def test_who_has_more_than_the_limit_can_still_have_one_changed_or_taken_away(
    pass_block: Any, candidate: Candidate
):
    Candidate.objects.update(attributes={f"Attribute {n}": "x" for n in range(MOST + 5)})

    pass_block("update_candidate", {"attribute": "attribute 1", "value": "y"})
    pass_block("update_candidate", {"attribute": "Attribute 2", "value": ""})
    run = pass_block("update_candidate", {"attribute": "City", "value": "Leeds"})

    candidate.refresh_from_db()
    assert candidate.attributes["Attribute 1"] == "y"
    assert len(candidate.attributes) == MOST + 4
    assert last_line(run).text == f"City was not set: {TOO_MANY}"
