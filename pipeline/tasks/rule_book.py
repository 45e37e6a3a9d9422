"""The rules for when a task may be made: one table, for one candidate as for many.

Each rule is a condition in SQL. Whoever makes tasks, one or a hundred thousand, has the rules
looked at by the same statement.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from pipeline.candidates.sql.reach import reach
from pipeline.outreach import optouts, sql
from pipeline.outreach.models import CampaignState, CampaignWork, Contact

from .models.states import State
from .models.types import OF_CAMPAIGN, TaskChannel, TaskType
from .new_tasks import NewTasks
from .reasons import Code, Reason

Sql = tuple[str, dict[str, Any]]
ALWAYS = "true"

FACTS: dict[str, Callable[[NewTasks], Any]] = {
    "type": lambda new: str(new.type),
    "campaign": lambda new: new.campaign_name,
    "channels": lambda new: [str(on) for on, types in OF_CAMPAIGN.items() if new.type in types],
    "most": lambda new: new.most_waiting,
}


@dataclass(frozen=True)
class Rule:
    """Forbids a task where `forbids` is true; then `code` is the reason, with `facts`.

    `forbids` is SQL over the candidate's row in {people} (id, email, phone) and `of_campaign`,
    with the facts as parameters. `concerns` says for which tasks it is looked at.
    """

    code: Code
    concerns: Callable[[NewTasks], bool]
    forbids: str = ALWAYS
    facts: tuple[str, ...] = ()

    def facts_of(self, new: NewTasks) -> dict[str, Any]:
        return {name: FACTS[name](new) for name in self.facts}


def has_campaign(new: NewTasks) -> bool:
    return new.campaign_id is not None


def needs(*channels: TaskChannel) -> Callable[[NewTasks], bool]:
    return lambda new: new.needs_address and new.kind.channel in channels


def contacts(channel: TaskChannel) -> Callable[[NewTasks], bool]:
    """Tasks that an opt-out forbids, also to a person: those that write first, or that were to."""
    return lambda new: new.kind.channel == channel and (new.needs_address or new.kind.is_outbound)


def calls(new: NewTasks) -> bool:
    """Without callbacks, which the candidate has asked for."""
    return new.type in (TaskType.OUTBOUND_CALL, TaskType.MANUAL_OUTBOUND_CALL)


def has_opted_out(channel: Contact) -> str:
    """Names the parameters of outreach's part anew: two channels may be asked of at once."""
    return sql.HAS_OPTED_OUT % {
        "workspace": "%(rule_workspace)s",
        "channel": f"%(rule_{channel})s",
        "opted_out": f"lower({{people}}.{optouts.FIELD[channel]})",
    }


HAS_ENOUGH = """%(rule_most)s <= (
                SELECT count(*) FILTER (WHERE type = %(rule_type)s AND state = %(rule_waiting)s)
                FROM tasks_task WHERE candidate_id = {people}.id
            )"""

# The first one that forbids a task is the reason.
RULES = (
    Rule(
        Code.NEEDS_TIME,
        lambda new: new.kind.is_timed and new.due_at is None,
        facts=("type",),
    ),
    Rule(
        Code.NEEDS_AGENT,
        lambda new: new.kind.is_manual and not new.has_agent,
        facts=("type",),
    ),
    Rule(
        Code.CAMPAIGN_GONE,
        has_campaign,
        "NOT EXISTS (SELECT FROM of_campaign)",
        facts=("campaign",),
    ),
    Rule(
        Code.CAMPAIGN_AUTOMATED,
        has_campaign,
        "(SELECT work FROM of_campaign) <> %(rule_work)s",
        facts=("campaign",),
    ),
    Rule(
        Code.CAMPAIGN_DRAFT,
        has_campaign,
        "(SELECT state FROM of_campaign) = %(rule_draft)s",
        facts=("campaign",),
    ),
    Rule(
        Code.CAMPAIGN_UNFIT,
        has_campaign,
        "(SELECT channel FROM of_campaign) <> ALL(%(rule_channels)s::text[])",
        facts=("campaign", "type", "channels"),
    ),
    Rule(Code.NO_PHONE, needs(TaskChannel.PHONE, TaskChannel.SMS), "{people}.phone = ''"),
    Rule(Code.NO_EMAIL, needs(TaskChannel.EMAIL), "{people}.email = ''"),
    Rule(Code.CALL_OPT_OUT, calls, has_opted_out(Contact.CALL)),
    Rule(Code.SMS_OPT_OUT, contacts(TaskChannel.SMS), has_opted_out(Contact.SMS)),
    Rule(Code.EMAIL_OPT_OUT, contacts(TaskChannel.EMAIL), has_opted_out(Contact.EMAIL)),
    # The limit stops loops. A Manual task never waits.
    Rule(
        Code.ENOUGH_WAITING,
        lambda new: not new.kind.is_manual,
        HAS_ENOUGH,
        facts=("type", "most"),
    ),
)
OF_CODE = {rule.code: rule for rule in RULES}
CAMPAIGN_RULES = tuple(rule for rule in RULES if rule.concerns is has_campaign)
# What a candidate lacks for a task; any other reason is the task's, the campaign's or the limit's.
OPT_OUTS = frozenset({Code.CALL_OPT_OUT, Code.SMS_OPT_OUT, Code.EMAIL_OPT_OUT})
LACKS = frozenset({Code.NO_PHONE, Code.NO_EMAIL}) | OPT_OUTS


