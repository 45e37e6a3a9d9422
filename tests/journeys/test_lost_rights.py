"""A schedule enrolls nobody for a member who may no longer publish its journey."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from notifications import notices
from notifications.models import Notice
from pipeline.journeys.engine.schedules import enroll_on_schedule
from pipeline.journeys.lifecycle import publish, resume
from pipeline.journeys.models import Journey, JourneyState, Run
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import AuditEntry
from tests.losses import Lose, deactivate, demote, limit, remove

from .conftest import MakeJourney

WHO = "Ana Ruiz, who published or resumed it last,"
LOSSES = {
    deactivate: f"{WHO} has been deactivated.",
    demote: f"{WHO} now has the role Agent."
    " Publishing a journey requires an Owner, Admin or Recruiter.",
    limit: f"{WHO} can no longer see all openings.",
    remove: f"{WHO} is no longer a member of this workspace.",
}
each_loss = pytest.mark.parametrize(
    ("lose", "why"), LOSSES.items(), ids=[loss.__name__ for loss in LOSSES]
)
THREE_DAYS = ("wait", {"kind": "time", "number": 3, "unit": "days"})
DAILY = {"at_time": "09:00:00", "weekday": "", "filters": ""}


@pytest.fixture
def journey(make_journey: MakeJourney, recruiter: User, make_candidates: Any, other_opening: Any):
    """Published by the recruiter, and due."""
    journey = make_journey(THREE_DAYS, trigger=("schedule", DAILY), reentry={"rule": "always"})
    publish(journey, recruiter)
    make_candidates(3)
    its_time_has_come(journey)
    return journey


def its_time_has_come(journey: Journey) -> None:
    Journey.objects.filter(pk=journey.pk).update(next_at=Now() - timedelta(minutes=1))


@each_loss
def test_it_is_paused_and_nobody_enters(
    lose: Lose, why: str, journey: Journey, recruiter: User, owner: User
) -> None:
    lose(recruiter, owner)
    enroll_on_schedule()

    journey.refresh_from_db()
    assert (journey.state, journey.next_at) == (JourneyState.PAUSED, None)
    assert journey.paused_why == why
    assert not Run.objects.exists()


@each_loss
def test_its_page_the_audit_and_the_bells_say_why(
    lose: Lose, why: str, journey: Journey, recruiter: User, owner: User, client_of: Any
) -> None:
    lose(recruiter, owner)
    enroll_on_schedule()
    notices.catch_up()
    notices.catch_up()

    page = client_of(owner).get(journey.get_absolute_url()).content.decode()
    assert why in page
    told = Notice.objects.get(user=owner)
    assert (told.text, told.link) == (
        f"Belay paused the journey “{journey}”. {why}",
        journey.get_absolute_url(),
    )
    assert Notice.objects.filter(user=recruiter).count() == (0 if lose is remove else 1)
    entry = AuditEntry.objects.get(verb="paused")
    assert (entry.actor_name, entry.subject) == ("Belay", f"{journey}: {why}")


@each_loss
def test_who_resumes_it_answers_for_it_from_then_on(
    lose: Lose, why: str, journey: Journey, recruiter: User, owner: User, client_of: Any
) -> None:
    lose(recruiter, owner)
    enroll_on_schedule()

    client_of(owner).post(reverse("journeys:resume", args=[journey.pk]))
    its_time_has_come(journey)
    enroll_on_schedule()

    journey.refresh_from_db()
    assert (journey.state, journey.paused_why) == (JourneyState.LIVE, "")
    assert Run.objects.count() == 3


def test_another_journeys_schedule_goes_on(
    journey: Journey, make_journey: MakeJourney, recruiter: User, owner: User
) -> None:
    other = make_journey(
        THREE_DAYS, trigger=("schedule", DAILY), reentry={"rule": "always"}, name="Other"
    )
    its_time_has_come(other)

    remove(recruiter, owner)
    enroll_on_schedule()

    assert set(Run.objects.values_list("journey", flat=True)) == {other.pk}


def test_a_person_who_pauses_and_resumes_leaves_no_word_of_belay(
    journey: Journey, recruiter: User, owner: User, client_of: Any
) -> None:
    deactivate(recruiter, owner)
    enroll_on_schedule()
    resume(journey, owner)

    client_of(owner).post(reverse("journeys:pause", args=[journey.pk]))

    page = client_of(owner).get(journey.get_absolute_url()).content.decode()
    assert "Belay paused this journey" not in page
