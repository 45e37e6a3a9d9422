"""A run's reason is a code with its facts; the sentence is made when somebody reads it."""

import random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from pipeline.journeys.models import Run, RunState
from pipeline.journeys.reasons import Code, Reason, all_of, because, fact_of, sentence_of
from pipeline.journeys.reasons.sentences import SENTENCES, UNKNOWN
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.stop import stop_runs
from tests.journeys.definitions import garbage

GONE = {"code": "block.gone", "facts": {"kind": "folder", "name": "Hired"}}
JOURNEY = {"journey": 7, "name": "Win back"}
TABLE: dict[Code, list[tuple[dict[str, Any], str]]] = {
    Code.TEXT: [({"text": "As 100 % of us said."}, "As 100 % of us said.")],
    Code.SEVERAL: [
        (
            {"reasons": [{"code": "wait.over", "facts": {}}, GONE]},
            "The wait is over. The folder “Hired” no longer exists.",
        )
    ],
    Code.ENDED: [({}, "Reached the end of the journey.")],
    Code.ERROR: [
        ({"run": 3, "block": "b1"}, "Unexpected error. Contact support: run 3, block b1.")
    ],
    Code.LOOP: [
        (
            {"steps": 100},
            (
                "Stopped after 100 steps in a row without a wait: this journey is "
                "going around in a loop. Add a Wait to the loop, or a Condition that "
                "leads out of it."
            ),
        )
    ],
    Code.ENTERED_TOO_OFTEN: [
        (
            {"times": 10},
            (
                "Stopped: the candidate has entered this journey 10 times within an "
                "hour, so journeys make them enter again and again. Add a Wait, or "
                "allow candidates to enter the journey only once."
            ),
        )
    ],
    Code.UNREADABLE: [({"problem": "It has no blocks."}, "It has no blocks.")],
    Code.BLOCK_GONE: [({}, "The run's current block is no longer in this version of the journey.")],
    Code.BLOCK_UNKNOWN: [({"type": "fax"}, "Belay no longer knows the block “fax”.")],
    Code.STOPPED_BY_HAND: [({"by": "Ana Ruiz"}, "Ana Ruiz stopped it.")],
    Code.STOPPED_ARCHIVED: [({"by": "Ana Ruiz"}, "Ana Ruiz archived the journey.")],
    Code.STOPPED_BY_ACTION: [
        ({"by": "Ana Ruiz", "action": 12}, "Stopped by Ana Ruiz, bulk action 12."),
        (
            {"by": "Ana Ruiz", "action": 12, "reason": "Wrong list"},
            "Stopped by Ana Ruiz, bulk action 12: Wrong list",
        ),
    ],
    Code.STOPPED_BY_UNDO: [
        (
            {"by": "Ana Ruiz", "action": 12, "title": "Start journey: Calls"},
            "Stopped by Ana Ruiz, bulk action 12: Undo of “Start journey: Calls”.",
        )
    ],
    Code.STOPPED_BY_JOURNEY: [
        (
            JOURNEY | {"version": 2, "block": "Stop journey: Calls"},
            "Stopped by Journey 7 “Win back” v2: Stop journey: Calls.",
        )
    ],
    Code.REJECTED: [({}, "The candidate was rejected.")],
    Code.HIRED: [({}, "The candidate was hired.")],
    Code.OPTED_OUT: [({}, "The candidate opted out of messages.")],
    Code.MISCONFIGURED: [
        ({"problem": "No template is chosen."}, "No template is chosen."),
        ({"problem": GONE}, "The folder “Hired” no longer exists."),
    ],
    Code.GONE: [
        ({"kind": kind, "name": "Hired"}, f"The {kind} “Hired” no longer exists.")
        for kind in (
            *("campaign", "folder", "journey", "label"),
            *("opening", "recruiter", "template", "webhook"),
        )
    ]
    + [({"kind": "fax", "name": "Hired"}, "“Hired” no longer exists.")],
    Code.STARTS_ITSELF: [
        ({}, "A journey can't start itself. Connect a path to its first block instead.")
    ],
    Code.STOPS_ITSELF: [({}, "A journey can't stop itself with this block. Use Exit.")],
    Code.OTHERS_AT_IT: [
        ({}, "Other candidates are entering or leaving right now. Belay tries again at once.")
    ],
    Code.WAIT_BEGUN: [({"what": "3 days"}, "Waits 3 days.")],
    Code.WAIT_OVER: [({}, "The wait is over.")],
    Code.WAIT_HAPPENED: [({"what": "the event “Paid”"}, "It happened: the event “Paid”.")],
    Code.WAIT_TIMED_OUT: [({"what": "event “Paid”"}, "Timed out: no event “Paid”.")],
    Code.CONDITION_MET: [({"rule": "has a recruiter"}, "Yes: has a recruiter.")],
    Code.CONDITION_NOT_MET: [({"rule": "has a recruiter"}, "No: not met: has a recruiter.")],
    Code.CONDITION_NONE_MET: [({"rule": "has a recruiter"}, "No: none met: has a recruiter.")],
    Code.SPLIT: [({"way": "A"}, "Took path A")],
    Code.EXIT: [({}, "Leave the journey"), ({"reason": "Done"}, "Done")],
    Code.TASK_CREATED: [({"task": 5, "what": "Outbound Call"}, "Created task 5: Outbound Call")],
    Code.TASK_REFUSED: [
        (
            {"problem": {"code": "task.no_phone", "facts": {}}},
            "No task was created. Has no phone number.",
        )
    ],
    Code.TASKS_CANCELED: [
        ({"canceled": {}, "spared": {}}, "Canceled nothing: there were no such waiting tasks."),
        (
            {"canceled": {"outbound_call": 1}, "spared": {}},
            "Canceled 1 waiting task: Outbound Call.",
        ),
        (
            {
                "canceled": {"outbound_call": 2, "asap_callback": 1},
                "spared": {"voicemail": 1},
                "agents": ["Ana Ruiz", "Liv Holm"],
            },
            (
                "Canceled 3 waiting tasks: ASAP Callback, 2 Outbound Call."
                " Kept 1 that Ana Ruiz, Liv Holm had accepted: Voicemail."
            ),
        ),
    ],
    Code.STARTED: [(JOURNEY, "Started journey 7 “Win back”.")],
    Code.START_IS_IN_IT: [
        (JOURNEY, "Did not start journey 7 “Win back”: the candidate is already in it.")
    ],
    Code.START_NOT_AGAIN: [
        (
            JOURNEY,
            (
                "Did not start journey 7 “Win back”: its rule does not let the candidate "
                "enter again."
            ),
        )
    ],
    Code.START_NOT_LIVE: [
        (JOURNEY | {"state": state}, f"Did not start journey 7 “Win back”: it is {words}.")
        for state, words in {"draft": "a draft", "paused": "paused", "archived": "archived"}.items()
    ],
    Code.START_TOO_OFTEN: [
        (
            JOURNEY | {"times": 10},
            (
                "Stopped: the candidate has entered journey 7 “Win back” 10 times "
                "within an hour, so journeys are starting each other in a loop. Add "
                "a Wait, or allow candidates to enter the journey only once."
            ),
        )
    ],
    Code.RUNS_STOPPED: [
        ({"journeys": []}, "Stopped nothing: the candidate was not in such a journey."),
        ({"journeys": [[7, "Win back"]]}, "Stopped 1 run: journey 7 “Win back”."),
        (
            {"journeys": [[9, "Calls"], [7, "Win back"]]},
            "Stopped 2 runs: journey 7 “Win back”, journey 9 “Calls”.",
        ),
    ],
    Code.WEBHOOK_TOLD: [({"name": "Payroll", "delivery": 4}, "Sent to Payroll, delivery 4.")],
    Code.WEBHOOK_OFF: [
        ({"name": "Payroll"}, "Nothing was sent: the webhook “Payroll” is switched off.")
    ],
    Code.UNCHANGED: [({}, "No change needed.")],
    Code.MOVED: [({"before": "Inbox", "after": "Hired"}, "Moved from Inbox to Hired.")],
    Code.NOT_MOVED: [
        (
            {"folder": "Hired", "of": "Porto", "opening": "Leeds"},
            "Not moved: Hired belongs to Porto, not to Leeds.",
        )
    ],
    Code.NO_SUCH_FOLDER: [
        (
            {"opening": "Leeds", "kind": "on_hold"},
            "Not moved: Leeds does not have a folder of the kind On Hold.",
        )
    ],
    Code.LABELS_ADDED: [({"labels": ["German", "Night"]}, "Added “German”, “Night”.")],
    Code.LABELS_REMOVED: [({"labels": ["German"]}, "Removed “German”.")],
    Code.RECRUITER: [
        ({"before": None, "after": "Liv Holm"}, "Recruiter: Liv Holm (was no one)."),
        ({"before": "Liv Holm", "after": None}, "Recruiter: no one (was Liv Holm)."),
    ],
    Code.RECRUITER_BLIND: [
        ({"name": "Liv Holm", "opening": "Leeds"}, "Not assigned: Liv Holm can't see Leeds.")
    ],
    Code.ATTRIBUTE_SET: [
        ({"name": "Plan", "before": "", "after": "pro"}, "Set Plan to “pro” (was nothing)."),
        ({"name": "Plan", "before": "free", "after": "pro"}, "Set Plan to “pro” (was “free”)."),
    ],
    Code.ATTRIBUTE_REMOVED: [({"name": "Plan"}, "Removed Plan.")],
    Code.ATTRIBUTE_REFUSED: [
        ({"name": "Plan", "problem": "Too many."}, "Plan was not set: Too many.")
    ],
    Code.MESSAGE_SENT: [
        ({"channel": "sms", "template": "Hi", "address": "+1"}, "Sent the SMS “Hi” to +1.")
    ],
    Code.MESSAGE_FAILED: [
        (
            {"channel": "sms", "template": "Hi", "address": "+1", "problem": "No such number."},
            "The SMS “Hi” to +1 was not sent: No such number.",
        )
    ],
    Code.MESSAGE_UNCONFIRMED: [
        (
            {"channel": "email", "address": "a@b.c", "problem": {"code": "message.interrupted"}},
            (
                "The e-mail to a@b.c is unconfirmed: Belay was interrupted while sending this"
                " message. It may or may not have arrived, and is not resent automatically."
            ),
        )
    ],
    Code.MESSAGE_NOT_SENT: [
        (
            {"problem": {"code": "message.opted_out", "facts": {"channel": "sms"}}},
            "Nothing was sent. Has opted out of SMS.",
        )
    ],
    Code.MESSAGE_WAITS: [({"problem": "Used up."}, "Waits: Used up.")],
    Code.MESSAGE_RETRIED: [({"problem": "It is away."}, "It is away. Tries again every minute.")],
    Code.MESSAGE_GIVEN_UP: [
        ({"problem": "It is away.", "tries": 60}, "It is away. Gave up after 60 tries.")
    ],
}