def reason_of(new: NewTasks, problem: str) -> Reason | None:
    """The reason for a `problem` of `ruling`; None where there is none."""
    if not problem:
        return None
    rule = OF_CODE[Code(problem)]
    return Reason(rule.code, rule.facts_of(new))


def ruling(
    new: NewTasks, people: str, rules: tuple[Rule, ...] = RULES, *, holds: bool = True
) -> Sql:
    """`ruled`: `people` with `problem`, the code why somebody gets no task, else empty.

    Reads their id, email and phone. Changes nothing, and locks nothing unless it `holds` the
    campaign. `%(rule_facts)s::jsonb -> problem` are the facts of a problem.
    """
    concerned = [rule for rule in rules if rule.concerns(new)]
    whens = [WHEN.format(forbids=rule.forbids, code=rule.code) for rule in concerned]
    facts = {rule.code: rule.facts_of(new) for rule in concerned}
    params: dict[str, Any] = {f"rule_{code}": str(code) for code in facts}
    for of_rule in facts.values():
        params |= {f"rule_{name}": value for name, value in of_rule.items()}
    statement = RULING.format(
        campaign=sql.CAMPAIGN_FOR_TASKS,
        people=people,
        problem=CASE.format(whens="".join(whens)).format(people=people) if whens else NONE,
        hold="FOR KEY SHARE" if holds else "",
    )
    return statement, params | {
        **{f"rule_{channel}": str(channel) for channel in Contact},
        "rule_workspace": new.workspace_id,
        "campaign": new.campaign_id,
        "campaign_workspace": new.workspace_id,
        "rule_work": str(CampaignWork.AGENTS),
        "rule_draft": str(CampaignState.DRAFT),
        "rule_waiting": str(State.IN_QUEUE),
        "rule_facts": Jsonb(facts),
    }


def problem_with(new: NewTasks, candidate_id: int, *, holds: bool = False) -> Reason | None:
    """Why this candidate would get no such task now; None for one who would."""
    return _judged(new, ONE_CANDIDATE, {"candidate": candidate_id}, RULES, holds)


def problem_with_campaign(new: NewTasks) -> Reason | None:
    """Why its campaign may have no such tasks, whoever they are about."""
    return _judged(new, NO_CANDIDATE, {}, CAMPAIGN_RULES, holds=False)


def _judged(
    new: NewTasks, people: str, who: dict[str, int], rules: tuple[Rule, ...], holds: bool
) -> Reason | None:
    judging, params = ruling(new, "people", rules, holds=holds)
    with connection.cursor() as cursor:
        cursor.execute(PROBLEM.format(people=people, ruling=judging), who | params)
        (problem,) = cursor.fetchone()
    return reason_of(new, problem)


PROBLEM = "WITH {people}, {ruling} SELECT problem FROM ruled"
ONE_CANDIDATE = f"people AS ({reach('%(candidate)s')})"
NO_CANDIDATE = "people AS (SELECT NULL::bigint AS id, '' AS email, '' AS phone)"

# The key-share lock keeps the campaign from being deleted between the look and the change.
# Materialized, as each rule is to be looked at once, however often the problem is read.
RULING = """
of_campaign AS (
    {campaign} {hold}
), ruled AS MATERIALIZED (
    SELECT {people}.*, {problem} AS problem FROM {people}
)
"""
NONE = "''"
CASE = "CASE{whens} ELSE '' END"
WHEN = """
            WHEN {forbids} THEN %(rule_{code})s"""
