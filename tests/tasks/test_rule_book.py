"""When a task may be made: every rule, for every type, for one candidate as for many."""

import json
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, product
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import (
    Campaign,
    CampaignChannel,
    CampaignState,
    CampaignWork,
    Contact,
)
from pipeline.outreach.optouts import opt_out
from pipeline.tasks.create import CantCreate, check_campaign, create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Creator, Origin
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.types import (
    KINDS,
    MANUAL,
    OF_CAMPAIGN,
    QUEUED,
    TIMED,
    TaskChannel,
    TaskType,
)
from pipeline.tasks.new_tasks import NewTasks
from pipeline.tasks.reasons import Code
from pipeline.tasks.rule_book import (
    CAMPAIGN_RULES,
    RULES,
    problem_with,
    reason_of,
    ruling,
)
from pipeline.workspaces.models import User, Workspace

MOST = 2
GONE, ELSEWHERE = "gone", "another workspace's"
AUTOMATED, DRAFT, PAUSED = CampaignWork.AUTOMATED, CampaignState.DRAFT, CampaignState.PAUSED
CAMPAIGNS = ("", *CampaignChannel, GONE, ELSEWHERE, AUTOMATED, DRAFT, PAUSED)
CHANNEL_OF = {type: channel for channel, types in OF_CAMPAIGN.items() for type in types}

PER_CANDIDATE = (
    Code.NO_PHONE,
    Code.NO_EMAIL,
    Code.CALL_OPT_OUT,
    Code.SMS_OPT_OUT,
    Code.EMAIL_OPT_OUT,
    Code.ENOUGH_WAITING,
)
Lacks = frozenset[Code]
# Each alone, and up to three at once: the first in the table is the reason.
EVERY_LACK: list[Lacks] = [
    frozenset(codes) for n in range(4) for codes in combinations(PER_CANDIDATE, n)
]
OF_CHANNEL = {
    TaskChannel.PHONE: (Code.NO_PHONE,),
    TaskChannel.SMS: (Code.NO_PHONE,),
    TaskChannel.EMAIL: (Code.NO_EMAIL,),
    TaskChannel.OTHER: (),
}
# Which opt-out forbids a type: to a machine, and to a person, who knows better about addresses.
OPT_OUT_OF = {
    TaskType.OUTBOUND_CALL: (Code.CALL_OPT_OUT, Code.CALL_OPT_OUT),
    TaskType.MANUAL_OUTBOUND_CALL: (Code.CALL_OPT_OUT, Code.CALL_OPT_OUT),
    TaskType.INBOUND_SMS: (Code.SMS_OPT_OUT, None),
    TaskType.OUTBOUND_SMS: (Code.SMS_OPT_OUT, Code.SMS_OPT_OUT),
    TaskType.MANUAL_OUTBOUND_SMS: (Code.SMS_OPT_OUT, Code.SMS_OPT_OUT),
    TaskType.INBOUND_EMAIL: (Code.EMAIL_OPT_OUT, None),
    TaskType.MANUAL_OUTBOUND_EMAIL: (Code.EMAIL_OPT_OUT, Code.EMAIL_OPT_OUT),
}
OF_CAMPAIGN_STATE = {
    GONE: Code.CAMPAIGN_GONE,
    ELSEWHERE: Code.CAMPAIGN_GONE,
    AUTOMATED: Code.CAMPAIGN_AUTOMATED,
    DRAFT: Code.CAMPAIGN_DRAFT,
}


