"""Tasks by the million: next task, first pages of desk and past tasks, canceling many at once."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline.candidates.demo import load
from pipeline.candidates.models import Candidate, Opening
from pipeline.outreach.models import Campaign, CampaignChannel, CampaignState
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Canceler
from pipeline.tasks.models.rules import AgentSkills
from pipeline.tasks.models.scopes import OfCampaign
from pipeline.tasks.models.types import TaskType
from pipeline.tasks.next_task import take_next_task
from pipeline.workspaces.models import Membership, Role, User, Workspace

from .report import Report

PEOPLE = 100_000
AGENTS = 40
CAMPAIGNS = 20
ROUNDS = 15
TAKES = 200
WARM = 50  # before them: as in a running server


def measure(waiting: int, report: Report) -> None:
    """Fill a workspace with `waiting` tasks and five times as many past ones, and use it."""
    workspace = load.load(PEOPLE, "benchmark")
    fill(workspace, waiting)
    measure_next(workspace, waiting, report)
    measure_cancel(workspace, waiting, report)
    measure_pages(waiting, report)


def fill(workspace: Workspace, waiting: int) -> None:
    """Deterministic, in three statements. Campaign 1 is paused, and all its tasks are urgent."""
    for number in range(CAMPAIGNS):
        Campaign.objects.launch(
            workspace,
            name=f"Campaign {number}",
            channel=CampaignChannel.PHONE,
            state=CampaignState.PAUSED if number == 0 else CampaignState.READY,
        )
    users = User.objects.bulk_create(
        User(email=f"agent{number}@benchmark.example", first_name="Agent", last_name=str(number))
        for number in range(AGENTS)
    )
    Membership.objects.bulk_create(
        Membership(user=user, workspace=workspace, role=Role.AGENT) for user in users
    )
    parameters: dict[str, Any] = {
        "workspace": workspace.pk,
        "types": [type for type in TaskType.values if not type.startswith("manual")],
        "campaigns": list(Campaign.objects.order_by("pk").values_list("pk", flat=True)),
        "agents": [user.pk for user in users],
        "waiting": waiting,
        "past": waiting * 5,
    }
    with connection.cursor() as cursor:
        cursor.execute(PERSONS)
        with without_indexes("tasks_task"):
            cursor.execute(WAITING, parameters)
            cursor.execute(PAST, parameters)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")  # else the filling is still being written meanwhile


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """Built once over all rows, they take a fraction of the time that each row by itself takes."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [table])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem")


