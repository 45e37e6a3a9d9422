"""What runs promise, whatever happens; told by a witness of its own, which the database calls.

A witness writes down every effect that a block may have, as often as it really happened. The logs
of the runs must account for each of them, once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Q

from pipeline.journeys.engine.runner import now
from pipeline.journeys.models import JourneyState, Run, RunState, RunStep
from pipeline.journeys.models.listener import Happening

Effect = tuple[str, int]  # what, and the id of the task, candidate, label … that it was about

WITNESS = """
CREATE TABLE journeys_witness (what text, about bigint, by_person boolean);
CREATE FUNCTION journeys_testify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO journeys_witness VALUES (
        TG_ARGV[0],
        CASE WHEN TG_OP = 'DELETE' THEN (to_jsonb(OLD) ->> TG_ARGV[1])::bigint
             ELSE (to_jsonb(NEW) ->> TG_ARGV[1])::bigint END,
        coalesce(current_setting('test.by_person', true), '') = 'yes'
    );
    RETURN NULL;
END $$;
CREATE TRIGGER witness_created AFTER INSERT ON tasks_task
FOR EACH ROW EXECUTE FUNCTION journeys_testify('task', 'id');
CREATE TRIGGER witness_canceled AFTER UPDATE ON tasks_task
FOR EACH ROW WHEN (old.state <> new.state AND new.state = 'canceled')
EXECUTE FUNCTION journeys_testify('canceled', 'id');
CREATE TRIGGER witness_changed AFTER UPDATE ON candidates_candidate
FOR EACH ROW EXECUTE FUNCTION journeys_testify('changed', 'id');
CREATE TRIGGER witness_labeled AFTER INSERT ON candidates_candidatelabel
FOR EACH ROW EXECUTE FUNCTION journeys_testify('labeled', 'candidate_id');
CREATE TRIGGER witness_unlabeled AFTER DELETE ON candidates_candidatelabel
FOR EACH ROW EXECUTE FUNCTION journeys_testify('unlabeled', 'candidate_id');
CREATE TRIGGER witness_told AFTER INSERT ON workspaces_webhookdelivery
FOR EACH ROW EXECUTE FUNCTION journeys_testify('delivery', 'id');
CREATE TRIGGER witness_entered AFTER INSERT ON journeys_run
FOR EACH ROW EXECUTE FUNCTION journeys_testify('entered', 'id');
CREATE TRIGGER witness_ended AFTER UPDATE ON journeys_run
FOR EACH ROW WHEN (old.state = 'running' AND new.state <> 'running')
EXECUTE FUNCTION journeys_testify('ended', 'id');
CREATE TRIGGER witness_revived AFTER UPDATE ON journeys_run
FOR EACH ROW WHEN (
    old.state <> 'running'
    AND (old.state, old.block, old.steps) IS DISTINCT FROM (new.state, new.block, new.steps)
)
EXECUTE FUNCTION journeys_testify('moved after its end', 'id');
"""
EFFECTS = ("task", "canceled", "changed", "labeled", "unlabeled", "delivery")  # that logs tell of
DISMISS = "DROP FUNCTION journeys_testify() CASCADE; DROP TABLE journeys_witness"


@contextmanager
def witness() -> Iterator[None]:
    """Effects are counted from here on."""
    with connection.cursor() as cursor:
        cursor.execute(WITNESS)
    yield
    with connection.cursor() as cursor:
        cursor.execute(DISMISS)


@contextmanager
def by_person() -> Iterator[None]:
    """What happens meanwhile in this connection is no journey's doing."""
    with connection.cursor() as cursor:
        cursor.execute("SET test.by_person = 'yes'")
        yield
        cursor.execute("SET test.by_person = 'no'")


