"""What people read about a bulk action: numbers, time left, sentences."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.template.loader import render_to_string

from pipeline.bulk_actions.models import ACTIVE, BulkAction, Status
from pipeline.bulk_actions.progress import COLORS, Progress
from pipeline.foundation import database_clock
from pipeline.workspaces.models import User, Workspace

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_clock, "now", lambda: NOON)


def ago(**duration: float) -> datetime:
    return NOON - timedelta(**duration)


@pytest.fixture
def make_action(workspace: Workspace, recruiter: User) -> Any:
    """An action with those columns, as a row would show it. Nothing is written."""

    def make(**fields: Any) -> BulkAction:
        return BulkAction(
            **{
                "pk": 1234,
                "workspace": workspace,
                "title": "Move to Interview",
                "operation": "move_to_folder",
                "options": {},
                "key": uuid4(),
                "total": 50_000,
                "started_by": recruiter,
                "created_at": ago(minutes=2),
                "starts_at": ago(minutes=2),
                **fields,
            }
        )

    return make


def running(make_action: Any, seconds: float, done: int, **fields: Any) -> Progress:
    started = {"started_at": ago(seconds=seconds), "progressed_at": NOON}
    return Progress(make_action(status=Status.IN_PROGRESS, changed=done, **started | fields))


def test_it_tells_how_long_it_will_still_take(make_action) -> None:
    assert running(make_action, seconds=60, done=12_500).time_left == "about 3 min"


@pytest.mark.parametrize(("seconds", "done"), [(4.9, 25_000), (60, 999)])
def test_it_does_not_guess_before_5_s_and_2_percent(make_action, seconds, done) -> None:
    assert running(make_action, seconds=seconds, done=done).time_left == ""


def test_the_percentage_says_100_only_when_all_are_processed(make_action) -> None:
    assert running(make_action, seconds=60, done=49_999).percent == 99
    assert running(make_action, seconds=60, done=50_000).percent == 100


def test_it_says_so_when_nothing_happened_for_30_s(make_action, settings) -> None:
    settings.SUPPORT_URL = "https://help.example.com"
    stuck = running(make_action, seconds=300, done=9000, progressed_at=ago(seconds=34))

    row = render_to_string("bulk_actions/_row.html", {"action": stuck.action})

    assert stuck.time_left == ""
    assert "No progress for 30 s" in row
    assert 'href="https://help.example.com"' in row


def test_it_does_not_complain_within_30_s(make_action) -> None:
    assert running(make_action, 60, done=9000, progressed_at=ago(seconds=29)).quiet_for == ""


def test_one_that_no_worker_takes_up_is_said_to_be_stuck_too(make_action) -> None:
    assert Progress(make_action(starts_at=ago(seconds=95))).quiet_for == "90 s"


def test_the_start_delay_counts_down_in_whole_seconds(make_action) -> None:
    waiting = make_action(starts_at=NOON + timedelta(seconds=3.2))

    row = render_to_string("bulk_actions/_row.html", {"action": waiting})

    assert 'data-countdown="4"' in row


def test_canceled_tells_who_when_and_what_is_left(make_action, recruiter, workspace) -> None:
    workspace.time_zone = "Asia/Manila"
    action = make_action(
        status=Status.CANCELED, changed=12_400, unchanged=80, canceled_by=recruiter, ended_at=NOON
    )

    assert Progress(action).ended_sentence == (
        "Canceled by Ana Ruiz at 20:00: 12,400 done, 80 unchanged, 37,520 untouched."
    )
    assert Progress(action).already_sentence.startswith("Already canceled by Ana Ruiz at 20:00")


def test_completed_with_failures_tells_both_numbers(make_action) -> None:
    action = make_action(
        status=Status.COMPLETED_WITH_FAILURES, total=6000, changed=5988, failed=12, ended_at=NOON
    )

    assert Progress(action).ended_sentence == "Completed at 12:00: 5,988 done, 12 failed."


def test_one_that_ended_on_another_day_tells_the_day(make_action) -> None:
    action = make_action(status=Status.COMPLETED, changed=50_000, ended_at=ago(days=18))

    assert Progress(action).ended_sentence == "Completed on 3 Nov 2026, 12:00: 50,000 done."


def test_failed_tells_why(make_action) -> None:
    action = make_action(status=Status.FAILED, failure="The disk was full.", ended_at=NOON)

    row = render_to_string("bulk_actions/_row.html", {"action": action})

    assert "Failed at 12:00: 0 done, 50,000 untouched." in row
    assert "The disk was full." in row


@pytest.mark.parametrize("status", Status)
def test_every_status_has_its_row(make_action, recruiter, status) -> None:
    ended = {} if status in ACTIVE else {"ended_at": NOON, "canceled_by": recruiter}
    action = make_action(status=status, changed=1000, started_at=ago(seconds=9), **ended)

    row = " ".join(render_to_string("bulk_actions/_row.html", {"action": action}).split())

    assert status in COLORS
    assert f'id="bulk-action-1234" data-status="{status.value}" data-version="1"' in row
    assert status.label in row
    assert ("Cancel<" in row) == action.can_cancel
    assert bool(Progress(action).ended_sentence) == (not action.is_active)


def test_numbers_in_attributes_have_no_thousands_separator(make_action) -> None:
    action = running(make_action, seconds=60, done=12_480, version=4321).action

    html = "".join(
        render_to_string(f"bulk_actions/{name}.html", {"action": action})
        for name in ("_row", "_cancel_dialog")
    )

    assert '<progress value="12480" max="50000"' in html
    assert "12,480 of 50,000" in html
    assert not [a for a in re.findall(r'="([^"]*)"', html) if re.search(r"\d,\d", a)]


def test_a_title_can_not_smuggle_html_into_other_browsers(make_action) -> None:
    action = make_action(title='<script>alert("x")</script>')

    row = render_to_string("bulk_actions/_row.html", {"action": action})

    assert "<script" not in row


def test_screen_readers_hear_of_quarters_and_first_failures_only(make_action) -> None:
    def word(done: int, failed: int = 0) -> str:
        return running(make_action, seconds=60, done=done, failed=failed).announcement

    assert word(1000) == word(12_000) == "Move to Interview: in progress."
    assert word(12_500) == word(24_999) == "Move to Interview: 25 percent."
    assert word(24_998, failed=1) == "Move to Interview: 25 percent, some failed."


@pytest.mark.parametrize(
    ("done", "sentence"),
    [
        (0, "No candidate has been moved yet."),
        (1, "<strong>1</strong> candidate is already moved and stays moved."),
        (12_480, "<strong>12,480</strong> candidates are already moved and stay moved."),
    ],
)
def test_the_question_tells_in_numbers_what_will_and_will_not_happen(
    make_action, done, sentence
) -> None:
    action = running(make_action, seconds=60, done=done).action

    html = render_to_string("bulk_actions/_cancel_dialog.html", {"action": action})
    dialog = " ".join(html.split())

    assert "Stop “Move to Interview”?" in dialog
    assert sentence in dialog
    assert f"<strong>{50_000 - done:,}</strong> will not be touched." in dialog


def test_a_full_bar_without_an_end_tells_what_is_still_done(make_action) -> None:
    options = {"format": "csv", "columns": ["name"]}
    export = running(make_action, 60, 50_000, operation="export", options=options)

    row = render_to_string("bulk_actions/_row.html", {"action": export.action})

    assert "50,000 of 50,000 · Writing the file…" in row
    assert running(make_action, 60, 49_999, operation="export", options=options).concluding == ""
    assert running(make_action, 60, 50_000).concluding == ""