def test_every_code_is_in_the_table_and_has_its_sentence():
    assert set(TABLE) == set(Code) == set(SENTENCES)
    for code, rows in TABLE.items():
        for facts, sentence in rows:
            assert sentence_of(code, facts) == sentence


@pytest.mark.parametrize("code", Code)
def test_without_its_facts_or_with_garbage_it_is_still_a_sentence(code: Code):
    chance = random.Random(code)
    broken: list[Any] = [None, {}, [], "x", 7, {"problem": {"code": []}}, {"reasons": [1]}]
    for facts in broken:
        assert sentence_of(code, facts)
    for good, _ in TABLE[code]:
        for name in good:
            for _ in range(20):
                told = sentence_of(code, good | {name: garbage(chance)})
                assert isinstance(told, str)
            assert sentence_of(code, {key: good[key] for key in good if key != name})


def test_a_fact_that_is_missing_has_its_sign():
    assert sentence_of(Code.MOVED, {"after": "Hired"}) == f"Moved from {UNKNOWN} to Hired."


def test_a_reason_within_a_reason_within_a_reason():
    inner = because(Code.GONE, kind="folder", name="Hired")
    outer = because(Code.MESSAGE_NOT_SENT, problem=fact_of(all_of([inner, inner])))

    twice = 2 * ["The folder “Hired” no longer exists."]
    assert str(outer) == f"Nothing was sent. {' '.join(twice)}"
    assert Reason(**fact_of(outer)) == outer


