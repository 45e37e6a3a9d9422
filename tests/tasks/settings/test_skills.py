"""The owner's pages of what each agent is handed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pipeline.candidates.models import Opening
from pipeline.tasks.models.rules import AgentSkills
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.next_task import Skills, take_next_task
from pipeline.tasks.settings.coverage import handed_to
from pipeline.workspaces.models import Membership, Role, User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.conftest import MakeCandidates, join
from tests.tasks.conftest import MakeTask

SKILLS = "/settings/skills/"


@pytest.fixture
def page(client_of: Callable[[User], Client], owner: User) -> Client:
    return client_of(owner)


def of(user: User) -> str:
    return f"{SKILLS}{user.membership.pk}/"


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def audited() -> list[str]:
    return [f"{entry.verb} {entry.subject}" for entry in AuditEntry.objects.order_by("pk")]


def test_skills_are_set_and_next_task_keeps_to_them(
    page: Client,
    agent: User,
    opening: Opening,
    other_opening: Opening,
    make_task: MakeTask,
    make_candidates: MakeCandidates,
):
    make_task(TaskType.OUTBOUND_CALL)
    fits = make_task(TaskType.VOICEMAIL)
    make_task(TaskType.VOICEMAIL, candidate=make_candidates(1, other_opening).get())

    response = page.post(of(agent), {"types": ["voicemail"], "openings": [opening.pk]})

    assert response["Location"] == SKILLS
    assert take_next_task(agent) == fits
    assert take_next_task(agent) is None
    assert audited() == [
        "changed the skills of Chloe Tan: Voicemail; Customer Support, Manila",
    ]


def test_nothing_chosen_means_all(page: Client, agent: User, make_task: MakeTask):
    page.post(of(agent), {"types": ["voicemail"]})
    page.post(of(agent), {})
    task = make_task(TaskType.OUTBOUND_CALL)

    assert take_next_task(User.objects.get(pk=agent.pk)) == task
    assert audited()[-1] == "changed the skills of Chloe Tan: all types; all openings"


def test_saved_as_they_were_there_is_nothing_to_tell(page: Client, agent: User, opening: Opening):
    for _ in range(2):
        page.post(of(agent), {"types": ["voicemail"], "openings": [opening.pk]})

    assert len(audited()) == 1


def test_what_can_t_be_handed_is_no_choice(
    page: Client, agent: User, stranger: User, opening: Opening
):
    theirs = Opening.objects.get(workspace=stranger.membership.workspace)

    unknown = page.post(of(agent), {"types": ["fax"]})
    foreign = page.post(of(agent), {"openings": [theirs.pk]})
    made_up = page.post(of(agent), {"openings": ["x"]})

    assert [each.status_code for each in (unknown, foreign, made_up)] == [422] * 3
    assert "Select a valid choice" in words(unknown)
    assert "Night Porter" not in words(foreign)
    assert not AgentSkills.objects.exists()


def test_a_limited_member_is_given_none_but_the_openings_they_see(
    page: Client, limited: User, opening: Opening, other_opening: Opening
):
    form = words(page.get(of(limited)))

    assert "Customer Support, Manila" in form
    assert "Warehouse, Leeds" not in form
    assert page.post(of(limited), {"openings": [other_opening.pk]}).status_code == 422


def test_the_list_tells_who_is_handed_what(
    page: Client, agent: User, support: User, opening: Opening
):
    page.post(of(agent), {"types": ["voicemail", "inbound_call"], "openings": [opening.pk]})

    shown = words(page.get(SKILLS))

    assert '<div class="cell">Inbound Call, Voicemail</div>' in shown
    assert '<div class="cell">Customer Support, Manila</div>' in shown
    assert "Dara Singh" not in shown  # looks on, and is handed nothing


@pytest.mark.parametrize("is_limited", [True, False])
@pytest.mark.parametrize("types", [[], ["voicemail"]])
@pytest.mark.parametrize("chosen", ["none", "seen", "unseen", "both"])
def test_the_list_says_what_next_task_does(
    chosen: str,
    types: list[str],
    is_limited: bool,
    workspace: Workspace,
    opening: Opening,
    other_opening: Opening,
):
    user = join(workspace, Role.AGENT, "Mo Lee", is_limited=is_limited)
    opening.members.add(user.membership)
    skills = AgentSkills.objects.create(membership=user.membership, types=types)
    sets = {"none": [], "seen": [opening], "unseen": [other_opening]}
    skills.openings.set(sets.get(chosen, [opening, other_opening]))

    listed = Membership.objects.select_related("skills").get(pk=user.membership.pk)

    assert handed_to(listed) == Skills.of(user)


def test_many_members_take_no_more_queries(page: Client, workspace: Workspace, agent: User):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            page.get(SKILLS)
        return len(found)

    AgentSkills.objects.create(membership=agent.membership, types=["voicemail"])
    before = queries()
    for number in range(4):
        member = join(workspace, Role.AGENT, f"Agent{number} Smith").membership
        AgentSkills.objects.create(membership=member, types=["voicemail"])

    assert queries() == before


def test_waiting_tasks_that_fit_nobody_are_told(
    page: Client,
    agent: User,
    owner: User,
    opening: Opening,
    other_opening: Opening,
    make_task: MakeTask,
    make_candidates: MakeCandidates,
    stranger: User,
):
    for user in (agent, owner):
        page.post(of(user), {"types": ["voicemail"], "openings": [opening.pk]})
    make_task(TaskType.VOICEMAIL)
    calls = [make_task(TaskType.INBOUND_CALL) for _ in range(3)]
    elsewhere = make_candidates(1, other_opening).get()
    make_task(TaskType.VOICEMAIL, candidate=elsewhere)
    calls[0].accept(agent)

    shown = words(page.get(SKILLS))

    assert "<strong>3</strong> waiting tasks fit no one’s skills" in shown
    assert "<li>2 Inbound Call in Customer Support, Manila</li>" in shown
    assert "<li>1 Voicemail in Warehouse, Leeds</li>" in shown


def test_while_somebody_takes_everything_nothing_is_told(
    page: Client, agent: User, make_task: MakeTask
):
    page.post(of(agent), {"types": ["voicemail"]})
    make_task(TaskType.INBOUND_CALL)

    assert "no one’s skills" not in words(page.get(SKILLS))  # the owner takes it


def test_those_who_are_out_take_nothing(page: Client, agent: User, owner: User, make_task: Any):
    page.post(of(owner), {"types": ["voicemail"]})
    make_task(TaskType.INBOUND_CALL)
    assert "no one’s skills" not in words(page.get(SKILLS))

    User.objects.filter(pk=agent.pk).update(is_active=False)

    assert "<strong>1</strong> waiting task fits no one’s skills" in words(page.get(SKILLS))
    assert page.get(of(agent)).status_code == 404


def test_only_an_owner_gets_in_and_only_to_those_of_the_workspace(
    client_of: Any, page: Client, agent: User, stranger: User, support: User
):
    own = client_of(agent)

    assert [own.get(SKILLS).status_code, own.post(of(agent), {}).status_code] == [403, 403]
    assert page.get(of(stranger)).status_code == 404
    assert page.post(of(stranger), {"types": ["voicemail"]}).status_code == 404
    assert page.get(of(support)).status_code == 404
    assert not AgentSkills.objects.exists()


def test_an_agent_reads_what_they_are_handed(agent: User, opening: Opening, support: User):
    skills = AgentSkills.objects.create(membership=agent.membership, types=["voicemail"])
    skills.openings.add(opening)

    assert "<dd>Voicemail</dd>" in my_skills(agent)
    assert "Customer Support, Manila" in my_skills(agent)
    assert "An Owner can change them." in my_skills(agent)
    assert my_skills(support).strip() == ""


def my_skills(user: User) -> str:
    return Template("{% load skills %}{% my_skills user %}").render(Context({"user": user}))