def measure_next(workspace: Workspace, waiting: int, report: Report) -> None:
    anybody, skilled, narrow = User.objects.filter(email__endswith="@benchmark.example")[:3]
    skills = AgentSkills.objects.create(
        membership=skilled.membership, types=[TaskType.VOICEMAIL, TaskType.SCHEDULED_CALLBACK]
    )
    skills.openings.set(Opening.objects.all()[:3])
    Membership.objects.filter(user=narrow).update(is_limited=True)
    narrow.membership.openings.set(Opening.objects.all()[1:2])
    for who, agent in {"": anybody, ", with skills": skilled, ", limited": narrow}.items():
        agent = User.objects.select_related("membership").get(pk=agent.pk)
        for _ in range(WARM):
            take_next_task(agent)
        times = [milliseconds(partial(take_next_task, agent)) for _ in range(TAKES)]
        report.add(f"next task{who}, p50", waiting, statistics.median(times), "ms", at_most=20)
        report.add(f"next task{who}, p99", waiting, sorted(times)[TAKES * 99 // 100], "ms")
    held = Task.objects.waiting().filter(campaign__state=CampaignState.PAUSED).count()
    report.add("waiting tasks of a paused campaign, all urgent", waiting, held, "tasks")


def measure_pages(waiting: int, report: Report) -> None:
    client = Client()
    client.force_login(User.objects.get(email="owner@demo.example"))
    for where, questions in {"tasks:desk": desk_questions(), "past:list": past_questions()}.items():
        for what, query in questions.items():
            url = f"{reverse(where)}?{urlencode(query)}"
            get(client, url)  # templates and catalog are warm, as in a running server
            times = [milliseconds(partial(get, client, url)) for _ in range(ROUNDS)]
            name = f"{where.split(':')[1]}: {what}"
            report.add(f"{name}, p50", waiting, statistics.median(times), "ms")
            report.add(f"{name}, worst of {ROUNDS}", waiting, max(times), "ms", at_most=200)


def get(client: Client, url: str) -> None:
    response = client.get(url, headers={"HX-Request": "true"})
    assert response.status_code == 200, (url, response.status_code)
    assert b"is-invalid" not in response.content, url


def desk_questions() -> dict[str, dict[str, Any]]:
    """The query string for each kind of first page: each filter alone, and several together."""
    campaign, opening = Campaign.objects.all()[3], Opening.objects.all()[1]
    return {
        "everything": {},
        "type": {"type": "reminder"},
        "campaign": {"campaign": campaign.pk},
        "channel": {"channel": "sms"},
        "priority": {"priority": 1},
        "opening": {"opening": opening.pk},
        "age": {"age": "7d"},
        "type, campaign, opening": {
            "type": "voicemail",
            "campaign": campaign.pk,
            "opening": opening.pk,
        },
        "all filters": {
            "type": "inbound_sms",
            "campaign": campaign.pk,
            "channel": "sms",
            "priority": 1,
            "opening": opening.pk,
            "age": "7d",
        },
    }


def past_questions() -> dict[str, dict[str, Any]]:
    campaign, opening = Campaign.objects.all()[3], Opening.objects.all()[1]
    agent = User.objects.get(email="agent7@benchmark.example")
    person = Candidate.objects.order_by("pk")[PEOPLE // 2]
    day = timezone.now().date()
    month = {"since": day - timedelta(days=230), "until": day - timedelta(days=200)}
    return {
        "everything": {},
        "state": {"state": "canceled"},
        "type": {"type": "voicemail"},
        "campaign": {"campaign": campaign.pk},
        "agent": {"agent": agent.pk},
        "source": {"source": "timeout"},
        "journey": {"journey": 7},
        "opening": {"opening": opening.pk},
        "dates": month,
        "candidate": {"candidate": person.pk},
        "candidate by name": {"q": person.full_name},
        "state, type, campaign": {
            "state": "completed",
            "type": "reminder",
            "campaign": campaign.pk,
        },
        "agent, opening, dates": {"agent": agent.pk, "opening": opening.pk, **month},
        "journey, type, opening": {"journey": 7, "type": "reminder", "opening": opening.pk},
        "what contradicts itself": {"state": "completed", "source": "timeout"},
    }


def measure_cancel(workspace: Workspace, waiting: int, report: Report) -> None:
    """A tenth of what waits, as one order, against the UPDATE that does nothing else."""
    campaign = Campaign.objects.all()[5]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tasks_task SET campaign_id = %s WHERE id IN (SELECT id FROM tasks_task"
            " WHERE state = 'in_queue' ORDER BY id LIMIT %s)",
            [campaign.pk, waiting // 10],
        )
    cancelable = Task.objects.cancelable().filter(workspace=workspace)
    number = cancelable.filter(campaign=campaign).count()
    by = Canceler.timeout()
    runs: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(3):
        with taken_back():
            runs["bare"].append(milliseconds(lambda: bare_update(campaign)))
        with taken_back():
            runs["ours"].append(
                milliseconds(lambda: cancelable.cancel(OfCampaign(campaign), by, "Too late"))
            )
    ours, bare = (statistics.median(runs[name]) for name in ("ours", "bare"))
    report.add("cancel many at once", number, ours, "ms")
    report.add("the bare UPDATE", number, bare, "ms")
    report.add("cancel against the bare UPDATE", number, ours / bare, "times", at_most=1.5)


def bare_update(campaign: Campaign) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tasks_task SET state = 'canceled', ended_at = now(),"
            " cancel_reason = 'Too late', cancel_source = 'timeout', canceled_by_name = 'Belay'"
            " WHERE campaign_id = %s AND state = 'in_queue'",
            [campaign.pk],
        )


@contextmanager
def taken_back() -> Iterator[None]:
    """So that each run finds the same tasks; what it left behind is swept up before the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM tasks_task")


def milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


# But those that a constraint needs.
INDEXES = """
SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index
JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = %s::regclass
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
PERSONS = """
CREATE TEMPORARY TABLE persons AS
SELECT row_number() OVER (ORDER BY id) - 1 AS number, id, opening_id FROM candidates_candidate
"""
COLUMNS = """
    workspace_id, candidate_id, opening_id, campaign_id, type, priority, due_at, notes, disposition,
    created_at, queued_at, origin, created_by_name, created_by_block, agent_name,
    cancel_reason, canceled_by_name, canceled_by_block"""
COMMON = """
    %(workspace)s, person.id, person.opening_id,
    CASE WHEN n %% 3 = 0
         THEN (%(campaigns)s::bigint[])[1 + hash %% cardinality(%(campaigns)s::bigint[])] END,
    (%(types)s::text[])[1 + (hash / 7) %% cardinality(%(types)s::text[])]"""
PERSON = """
    (SELECT n, abs(hashint8(n::bigint)::bigint) AS hash
     FROM generate_series(1, {number}) AS n) AS made
    JOIN persons AS person ON person.number = (hash / 23) %% (SELECT count(*) FROM persons)"""

WAITING = f"""
INSERT INTO tasks_task ({COLUMNS}, state, cancel_source)
SELECT {COMMON},
    CASE WHEN n %% 3 = 0 AND hash %% cardinality(%(campaigns)s::bigint[]) = 0 THEN 4
         ELSE (ARRAY[1, 2, 2, 2, 2, 2, 3])[1 + (hash / 11) %% 7] END,
    CASE WHEN n %% 2 = 0 THEN now() + ((hash / 13) %% 20000 - 10000) * interval '1 minute' END,
    '', '', now() - n * interval '1 second', now() - n * interval '1 second',
    'journey', 'Welcome', 'Create Task', '', '', '', '', 'in_queue', ''
FROM {PERSON.format(number="%(waiting)s")}
"""

# Half completed, half canceled; of these two thirds by one of 30 journeys.
PAST = f"""
INSERT INTO tasks_task ({COLUMNS}, state, ended_at, accepted_at, agent_id, cancel_source,
    canceled_by_journey_id, canceled_by_journey_version)
SELECT {COMMON}, 2, NULL, '', CASE WHEN n %% 2 = 0 THEN 'reached' ELSE '' END,
    ended - interval '3 hours', ended - interval '3 hours', 'journey', 'Welcome', 'Create Task',
    CASE WHEN n %% 2 = 0 THEN 'Agent' ELSE '' END,
    CASE WHEN n %% 2 = 0 THEN '' ELSE 'The candidate converted.' END,
    CASE WHEN n %% 2 = 0 THEN '' ELSE 'Converted' END, '',
    CASE WHEN n %% 2 = 0 THEN 'completed' ELSE 'canceled' END, ended,
    CASE WHEN n %% 2 = 0 THEN ended - interval '1 hour' END,
    CASE WHEN n %% 2 = 0
         THEN (%(agents)s::bigint[])[1 + (hash / 17) %% cardinality(%(agents)s::bigint[])] END,
    CASE WHEN n %% 2 = 0 THEN '' WHEN hash %% 3 = 0 THEN 'timeout' ELSE 'journey' END,
    CASE WHEN n %% 2 = 1 AND hash %% 3 > 0 THEN 1 + (hash / 19) %% 30 END,
    CASE WHEN n %% 2 = 1 AND hash %% 3 > 0 THEN 1 END
FROM {PERSON.format(number="%(past)s")},
    LATERAL (SELECT now() - n * interval '6 seconds' AS ended) AS time
"""
