"""The 403: it says who may do it, and whom to ask, wherever one asks."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pipeline.tasks.create import create_task
from pipeline.tasks.models.actors import Creator
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Membership, Role, User
from tests.conftest import join
from tests.pages import one_line

HTMX = {"HX-Request": "true"}
ASK = "Ask Olga Berg to do it for you, or to give you access."
SENTENCES = {
    "bulk_actions:new": "Starting a bulk action requires an Owner, Admin or Recruiter.",
    "campaigns:new": "Changing a campaign requires an Owner, Admin or Recruiter.",
    "candidates:import": "Importing candidates requires an Owner, Admin or Recruiter.",
    "journeys:new": (
        "Changing a journey requires an Owner, Admin or Recruiter who can see all openings."
    ),
    "past:csv": "You don’t have permission to export, so you can’t download lists or files.",
    "settings:audit": "Reading the audit requires an Owner, or an Admin who can see all openings.",
    "settings:workspace": "Changing settings requires an Owner.",
    "tasks:new": "Working on tasks requires an Owner, Admin, Recruiter or Agent.",
}


@pytest.fixture
def client(client_of: Callable[[User], Client], owner: User, support: User) -> Client:
    return client_of(support)


@pytest.mark.parametrize(("url", "sentence"), SENTENCES.items())
def test_each_room_says_in_the_same_way_who_may_and_whom_to_ask(
    client: Client, url: str, sentence: str
) -> None:
    page = client.get(reverse(url))
    part = client.get(reverse(url), headers=HTMX)

    assert (page.status_code, part.status_code) == (403, 403)
    assert "Not allowed</h1>" in one_line(page)
    assert f"{sentence} Your role is Support. {ASK}" in one_line(page)
    assert part.content.decode() == f"{sentence} Your role is Support. {ASK}"
    assert part["Content-Type"].startswith("text/plain")  # for static/js/page.js


def test_several_owners_are_named_but_none_who_is_gone(client: Client, owner: User) -> None:
    join(owner.membership.workspace, Role.OWNER, "Kim Lee")
    join(owner.membership.workspace, Role.OWNER, "Max Wolf")
    gone = join(owner.membership.workspace, Role.OWNER, "Old Boss")
    User.objects.filter(pk=gone.pk).update(is_active=False)

    assert "Ask Olga Berg, Kim Lee or Max Wolf to do it for you" in refused(client)


def test_without_an_owner_there_is_the_operator(client: Client) -> None:
    Membership.objects.filter(role=Role.OWNER).update(role=Role.ADMIN)

    assert "Ask your Belay administrator to do it for you" in refused(client)


def refused(client: Client) -> str:
    return one_line(client.get(reverse("settings:workspace")))


def test_who_has_the_role_but_sees_some_openings_reads_that_too(
    client_of: Any, owner: User, limited: User
) -> None:
    page = one_line(client_of(limited).get(reverse("journeys:new")))

    assert f"Your role is Recruiter, limited to some openings. {ASK}" in page


def test_what_is_not_seen_is_not_there_whatever_the_role(
    client: Client, support: User, make_candidates: Any
) -> None:
    task = create_task(make_candidates(1)[0], TaskType.VOICEMAIL, Creator.event("Phones"))
    seen = answers(client, task.pk, task.candidate_id)
    Membership.objects.filter(user=support).update(is_limited=True)
    hidden = answers(client, task.pk, task.candidate_id)

    assert [answer.status_code for answer in seen] == [403, 403]
    assert [answer.status_code for answer in hidden] == [404, 404]


def answers(client: Client, task: int, candidate: int) -> list[Any]:
    return [
        client.post(reverse("tasks:accept", args=[task])),
        client.post(reverse("outreach:opt_outs", args=[candidate, "email"])),
    ]


def test_a_member_of_no_workspace_gets_a_part_as_text(client_of: Any, db: None) -> None:
    loner = User.objects.create(email="loner@example.com")

    answer = client_of(loner).get(reverse("candidates:list"), headers=HTMX)

    assert answer.status_code == 403
    assert answer.content.decode().startswith("You are logged in as loner@example.com.")


def test_what_django_refuses_is_answered_in_the_same_way(
    client_of: Any, owner: User, recruiter: User
) -> None:
    """Staff without the permission, at the admin site."""
    User.objects.filter(pk=recruiter.pk).update(is_staff=True)

    answer = client_of(User.objects.get(pk=recruiter.pk)).get("/admin/candidates/label/")

    assert answer.status_code == 403
    assert f"This is not allowed. Your role is Recruiter. {ASK}" in one_line(answer)
