"""Stopping the runs of a journey: those of some, or of everybody who is in it."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction, FollowUp, Status
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.stop_runs import StopRuns
from pipeline.bulk_actions.pages.outcome_lists import OutcomeList, Which
from pipeline.candidates.models import Candidate, CandidateQuerySet, Opening
from pipeline.journeys.lifecycle import archive, pause, publish
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.stop import stop_runs
from pipeline.workspaces.models import User, Workspace
from tests.journeys.conftest import make_journey as make_journey
from tests.journeys.conftest import until_nothing_is_due
from tests.pages import one_line

from .conftest import assert_was
from .test_start_journey import follow

NEW, START = reverse("bulk_actions:new"), reverse("bulk_actions:history")
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})


def stop(journey: Journey, reason: str = "") -> StopRuns:
    return StopRuns({"journey": journey.pk, "journey_name": journey.name, "reason": reason})


def put_into(journey: Journey, people: CandidateQuerySet) -> CandidateQuerySet:
    assert journey.version
    enroll(journey.version, [one.pk for one in people], "By hand")
    until_nothing_is_due()
    return people


@pytest.fixture
def journey(make_journey: Any) -> Journey:
    made: Journey = make_journey(THREE_DAYS, reentry={"rule": "always"})
    return made


# --- what is stopped, and what is not ---


def test_the_preview_is_what_happens_and_each_run_says_by_whom_and_why(
    journey, make_journey, make_candidates, order, recruiter
):
    other = put_into(make_journey(THREE_DAYS, name="Another"), make_candidates(2))
    people = put_into(journey, make_candidates(5))
    operation = stop(journey, "They were all hired at the fair: 100 %")
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    assert_was(preview, action)
    assert (action.changed, action.unchanged, action.status) == (5, 2, Status.COMPLETED)
    assert [(skip.count, skip.reason) for skip in preview.skips] == [(2, "Is not in it.")]
    told = f"Stopped by Ana Ruiz, bulk action {action.pk}: They were all hired at the fair: 100 %"
    for run in Run.objects.filter(candidate__in=people):
        assert (run.state, run.end_reason, run.due_at) == (RunState.STOPPED, told, None)
        assert run.ended_at
        assert [(line.title, line.text) for line in run.log.all()][1:] == [("Stopped", told)]
        assert run.steps == 2
        assert action.outcomes.get(candidate=run.candidate_id).before == {"run": run.pk}
    assert Run.objects.running().filter(candidate__in=other).count() == 2
    done = [row.before for row in OutcomeList(action, Which.DONE, recruiter) if row.before]
    assert len(done) == 5
    assert done[0].startswith("Run ")


def test_a_reason_may_be_left_out(journey, make_candidates, order):
    put_into(journey, make_candidates(1))

    action = order(stop(journey))

    assert Run.objects.get().end_reason == f"Stopped by Ana Ruiz, bulk action {action.pk}."
    assert (action.title, operation_of(action).details) == (
        "Stop journey runs: Converted customers",
        "",
    )
    assert stop(journey, "No.").details == "Reason: No."


def test_runs_of_every_version_and_of_a_paused_journey(journey, make_candidates, order, owner):
    put_into(journey, make_candidates(2))
    publish(journey, owner)
    put_into(journey, make_candidates(2))
    pause(journey, owner)

    action = order(stop(journey))

    assert action.changed == 4
    assert not Run.objects.running().exists()


def test_ended_runs_and_those_of_others_stay(journey, make_candidates, order):
    ended = put_into(journey, make_candidates(2))
    first = order(stop(journey))
    before = list(Run.objects.values())
    mine = put_into(journey, make_candidates(1))
    put_into(journey, make_candidates(3))

    action = order(
        stop(journey), Candidate.objects.filter(pk__in=[one.pk for one in [*ended, *mine]])
    )

    assert (first.changed, action.changed, action.unchanged) == (2, 1, 2)
    assert list(Run.objects.filter(candidate__in=ended).values()) == before
    assert Run.objects.running().count() == 3


def test_canceled_in_the_middle_the_others_go_on_and_can_be_stopped_later(
    journey, make_candidates, order, recruiter
):
    put_into(journey, make_candidates(10))
    action = order(stop(journey, "Enough."), run=False)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    action.cancel(by=recruiter)
    order.finish(action)

    assert (action.status, action.changed, action.untouched) == (Status.CANCELED, 4, 6)
    assert Run.objects.running().count() == 6

    rest = order(**follow(action, FollowUp.REST, recruiter))

    assert (rest.changed, rest.options) == (6, action.options)
    assert not Run.objects.running().exists()


def test_it_is_not_undone(journey, make_candidates, order, recruiter):
    put_into(journey, make_candidates(1))
    action = order(stop(journey))

    problem = Following(action, FollowUp.UNDO, recruiter).problem

    assert problem == "“Stop journey runs: Converted customers” can’t be undone."


# --- all runs of a journey ---


def link_in(client: Client, address: str) -> str | None:
    """Where its button leads, without the script."""
    page = one_line(client.get(address))
    if 'id="stop-all-runs"' not in page:
        return None
    href = page.split('id="stop-all-runs" href="')[1].split('"')[0]
    return href.replace("&amp;", "&")


@pytest.mark.parametrize("page", ["", "runs/"])
def test_from_the_journey_s_pages_to_the_end_of_all_its_runs(
    page, journey, make_journey, make_candidates, client_of, recruiter, order
):
    Workspace.objects.update(start_delay_seconds=0)
    client = client_of(recruiter)
    address = f"/journeys/{journey.pk}/{page}"
    assert link_in(client, address) is None
    put_into(journey, make_candidates(3))
    put_into(make_journey(THREE_DAYS, name="Another"), make_candidates(2))
    make_candidates(2)

    link = link_in(client, address)
    dialog = client.get(link)
    data = {
        "operation": "stop_runs",
        "select": "all",
        "journey": journey.pk,
        "from_journey": journey.pk,
        "key": uuid4(),
        "counted": 3,
    }
    client.post(START, data)

    text = one_line(dialog)
    assert (
        "<strong>3</strong> candidates selected: all candidates in the journey Converted customers"
        in text
    )
    assert "<strong>3</strong> will be taken out of the journey." in text
    assert f'name="journey" value="{journey.pk}"' in text
    action = BulkAction.objects.get()
    assert action.total == 3
    order.finish(action)
    assert action.changed == 3
    assert not Run.objects.running().filter(journey=journey).exists()
    assert Run.objects.running().count() == 2
    assert link_in(client, address) is None


def test_a_limited_recruiter_stops_those_of_its_own_candidates(
    journey, make_candidates, limited, other_opening, client_of, order
):
    mine = put_into(journey, make_candidates(2))
    put_into(journey, make_candidates(3, other_opening))
    client = client_of(limited)

    link = link_in(client, f"/journeys/{journey.pk}/")

    assert link
    assert "<strong>2</strong> will be taken out" in one_line(client.get(link))
    order(stop(journey), by=limited)
    assert not Run.objects.running().filter(candidate__in=mine).exists()
    assert Run.objects.running().count() == 3


def test_who_sees_nobody_in_it_or_starts_nothing_has_no_button(
    journey, make_candidates, limited, agent, support, other_opening, client_of
):
    put_into(journey, make_candidates(1, other_opening))

    for user in (limited, agent, support):
        for page in ("", "runs/"):
            assert link_in(client_of(user), f"/journeys/{journey.pk}/{page}") is None, user

    refused = client_of(agent).get(f"{NEW}?operation=stop_runs&select=all&journey={journey.pk}")
    assert refused.status_code == 403


def test_only_journeys_that_somebody_can_be_in_are_offered(
    journey, make_journey, workspace, limited, owner, stranger
):
    paused = make_journey(THREE_DAYS, name="Paused")
    pause(paused, owner)
    archived = make_journey(THREE_DAYS, name="Archived")
    archive(archived, owner)
    draft = Journey.objects.create(workspace=workspace, name="Draft", created_by=owner)
    theirs = make_journey(THREE_DAYS, name="Of Globex")
    Journey.objects.filter(pk=theirs.pk).update(workspace=stranger.membership.workspace)

    def accepts(one: Journey) -> bool:
        return StopRuns.form({"from_journey": one.pk}, user=limited).is_valid()

    offered = [accepts(one) for one in (journey, paused, archived, draft, theirs)]
    assert offered == [True, True, False, False, False]


# --- the candidates' list ---


def names_in(client: Client, **filters: Any) -> list[str]:
    page = client.get("/candidates/", filters).content.decode()
    return [part.split("</bdi>")[0] for part in page.split("<bdi>")[1:]]


def test_the_list_shows_who_is_in_a_journey(
    journey, make_journey, make_candidates, client_of, recruiter, labels
):
    put_into(make_journey(THREE_DAYS, name="Another"), make_candidates(2))
    put_into(journey, make_candidates(2))
    stop_runs(Run.objects.filter(journey=journey), because(Code.TEXT, text="Was in it."))
    people = put_into(journey, make_candidates(3))
    labelled = put_into(journey, make_candidates(2, labels=labels[:1], full_name="Inger Svärd"))
    make_candidates(2, labels=labels[:1])
    client = client_of(recruiter)
    expected = [one.full_name for one in [*labelled, *people]]

    page = client.get("/candidates/").content.decode()

    assert f'<option value="{journey.pk}">Converted customers</option>' in page
    assert names_in(client, journey=journey.pk) == expected
    assert names_in(client, journey=journey.pk, q="inger") == ["Inger Svärd"] * 2
    assert names_in(client, journey=journey.pk, label=labels[0].pk) == ["Inger Svärd"] * 2
    assert names_in(client, journey=journey.pk, opening=people[0].opening_id) == expected
    assert names_in(client, journey=journey.pk, label=labels[1].pk) == []


def test_a_limited_member_finds_its_own_in_a_journey(
    journey, make_candidates, client_of, limited, opening: Opening, other_opening: Opening
):
    put_into(journey, make_candidates(2, other_opening))
    mine = put_into(journey, make_candidates(2, opening))

    shown = names_in(client_of(limited), journey=journey.pk)

    assert shown == [one.full_name for one in mine]


def test_the_journey_of_a_stranger_is_no_filter(
    make_journey, make_candidates, client_of, recruiter, stranger
):
    make_candidates(2)
    theirs = make_journey(THREE_DAYS)
    Journey.objects.filter(pk=theirs.pk).update(workspace=stranger.membership.workspace)
    client = client_of(recruiter)

    assert names_in(client, journey=theirs.pk) == []
    for pk in (theirs.pk, "x", 10**30):
        selection = {"operation": "export", "select": "all", "journey": pk, "key": uuid4()}
        assert client.post(START, selection).status_code == 404


def test_without_journeys_there_is_nothing_to_choose(
    make_candidates, client_of, recruiter: User, labels
):
    make_candidates(1)

    page = client_of(recruiter).get("/candidates/").content.decode()

    assert 'name="label"' in page
    assert 'name="journey"' not in page