def assert_promises_kept() -> None:
    """To be called when nothing is due any more."""
    runs = list(Run.objects.select_related("version", "journey"))
    logs: dict[int, list[RunStep]] = defaultdict(list)
    for line in RunStep.objects.order_by("run", "number"):
        logs[line.run_id].append(line)
    assert_none_is_lost(runs)
    assert_none_is_in_two_places(runs)
    assert_everyone_ends_or_waits()
    for run in runs:
        assert_the_log_explains(run, logs[run.pk])
    assert_each_effect_once(runs, logs)


def seen() -> Counter[Effect]:
    """All that the journeys did, by the witness."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT what, about, count(*) FROM journeys_witness WHERE NOT by_person GROUP BY 1, 2"
        )
        return Counter({(what, about): number for what, about, number in cursor.fetchall()})


def assert_none_is_lost(runs: list[Run]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT about FROM journeys_witness WHERE what = 'entered'")
        entered = sorted(pk for (pk,) in cursor.fetchall())
    assert_equal(entered, sorted(run.pk for run in runs))


def assert_none_is_in_two_places(runs: list[Run]) -> None:
    places = Counter((run.journey_id, run.candidate_id) for run in runs if not run.ended_at)
    assert not places or max(places.values()) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT what, about, count(*) FROM journeys_witness"
            " WHERE what IN ('ended', 'moved after its end') GROUP BY 1, 2"
        )
        ends = {(what, pk): number for what, pk, number in cursor.fetchall()}
    assert_equal(ends, {("ended", run.pk): 1 for run in runs if run.ended_at})


def assert_everyone_ends_or_waits() -> None:
    assert not Happening.objects.exists()
    standing = Run.objects.running().exclude(journey__state=JourneyState.PAUSED)
    waiting = Q(is_waiting=True) & (Q(due_at__gt=now()) | (Q(due_at=None) & ~Q(waiting_for="")))
    assert_equal(list(standing.exclude(waiting).values()), [])
    assert not Run.objects.exclude(state=RunState.RUNNING).exclude(due_at=None).exists()


def assert_the_log_explains(run: Run, log: list[RunStep]) -> None:
    """Going the ways that the log names, from the first block, one comes to where the run is."""
    state = (run.pk, run.state, run.block, [(line.block, line.way, line.text) for line in log])
    assert [line.number for line in log] == list(range(1, run.steps + 1)), state
    definition = run.version.parse()
    at = definition.start
    for line in log:
        assert at is not None, state
        assert line.block == at, state
        if line.way:
            at = definition.nodes[at].ways[line.way]
    if run.state == RunState.RUNNING:
        assert run.block == at, state
        return
    assert (at is None) <= (run.state == RunState.FINISHED), state
    assert log, state
    assert log[-1].text.endswith(run.end_reason), state
    assert run.end_reason, state


def assert_each_effect_once(runs: list[Run], logs: dict[int, list[RunStep]]) -> None:
    """What the logs tell of and what the witness saw is the same, each thing as often."""
    told: Counter[Effect] = Counter()
    for run in runs:
        for line in logs[run.pk]:
            told.update(effects_of(line, run.candidate_id))
    started = [run.pk for run in runs if run.entered_by.startswith("Journey ")]
    done = Counter({one: n for one, n in seen().items() if one[0] in EFFECTS})
    done.update(("started", pk) for pk in started)
    assert_equal(told, done)


def effects_of(line: RunStep, candidate: int) -> Iterator[Effect]:
    details = line.details
    for what in ("task", "delivery"):
        if details.get(what):
            yield what, details[what]
    if details.get("started"):
        yield "started", details["started"]
    for task in details.get("canceled", ()):
        yield "canceled", task
    before, after = details.get("before", {}), details.get("after", {})
    if after.keys() - {"labels"}:
        yield "changed", candidate
    if "labels" in after:
        had, has = set(before["labels"]), set(after["labels"])
        for _ in has - had:
            yield "labeled", candidate
        for _ in had - has:
            yield "unlabeled", candidate


def assert_equal(found: object, expected: object) -> None:
    """With both in the message: pytest explains no assertion of a module that is no test."""
    assert found == expected, f"{found}\nis not\n{expected}"