OLD_LINE = """
INSERT INTO journeys_runstep (run_id, number, block, summary, text, way, details)
VALUES (%s, 1, 'b1', 'Stopped', 'Olga Berg stopped it, 100 %% of it.', '', '{}')
"""
OLD_END = """
UPDATE journeys_run SET state = 'stopped', ended_at = now(), due_at = NULL, steps = 1,
    end_reason = 'Olga Berg stopped it, 100 %% of it.'
WHERE id = %s
"""


def test_what_the_release_before_writes_is_shown_as_it_stands(make_journey: Any, candidate: Any):
    journey = make_journey(("wait", {"kind": "time", "number": 3, "unit": "days"}))
    enroll(journey.version, [candidate.pk], "By hand")
    run = Run.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(OLD_LINE, [run.pk])
        cursor.execute(OLD_END, [run.pk])

    run.refresh_from_db()
    line = run.log.get()
    assert run.end_reason == line.text == "Olga Berg stopped it, 100 % of it."
    assert line.title == "Stopped"


@pytest.mark.django_db
def test_the_migration_rewrites_no_row_and_takes_nothing_from_the_release_before():
    sql = call_command("sqlmigrate", "journeys", "0006_reasons")

    assert [line for line in sql.splitlines() if line and not line.startswith("--")] == [
        "BEGIN;",
        'ALTER TABLE "journeys_run" ADD COLUMN "end_facts" jsonb NULL;',
        'ALTER TABLE "journeys_runstep" ADD COLUMN "facts" jsonb NULL;',
        "COMMIT;",
    ]


def test_a_stop_is_stored_as_a_code_with_facts(make_journey: Any, candidate: Any):
    journey = make_journey(("wait", {"kind": "time", "number": 3, "unit": "days"}))
    enroll(journey.version, [candidate.pk], "By hand")
    stop_runs(Run.objects.all(), because(Code.STOPPED_BY_HAND, by="Ana Ruiz"))

    run = Run.objects.get()
    line = run.log.get()
    assert (run.state, run.end_code, run.end_facts) == (
        RunState.STOPPED,
        "stopped.by_hand",
        {"by": "Ana Ruiz"},
    )
    assert (line.summary, line.code, line.facts) == ("", run.end_code, run.end_facts)
    assert (line.title, line.text) == ("Stopped", "Ana Ruiz stopped it.")