@dataclass(frozen=True)
class Asked:
    """A task that is asked for, but for whom it is about."""

    type: TaskType
    campaign: str  # the channel that it is on, or what has become of it; empty without one
    is_due: bool
    has_agent: bool

    @property
    def on(self) -> str:
        """The campaign's channel: one that fits the type, unless that is what is asked."""
        if self.campaign in CampaignChannel.values:
            return self.campaign
        return CHANNEL_OF.get(self.type, CampaignChannel.PHONE)

    @property
    def of_campaign(self) -> Code | None:
        if self.campaign in OF_CAMPAIGN_STATE:
            return OF_CAMPAIGN_STATE[self.campaign]
        is_unfit = self.campaign and CHANNEL_OF.get(self.type) != self.on
        return Code.CAMPAIGN_UNFIT if is_unfit else None

    def expected(self, lacks: Lacks, *, needs_address: bool) -> Code | None:
        """The first reason, worked out without the rule book."""
        if self.type in TIMED and not self.is_due:
            return Code.NEEDS_TIME
        if self.type in MANUAL and not self.has_agent:
            return Code.NEEDS_AGENT
        if self.of_campaign:
            return self.of_campaign
        wanted = OF_CHANNEL[KINDS[self.type].channel] if needs_address else ()
        opt_out = OPT_OUT_OF.get(self.type, (None, None))[0 if needs_address else 1]
        nowhere = Code.NO_EMAIL if opt_out == Code.EMAIL_OPT_OUT else Code.NO_PHONE
        if opt_out and nowhere not in lacks:
            wanted = (*wanted, opt_out)
        if self.type not in MANUAL:
            wanted = (*wanted, Code.ENOUGH_WAITING)
        return next((code for code in wanted if code in lacks), None)


EVERYTHING = [
    Asked(type, campaign, is_due, has_agent)
    for type, campaign in product(TaskType, CAMPAIGNS)
    for is_due in ((True, False) if type in TIMED else (False,))
    for has_agent in ((True, False) if type in MANUAL else (False,))
]


@pytest.fixture
def people(workspace: Workspace, make_candidates: Any) -> dict[int, Lacks]:
    """A candidate for each combination of what one may lack."""
    TaskRules.objects.create(workspace=workspace, most_waiting=MOST)
    found = {}
    for n, lacks in enumerate(EVERY_LACK):
        phone = "" if Code.NO_PHONE in lacks else f"+4474009{n:05}"
        email = "" if Code.NO_EMAIL in lacks else f"Number{n}@Example.org"
        candidate = make_candidates(1, phone=phone, email=email).get()
        found[candidate.pk] = lacks
        if Code.CALL_OPT_OUT in lacks:
            opt_out(workspace, Contact.CALL, phone or f"+4474008{n:05}")
        if Code.SMS_OPT_OUT in lacks:
            opt_out(workspace, Contact.SMS, phone or f"+4474008{n:05}")
        if Code.EMAIL_OPT_OUT in lacks:
            opt_out(workspace, Contact.EMAIL, email or f"other{n}@example.org")
    full = [pk for pk, lacks in found.items() if Code.ENOUGH_WAITING in lacks]
    Task.objects.bulk_create(
        Task(
            workspace=workspace,
            candidate_id=pk,
            opening_id=Candidate.objects.get(pk=pk).opening_id,
            type=type,
            origin=Origin.EVENT,
        )
        for pk in full
        for type in QUEUED
        for _ in range(MOST)
    )
    return found


@pytest.fixture
def campaigns(workspace: Workspace, stranger: User) -> dict[tuple[str, str], Campaign]:
    """By its channel, and by that or what has become of it."""
    found = {}
    for channel, become in product(CampaignChannel, CAMPAIGNS[1:]):
        of = stranger.membership.workspace if become == ELSEWHERE else workspace
        fields: dict[str, Any] = {"state": CampaignState.READY}
        if become in (DRAFT, PAUSED):
            fields["state"] = become
        if become == AUTOMATED:
            fields["work"] = AUTOMATED
        name = f"{channel} {become}"
        campaign = Campaign.objects.launch(of, name=name, channel=channel, **fields)
        if become == GONE:
            Campaign.objects.filter(pk=campaign.pk).delete()
        found[channel.value, str(become)] = campaign
    return found


