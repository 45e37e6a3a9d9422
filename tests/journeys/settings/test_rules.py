"""The owner's page of what stops all runs of a candidate, and that it does."""

from typing import Any

import pytest
from django.test import Client

from pipeline.candidates.models import Candidate, FolderKind, Label, Opening
from pipeline.journeys.lifecycle import pause
from pipeline.journeys.models import Journey, Run, RunState
from pipeline.journeys.models.rules import JourneyRules
from pipeline.journeys.writing.enroll import enroll
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.journeys.conftest import MakeJourney, until_nothing_is_due

RULES = "/settings/journeys/"
ALL = {"stop_when_rejected": "on", "stop_when_hired": "on", "stop_when_opted_out": "on"}
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})


@pytest.fixture
def page(client_of: Any, owner: User) -> Client:
    client: Client = client_of(owner)
    return client


@pytest.fixture
def journey(make_journey: MakeJourney, candidate: Candidate) -> Journey:
    """With one run, which waits."""
    journey = make_journey(THREE_DAYS)
    assert journey.version
    enroll(journey.version, [candidate.pk], "By hand")
    until_nothing_is_due()
    return journey


def move(candidate: Candidate, kind: str) -> None:
    folder = candidate.opening.folders.get(kind=kind)
    Candidate.objects.filter(pk=candidate.pk).update(folder=folder)
    until_nothing_is_due()


def audited() -> list[str]:
    entries = AuditEntry.objects.filter(verb__startswith="changed what")
    return [f"{entry.verb} {entry.subject}" for entry in entries.order_by("pk")]


def test_the_rules_are_set_with_a_line_in_the_audit(page: Client, workspace: Workspace):
    answer = page.post(RULES, {"stop_when_hired": "on", "stop_when_opted_out": "on"})

    rules = JourneyRules.of(workspace.pk)
    assert answer["Location"] == RULES
    assert not rules.stop_when_rejected
    assert rules.stop_when_hired
    assert rules.stop_when_opted_out
    page.post(RULES, {})
    first = "The candidate is hired; The candidate opts out of e-mails or SMS"
    assert audited() == [f"changed what stops journeys to {what}" for what in (first, "nothing")]


def test_nothing_changed_is_nothing_to_tell(page: Client):
    page.post(RULES, {"stop_when_rejected": "on", "stop_when_hired": "on"})

    assert audited() == []
    assert not JourneyRules.objects.exists()


def test_looking_makes_no_row_and_shows_the_defaults(page: Client):
    form = page.get(RULES).context["form"]

    chosen = [name for name in form.fields if form[name].value()]
    assert chosen == ["stop_when_rejected", "stop_when_hired"]
    assert not JourneyRules.objects.exists()


@pytest.mark.parametrize("who", ["admin_member", "recruiter", "agent", "support"])
def test_only_an_owner_gets_in(who: str, request: Any, client_of: Any):
    client = client_of(request.getfixturevalue(who))

    assert client.get(RULES).status_code == 403
    assert client.post(RULES, ALL).status_code == 403
    assert not JourneyRules.objects.exists()


@pytest.mark.parametrize(("kind", "what"), [("rejected", "rejected"), ("hired", "hired")])
def test_it_holds_at_once_for_journeys_that_are_live_or_paused(
    kind: str, what: str, page: Client, journey: Journey, candidate: Candidate, owner: User
):
    page.post(RULES, {})
    move(candidate, kind)
    assert Run.objects.get().state == RunState.RUNNING
    move(candidate, FolderKind.INBOX)
    pause(journey, owner)

    page.post(RULES, ALL)
    move(candidate, kind)

    run = Run.objects.get()
    assert (run.state, run.end_reason) == (RunState.STOPPED, f"The candidate was {what}.")
    assert run.log.latest("number").text == f"The candidate was {what}."


def test_another_workspace_s_rules_are_its_own(
    page: Client, journey: Journey, candidate: Candidate, stranger: User
):
    JourneyRules.objects.create(
        workspace=stranger.membership.workspace, stop_when_rejected=False, stop_when_hired=False
    )

    move(candidate, "hired")

    assert Run.objects.get().state == RunState.STOPPED


def test_a_journey_that_begins_with_the_hire_is_not_stopped_by_it(
    journey: Journey, make_journey: MakeJourney, candidate: Candidate, opening: Opening
):
    folder = opening.folders.get(kind=FolderKind.HIRED)
    trigger = ("folder", {"folder": folder.pk, "folder_name": "Hired"})
    onboarding = make_journey(THREE_DAYS, trigger=trigger, name="Onboarding")

    move(candidate, "hired")

    assert Run.objects.get(journey=journey).state == RunState.STOPPED
    assert Run.objects.get(journey=onboarding).state == RunState.RUNNING


def test_who_is_rejected_right_after_the_trigger_does_not_enter(
    make_journey: MakeJourney, candidate: Candidate, labels: list[Label], opening: Opening
):
    make_journey(THREE_DAYS, trigger=("label", {"label": labels[0].pk}), name="Labelled")
    candidate.labels.add(labels[0])

    move(candidate, "rejected")

    assert not Run.objects.exists()
