"""Whoever writes down an opt-out: who has that address is stopped, where that is chosen."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from pipeline.candidates.models import Candidate, Opening
from pipeline.journeys.lifecycle import archive
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.models.listener import Happening
from pipeline.journeys.models.rules import JourneyRules
from pipeline.journeys.writing.enroll import enroll
from pipeline.outreach.models import Channel, Message, OptOut
from pipeline.outreach.optouts import opt_out
from pipeline.outreach.unsubscribing import link_for
from pipeline.workspaces.models import User, Workspace

from .conftest import MakeJourney, until_nothing_is_due

THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})
WHY = "The candidate opted out of messages."
OptsOut = Callable[[Candidate], object]


@pytest.fixture
def journey(make_journey: MakeJourney) -> Journey:
    return make_journey(THREE_DAYS)


@pytest.fixture
def chosen(workspace: Workspace) -> JourneyRules:
    return JourneyRules.objects.create(workspace=workspace, stop_when_opted_out=True)


@pytest.fixture
def run_of(journey: Journey) -> Callable[[Candidate], Run]:
    def run_of(candidate: Candidate) -> Run:
        assert journey.version
        enroll(journey.version, [candidate.pk], "By hand")
        until_nothing_is_due()
        return Run.objects.get(candidate=candidate)

    return run_of


def by_link(candidate: Candidate) -> None:
    message = Message(
        workspace_id=candidate.workspace_id,
        candidate=candidate,
        channel=Channel.EMAIL,
        address=candidate.email,
    )
    link = link_for(message).removeprefix("https://belay.example.com")
    assert Client().post(link).status_code == 200


def on_the_profile(candidate: Candidate) -> None:
    client = Client()
    client.force_login(User.objects.get(email="ana@example.com"))
    place = f"/candidates/{candidate.pk}/opt-outs/sms/"
    assert client.post(place).status_code == 302


def in_the_admin(candidate: Candidate) -> None:
    row = OptOut.objects.create(
        workspace_id=candidate.workspace_id, channel=Channel.EMAIL, address="typo@example.org"
    )
    Happening.objects.all().delete()
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com"))
    answers = {"workspace": row.workspace_id, "channel": "email", "address": candidate.email}
    assert client.post(f"/admin/outreach/optout/{row.pk}/change/", answers).status_code == 302


def many_at_once(candidate: Candidate) -> None:
    addresses = ["nobody@example.org", "", candidate.phone, "+4721234567"]
    OptOut.objects.bulk_create(
        OptOut(workspace_id=candidate.workspace_id, channel=Channel.SMS, address=address)
        for address in addresses
    )


@pytest.mark.parametrize("opts_out", [by_link, on_the_profile, in_the_admin, many_at_once])
def test_the_runs_are_stopped_whichever_way_it_came(
    opts_out: OptsOut,
    run_of: Any,
    candidate: Candidate,
    chosen: JourneyRules,
    recruiter: User,
    settings: Any,
):
    settings.PUBLIC_URL = "https://belay.example.com"
    run = run_of(candidate)

    opts_out(candidate)
    until_nothing_is_due()

    run.refresh_from_db()
    assert (run.state, run.end_reason) == (RunState.STOPPED, WHY)
    assert not Happening.objects.exists()


def test_all_applications_of_the_address_are_stopped_and_nobody_else_s(
    run_of: Any,
    candidate: Candidate,
    chosen: JourneyRules,
    make_candidates: Any,
    other_opening: Opening,
    stranger: User,
):
    again = make_candidates(1, other_opening, email=candidate.email, phone="").get()
    nameless = make_candidates(1, email="", phone="").get()
    theirs = Candidate.objects.filter(workspace=stranger.membership.workspace)[0]
    Candidate.objects.filter(pk=theirs.pk).update(email=candidate.email)
    runs = [run_of(one) for one in (candidate, again, nameless)]

    opt_out(candidate.workspace, Channel.EMAIL, candidate.email)

    noted = Happening.objects.values_list("candidate", flat=True)
    assert list(noted) == [candidate.pk, again.pk]
    until_nothing_is_due()
    states = [Run.objects.get(pk=run.pk).state for run in runs]
    assert states == [RunState.STOPPED, RunState.STOPPED, RunState.RUNNING]


def test_without_the_rule_the_run_goes_on(run_of: Any, candidate: Candidate):
    run = run_of(candidate)

    opt_out(candidate.workspace, Channel.EMAIL, candidate.email)
    until_nothing_is_due()

    run.refresh_from_db()
    assert run.state == RunState.RUNNING


def test_without_a_journey_nothing_is_written_down(
    journey: Journey, candidate: Candidate, owner: User
):
    archive(journey, owner)

    opt_out(candidate.workspace, Channel.EMAIL, candidate.email)

    assert not Happening.objects.exists()


def test_what_is_rolled_back_stops_nobody(run_of: Any, candidate: Candidate, chosen: JourneyRules):
    run = run_of(candidate)
    with transaction.atomic():
        opt_out(candidate.workspace, Channel.EMAIL, candidate.email)
        transaction.set_rollback(True)
    until_nothing_is_due()

    run.refresh_from_db()
    assert run.state == RunState.RUNNING
