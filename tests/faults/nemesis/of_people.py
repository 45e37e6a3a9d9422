"""What candidates and agents may expect: messages once, tasks and imports whole."""

import re
from collections import Counter
from collections.abc import Iterator

from pipeline.journeys.models import Run, RunState, RunStep
from pipeline.outreach.models import Message, MessageStatus
from pipeline.tasks.models import Task
from pipeline.tasks.models.states import MOVES
from tests.journeys.promises import assert_the_log_explains, effects_of

from .evidence import Evidence, check, rows, told
from .world import E_MAILS

MESSAGE_ID = re.compile(r"^Message-ID: <belay-(\d+)@", re.MULTILINE)
MAY_HAVE_GONE = (MessageStatus.SENT, MessageStatus.UNCONFIRMED, MessageStatus.SENDING)
POSSIBLE = {(before, after) for moves in MOVES.values() for before, after in moves.items()}


@check
def nobody_gets_a_message_twice(evidence: Evidence) -> Iterator[str]:
    """What the mail server took is what the database tells of it, each message once."""
    taken: Counter[int] = Counter()
    for texts in evidence.house.mail.by_recipient.values():
        taken.update(int(pk) for text in texts for pk in MESSAGE_ID.findall(text))
    status_of = dict(Message.objects.values_list("pk", "status"))
    for pk, times in taken.items():
        if times > 1:
            yield f"message {pk} was taken {times} times"
        if status_of.get(pk) not in MAY_HAVE_GONE:
            yield f"message {pk} was taken and is {status_of.get(pk, 'unknown')}"
    for pk, status in status_of.items():
        if status == MessageStatus.SENT and pk not in taken:
            yield f"message {pk} is said to be sent, and was not taken"
    yield from told("""
        SELECT bulk_action_id AS action, candidate_id AS candidate, count(*) AS messages
        FROM outreach_message WHERE bulk_action_id IS NOT NULL
        GROUP BY 1, 2 HAVING count(*) > 1
    """)


@check
def the_limit_is_exact(evidence: Evidence) -> Iterator[str]:
    """No more messages than allowed, and each that may have gone is counted once."""
    yield from told(
        """
        SELECT use.workspace_id AS workspace, use.used, counted.number AS messages
        FROM outreach_messageuse AS use, LATERAL (
            SELECT count(*) AS number FROM outreach_message AS message
            WHERE message.workspace_id = use.workspace_id AND message.channel = use.channel
              AND message.counted_on = use.begins_on AND message.status <> 'failed'
        ) AS counted
        WHERE use.period = 'day' AND (use.used <> counted.number OR use.used > %s)
        """,
        [E_MAILS],
    )


@check
def a_task_is_accepted_or_canceled(evidence: Evidence) -> Iterator[str]:
    """Accept or cancel, never both: a task goes only where the table of moves leads."""
    for change in rows("""
        SELECT about AS task, before ->> 'state' AS before, after ->> 'state' AS state,
               after ->> 'cancel_source' AS source, after ->> 'canceled_by_id' AS by, lag(
                   after ->> 'state') OVER (PARTITION BY about ORDER BY committed, at) AS previous
        FROM nemesis WHERE what = 'task' AND before IS DISTINCT FROM after
    """):
        before, state = change["before"], change["state"]
        if before is None or before == state:
            continue
        is_taken_back = (before, state) == ("assigned", "canceled")
        if before != change["previous"] or (before, state) not in POSSIBLE:
            yield f"a task went from {before} to {state}: {change}"
        elif is_taken_back and change["by"] is None:
            yield f"a task was taken from its agent, and not by a person: {change}"


@check
def an_import_is_whole_or_not_there(evidence: Evidence) -> Iterator[str]:
    """All of its rows are in the opening, or none is."""
    for promise in evidence.promised("uploaded"):
        mark, pk = promise.facts["mark"], promise.facts["upload"]
        (found,) = rows(IMPORTED, [mark, pk])
        whole = promise.facts["rows"] if found["status"] == "done" else 0
        if found["people"] != whole:
            yield f"import {pk}, {found['status']}: {found['people']} of {promise.facts['rows']}"


IMPORTED = """
SELECT (SELECT count(*) FROM candidates_candidate WHERE email LIKE %s || '-%%') AS people,
       (SELECT status FROM candidates_candidateimport WHERE id = %s) AS status
"""


@check
def runs_do_what_their_logs_tell(evidence: Evidence) -> Iterator[str]:
    """A run goes the way of its log, ends once, and each of its effects is in it once."""
    logs: dict[int, list[RunStep]] = {}
    for line in RunStep.objects.order_by("run", "number"):
        logs.setdefault(line.run_id, []).append(line)
    told_of: Counter[tuple[str, int]] = Counter()
    for run in Run.objects.select_related("version", "journey"):
        log = logs.get(run.pk, [])
        for line in log:
            told_of.update(effects_of(line, run.candidate_id))
        if run.state in (RunState.FINISHED, RunState.FAILED):
            try:
                assert_the_log_explains(run, log)
            except AssertionError as error:
                yield f"run {run.pk}: {error}"
    made = Task.objects.filter(created_by_run_id__isnull=False).values_list("pk", flat=True)
    canceled = Task.objects.filter(canceled_by_run_id__isnull=False).values_list("pk", flat=True)
    done = Counter([*(("task", pk) for pk in made), *(("canceled", pk) for pk in canceled)])
    for effect in (told_of - done) + (done - told_of):
        yield f"{effect}: told of {told_of[effect]} times, done {done[effect]} times"
    # A stop comes too late for the message that is on its way: the log still tells of it.
    yield from told("""
        SELECT log.about AS run, log.before, log.after FROM nemesis_log AS log
        WHERE log.what = 'run' AND log.before ->> 'state' <> 'running' AND log.before <> log.after
          AND (log.before ->> 'state' <> log.after ->> 'state' OR NOT EXISTS (
            SELECT FROM outreach_message AS message WHERE message.journey_run_id = log.about
               AND message.journey_step BETWEEN (log.before ->> 'steps')::int
                   AND (log.after ->> 'steps')::int
        ))
    """)