def test_for_one_and_for_many_every_combination_has_the_same_code(
    people: dict[int, Lacks],
    campaigns: dict[tuple[str, str], Campaign],
    workspace: Workspace,
    agent: User,
):
    seen: set[Code | None] = set()
    for asked in EVERYTHING:
        campaign = campaigns[asked.on, asked.campaign] if asked.campaign else None
        for needs_address in (True, False):
            new = NewTasks(
                workspace.pk,
                asked.type,
                campaign_id=campaign.pk if campaign else None,
                campaign_name=campaign.name if campaign else "",
                due_at=timezone.now() + timedelta(days=1) if asked.is_due else None,
                needs_address=needs_address,
                has_agent=asked.has_agent,
            )
            expected = {
                pk: asked.expected(lacks, needs_address=needs_address)
                for pk, lacks in people.items()
            }
            assert problems_of_many(new, list(people)) == expected, asked
            seen |= set(expected.values())
        for pk, lacks in people.items():
            if lacks in (frozenset(), frozenset(PER_CANDIDATE)):
                code = code_of_one(pk, asked, campaign, agent)
                assert code == asked.expected(lacks, needs_address=False), asked

    assert seen == {None, *(rule.code for rule in RULES)}


@pytest.mark.parametrize("type", QUEUED)
def test_who_asks_about_one_hears_what_many_would_hear(
    type: TaskType, people: dict[int, Lacks], workspace: Workspace
):
    new = NewTasks(workspace.pk, type, due_at=timezone.now())
    asked = Asked(type, "", is_due=True, has_agent=False)

    for pk, lacks in people.items():
        reason = problem_with(new, pk)
        assert (reason and reason.code) == asked.expected(lacks, needs_address=True)


def test_a_form_hears_what_the_campaign_would_say(
    campaigns: dict[tuple[str, str], Campaign], workspace: Workspace
):
    for asked in EVERYTHING:
        if not asked.campaign:
            continue
        try:
            check_campaign(campaigns[asked.on, asked.campaign], asked.type, workspace.pk)
            code = None
        except CantCreate as error:
            code = error.reason.code
        assert code == asked.of_campaign


def test_each_code_has_one_rule_and_those_of_the_campaign_are_known():
    codes = [rule.code for rule in RULES]

    assert len(codes) == len(set(codes))
    assert [rule.code for rule in CAMPAIGN_RULES] == [
        Code.CAMPAIGN_GONE,
        Code.CAMPAIGN_AUTOMATED,
        Code.CAMPAIGN_DRAFT,
        Code.CAMPAIGN_UNFIT,
    ]


def problems_of_many(new: NewTasks, ids: list[int]) -> dict[int, Code | None]:
    """By the statement of bulk actions and journeys, whose facts are those that Python knows."""
    sql, params = ruling(new, "people")
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH people AS (SELECT id, email, phone FROM candidates_candidate"
            f" WHERE id = ANY(%(ids)s)), {sql}"
            " SELECT id, problem, (%(rule_facts)s::jsonb -> problem)::text FROM ruled",
            params | {"ids": ids},
        )
        rows = cursor.fetchall()
    found: dict[int, Code | None] = {}
    for pk, problem, facts in rows:
        reason = reason_of(new, problem)
        assert (facts and json.loads(facts)) == (reason and reason.facts)
        found[pk] = reason.code if reason else None
    return found


def code_of_one(
    candidate_id: int, asked: Asked, campaign: Campaign | None, agent: User
) -> Code | None:
    creator = Creator.person(agent) if asked.has_agent else Creator.event("Phone system")
    due_at = timezone.now() + timedelta(days=1) if asked.is_due else None
    candidate = Candidate.objects.get(pk=candidate_id)
    try:
        with transaction.atomic():
            create_task(candidate, asked.type, creator, campaign=campaign, due_at=due_at)
            transaction.set_rollback(True)
    except CantCreate as error:
        return error.reason.code
    return None
