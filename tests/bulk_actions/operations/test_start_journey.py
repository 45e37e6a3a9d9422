"""Starting a journey by hand: by its rule, in one run each, and taken back again."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction, FollowUp, Status
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.start_journey import StartJourney
from pipeline.bulk_actions.pages.outcome_lists import OutcomeList, Which
from pipeline.bulk_actions.pages.timeline import outcomes
from pipeline.candidates.models import Candidate
from pipeline.journeys.lifecycle import archive, pause, publish, resume
from pipeline.journeys.models import Journey, Run, RunState, RunStep
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.stop import stop_runs
from pipeline.workspaces.models import User
from tests.journeys.conftest import make_journey as make_journey
from tests.journeys.conftest import until_nothing_is_due, waits_are_over
from tests.pages import one_line

from .conftest import assert_was, reasons_of
from .test_undo import undo_of

NEW, START = reverse("bulk_actions:new"), reverse("bulk_actions:history")
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})
NEVER = "Was in it, and may not come again (rule: never)."
NOT_YET = "Was in it, and may not come again yet (rule: after 30 days)."


def start(journey: Journey) -> StartJourney:
    return StartJourney({"journey": journey.pk, "journey_name": journey.name})


def follow(action: BulkAction, which: FollowUp, user: User) -> dict[str, Any]:
    """What the dialog starts, with the answers that it begins with."""
    following = Following(BulkAction.objects.get(pk=action.pk), which, user)
    form = following.kind.form(following.answers, user=user)
    assert form.is_valid(), form.errors
    return {
        "operation": following.kind(form.options()),
        "candidates": following.selection.candidates,
        "follows": action,
        "follow_up": which,
    }


def was_in(journey: Journey, people: Any, days_ago: int) -> None:
    assert journey.version
    enroll(journey.version, [one.pk for one in people], "By hand")
    theirs = Run.objects.filter(journey=journey, candidate__in=people)
    theirs.update(started_at=Now() - timedelta(days=days_ago))
    stop_runs(theirs, because(Code.TEXT, text="Long ago."))


# --- who enters ---


@pytest.mark.parametrize(
    ("reentry", "failed"),
    [
        ({"rule": "never"}, {NEVER: 5}),
        ({"rule": "after", "days": 30}, {NOT_YET: 2}),
        ({"rule": "always"}, {}),
    ],
)
def test_the_preview_is_what_happens_by_the_rule_for_coming_again(
    make_journey, make_candidates, order, reentry, failed
):
    journey = make_journey(THREE_DAYS, reentry=reentry)
    other = make_journey(THREE_DAYS, name="Another")
    make_candidates(4)
    was_in(journey, make_candidates(2), days_ago=29)
    was_in(journey, make_candidates(3), days_ago=31)
    was_in(other, make_candidates(1), days_ago=1)
    is_in_it = make_candidates(6)
    enroll(journey.version, [one.pk for one in is_in_it], "By hand")
    preview = start(journey).preview(Candidate.objects.all())

    action = order(start(journey))

    assert_was(preview, action)
    assert reasons_of(action) == failed
    assert {skip.reason: skip.count for skip in preview.skips} == {"Is in it already.": 6, **failed}
    assert action.unchanged == 6
    assert action.changed == 10 - sum(failed.values())
    assert Run.objects.running().filter(journey=journey).count() == 6 + action.changed


def test_a_rule_of_one_day_is_told_as_one(make_journey, make_candidates):
    journey = make_journey(THREE_DAYS, reentry={"rule": "after", "days": 1})
    was_in(journey, make_candidates(1), days_ago=0)

    (skip,) = start(journey).preview(Candidate.objects.all()).skips

    assert skip.reason == "Was in it, and may not come again yet (rule: after 1 day)."


def test_the_run_is_as_any_other_and_says_who_started_it(
    make_journey, make_candidates, order, recruiter
):
    journey = make_journey(THREE_DAYS, reentry={"rule": "always"})
    one, other = make_candidates(2)
    enroll(journey.version, [other.pk], "By hand")

    action = order(start(journey), Candidate.objects.filter(pk=one.pk))

    of_itself = ("id", "candidate_id", "started_at", "due_at", "entered_by")
    made, twin = (
        {name: value for name, value in row.items() if name not in of_itself}
        for row in Run.objects.filter(journey=journey).order_by("pk").values()
    )
    assert made == twin
    run = Run.objects.get(candidate=one)
    assert run.entered_by == f"Started by hand by Ana Ruiz, bulk action {action.pk}"
    assert action.title == "Start journey: Converted customers"
    assert action.outcomes.get().before == {"run": run.pk}
    (row,) = OutcomeList(action, Which.DONE, recruiter)
    assert row.before == f"Run {run.pk}"
    (event,) = outcomes(one, recruiter)
    assert event.text == f"Start journey: Converted customers (Run {run.pk})"
    until_nothing_is_due()
    run.refresh_from_db()
    assert run.log.get().text == "Waits 3 days."


def test_a_starter_without_a_name_and_with_a_very_long_one(
    make_journey, make_candidates, order, recruiter
):
    journey = make_journey(THREE_DAYS)
    first, second = make_candidates(2)
    User.objects.filter(pk=recruiter.pk).update(first_name="", last_name="")
    order(start(journey), Candidate.objects.filter(pk=first.pk))
    User.objects.filter(pk=recruiter.pk).update(first_name="X" * 150, last_name="Y" * 150)
    order(start(journey), Candidate.objects.filter(pk=second.pk))

    by = dict(Run.objects.values_list("candidate_id", "entered_by"))

    assert by[first.pk].startswith("Started by hand by ana@example.com, bulk action ")
    assert len(by[second.pk]) == 200


def test_who_enters_later_travels_through_the_version_that_is_live_then(
    make_journey, make_candidates, order, owner
):
    journey = make_journey(THREE_DAYS)
    make_candidates(8)
    action = order(start(journey), run=False)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    publish(journey, owner)

    order.finish(action)

    versions = Run.objects.order_by("candidate_id").values_list("version__number", flat=True)
    assert list(versions) == [1] * 4 + [2] * 4


def test_nobody_who_is_not_selected_enters(make_journey, make_candidates, order, stranger):
    journey = make_journey(THREE_DAYS)
    mine = make_candidates(3)
    make_candidates(2)

    action = order(start(journey), mine)

    assert action.changed == 3
    assert set(Run.objects.values_list("candidate", flat=True)) == {one.pk for one in mine}


def test_a_limited_recruiter_starts_it_for_its_own_candidates(
    make_journey, make_candidates, order, limited, other_opening
):
    journey = make_journey(THREE_DAYS)
    mine = make_candidates(2)
    make_candidates(2, other_opening)

    action = order(start(journey), by=limited)

    assert action.total == 2
    assert set(Run.objects.values_list("candidate", flat=True)) == {one.pk for one in mine}


def test_a_chunk_takes_as_many_queries_however_many_are_in_it(
    make_journey, make_candidates, order, settings
):
    journey = make_journey(THREE_DAYS)

    def queries_for(number: int) -> int:
        settings.BULK_CHUNK_SIZE = number
        action = order(start(journey), make_candidates(number), run=False)
        with CaptureQueriesContext(connection) as queries:
            order.finish(action)
        assert action.changed == number
        return len(queries)

    assert queries_for(2) == queries_for(20)


# --- a journey that is not live any more ---


def test_one_that_is_paused_in_the_middle_is_not_entered_and_they_can_be_retried(
    make_journey, make_candidates, order, owner, recruiter
):
    journey = make_journey(THREE_DAYS)
    make_candidates(8)
    action = order(start(journey), run=False)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    pause(journey, owner)

    order.finish(action)

    assert action.status == Status.COMPLETED_WITH_FAILURES
    paused = "The journey “Converted customers” is paused: nobody enters it."
    assert reasons_of(action) == {paused: 4}
    assert Run.objects.count() == 4
    with pytest.raises(AssertionError, match="Choose one of the live journeys"):
        follow(action, FollowUp.RETRY, recruiter)

    resume(journey, owner)
    again = order(**follow(action, FollowUp.RETRY, recruiter))

    assert (again.changed, again.total) == (4, 4)
    assert Run.objects.count() == 8


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda journey, by: archive(journey, by), "is archived: nobody enters it."),
        (lambda journey, _: journey.delete(), "no longer exists."),
    ],
)
def test_one_that_is_gone_is_entered_by_nobody(
    make_journey, make_candidates, order, owner, end, told
):
    journey = make_journey(THREE_DAYS)
    make_candidates(2)
    operation = start(journey)
    action = order(operation, run=False)
    end(journey, owner)

    order.finish(action)

    assert reasons_of(action) == {f"The journey “Converted customers” {told}": 2}
    assert_was(operation.preview(Candidate.objects.all()), action)
    assert not Run.objects.exists()


def test_a_version_that_can_t_be_read_is_entered_by_nobody(
    make_journey, make_candidates, order, owner
):
    journey = make_journey(THREE_DAYS)
    broken = journey.versions.create(number=2, definition={"start": 7}, published_by=owner)
    Journey.objects.update(version=broken)
    make_candidates(2)

    action = order(start(journey))

    (reason,) = reasons_of(action)
    assert reason.startswith("The journey “Converted customers” can’t be started: ")


# --- stopped in the middle, and what follows ---


def test_canceled_in_the_middle_the_untouched_can_follow(
    make_journey, make_candidates, order, recruiter
):
    journey = make_journey(THREE_DAYS)
    make_candidates(10)
    action = order(start(journey), run=False)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    action.cancel(by=recruiter)
    order.finish(action)

    assert (action.status, action.changed, action.untouched) == (Status.CANCELED, 4, 6)
    assert Run.objects.count() == 4

    rest = order(**follow(action, FollowUp.REST, recruiter))

    assert (rest.changed, rest.total) == (6, 6)
    assert Run.objects.running().count() == 10


def test_a_chunk_that_comes_twice_starts_nobody_twice(make_journey, make_candidates, order):
    journey = make_journey(THREE_DAYS, reentry={"rule": "always"})
    make_candidates(4)
    action = order(start(journey), run=False)
    action.start()
    with transaction.atomic():
        lane.process_next_chunk(action, operation_of(action))
        transaction.set_rollback(True)  # it died before the commit

    order.finish(action)

    assert (action.changed, Run.objects.count()) == (4, 4)


# --- undo ---


def test_undo_stops_what_it_started_and_nothing_else(
    make_journey, make_candidates, order, recruiter, colleague
):
    journey = make_journey(THREE_DAYS)
    other = make_journey(THREE_DAYS, name="Another")
    before = make_candidates(2)
    enroll(journey.version, [one.pk for one in before], "By hand")
    people = make_candidates(6)
    enroll(other.version, [one.pk for one in people], "By hand")
    action = order(start(journey))
    undo = undo_of(action, colleague)
    preview = undo["operation"].preview(undo["candidates"])

    undone = order(**undo, by=colleague)

    assert_was(preview, undone)
    assert (undone.total, undone.changed, undone.failed) == (6, 6, 0)
    told = (
        f"Stopped by Ben Okafor, bulk action {undone.pk}:"
        " Undo of “Start journey: Converted customers”."
    )
    for run in Run.objects.filter(journey=journey, candidate__in=people):
        assert (run.state, run.end_reason) == (RunState.STOPPED, told)
        assert [(line.title, line.text) for line in run.log.all()] == [("Stopped", told)]
    assert Run.objects.running().filter(journey=other).count() == 6
    assert Run.objects.running().filter(journey=journey, candidate__in=before).count() == 2


def test_undo_says_of_each_that_has_ended_why_it_stays(
    make_journey, make_candidates, order, recruiter, owner
):
    journey = make_journey(THREE_DAYS, reentry={"rule": "always"})
    people = list(make_candidates(6))
    action = order(start(journey))
    finished, stopped, failed, again, gone, running = (
        Run.objects.get(candidate=one) for one in people
    )
    until_nothing_is_due()
    Run.objects.exclude(pk=finished.pk).update(due_at=None)
    waits_are_over()
    until_nothing_is_due()
    stop_runs(
        Run.objects.filter(pk__in=[stopped.pk, again.pk]),
        because(Code.STOPPED_BY_HAND, by="Olga Berg"),
    )
    enroll(journey.version, [again.candidate_id], "By hand")
    Run.objects.filter(pk=failed.pk).update(
        state=RunState.FAILED, ended_at=Now(), end_code="The folder is gone."
    )
    Run.objects.filter(pk=gone.pk).delete()

    undone = order(**undo_of(action, recruiter))

    assert reasons_of(undone) == {
        "The run has come to its end.": 1,
        "The run was stopped before. Olga Berg stopped it.": 2,
        "The run had failed. The folder is gone.": 1,
        "The run no longer exists.": 1,
    }
    assert undone.changed == 1
    running.refresh_from_db()
    assert running.state == RunState.STOPPED
    assert Run.objects.running().get().candidate_id == again.candidate_id


def test_a_second_undo_finds_nothing_to_stop_where_the_first_one_was(
    make_journey, make_candidates, order, recruiter, settings
):
    settings.BULK_CHUNK_SIZE = 2
    journey = make_journey(THREE_DAYS)
    make_candidates(3)
    action = order(start(journey))
    first = order.stop_after_one_chunk(**undo_of(action, recruiter))
    lines = RunStep.objects.count()

    second = order(**undo_of(action, recruiter))

    assert (second.changed, second.failed) == (1, 2)
    (reason,) = reasons_of(second)
    assert reason.startswith(
        f"The run was stopped before. Stopped by Ana Ruiz, bulk action {first.pk}: Undo of"
    )
    assert RunStep.objects.count() == lines + 1


# --- the dialog ---


def test_it_offers_the_live_ones_before_all_those_that_only_a_hand_starts(
    make_journey, workspace, client_of, limited, make_candidates, owner, stranger, labels
):
    label = ("label", {"label": labels[0].pk, "label_name": labels[0].name})
    triggered = make_journey(THREE_DAYS, name="A label starts it", trigger=label)
    by_hand = make_journey(THREE_DAYS, name="By hand")
    pause(make_journey(THREE_DAYS, name="Paused"), owner)
    archive(make_journey(THREE_DAYS, name="Archived"), owner)
    Journey.objects.create(workspace=workspace, name="Draft", created_by=owner)
    theirs = make_journey(THREE_DAYS, name="Of Globex")
    Journey.objects.filter(pk=theirs.pk).update(workspace=stranger.membership.workspace)

    field: Any = StartJourney.form(None, user=limited).fields["into_journey"]

    assert list(field.choices) == [
        ("", "Choose a journey"),
        ("Started by hand", [(by_hand.pk, "By hand")]),
        ("Started by a trigger", [(triggered.pk, "A label starts it")]),
    ]
    for unfit in Journey.objects.exclude(pk__in=[triggered.pk, by_hand.pk]):
        assert not StartJourney.form({"into_journey": unfit.pk}, user=limited).is_valid(), unfit


def test_from_the_dialog_to_the_runs(make_journey, make_candidates, client_of, recruiter):
    journey = make_journey(THREE_DAYS)
    people = make_candidates(3)
    enroll(journey.version, [people[0].pk], "By hand")
    client = client_of(recruiter)
    data = {
        "operation": "start_journey",
        "candidate": [one.pk for one in people],
        "into_journey": journey.pk,
        "key": uuid4(),
    }

    dialog = one_line(client.post(NEW, data))
    answer = client.post(START, data | {"counted": 3})

    assert "<strong>2</strong> will be put into the journey" in dialog
    assert "<strong>1</strong>: Is in it already." in dialog
    action = BulkAction.objects.get()
    assert answer.url == action.get_absolute_url()
    assert action.options == {"journey": journey.pk, "journey_name": "Converted customers"}


def test_an_agent_starts_none(make_journey, make_candidates, client_of, agent):
    journey = make_journey(THREE_DAYS)
    candidate = make_candidates(1)[0]
    data = {"operation": "start_journey", "candidate": candidate.pk, "into_journey": journey.pk}

    assert client_of(agent).post(START, data | {"key": uuid4()}).status_code == 403
    assert not BulkAction.objects.exists()
