"""What the bell is told: everything that ended, in a sentence, once, whatever was lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from notifications import notices
from notifications.models import Notice
from pipeline.bulk_actions.models import BulkAction, Status
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.candidates.signals import candidates_changed
from pipeline.workspaces.models import Membership


def ended(status: Status = Status.COMPLETED, **fields: Any) -> dict[str, Any]:
    return {"status": status, "total": 1200, "changed": 1200, "ended_at": timezone.now(), **fields}


def texts(**which: Any) -> list[str]:
    return list(Notice.objects.filter(**which).values_list("text", flat=True))


# --- bulk actions ---


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (ended(), "Move to Hired: Completed, 1,200 done."),
        (
            ended(Status.COMPLETED_WITH_FAILURES, changed=1197, failed=3),
            "Move to Hired: Completed with Failures, 1,197 done, 3 failed.",
        ),
        (
            ended(Status.HALTED, changed=1000, failure="The SMS limit is used up."),
            "Move to Hired: Halted, 1,000 done, 200 untouched. The SMS limit is used up.",
        ),
        (
            ended(Status.FAILED, changed=0, failure="Its work died."),
            "Move to Hired: Failed, 0 done, 1,200 untouched. Its work died.",
        ),
        (ended(file="exports/1.csv"), "Export is ready: 1,200 candidates."),
    ],
)
def test_who_started_an_action_is_told_how_it_ended(make_actions, recruiter, fields, text) -> None:
    (action,) = make_actions(1, **fields)

    action.announce()

    (notice,) = Notice.objects.filter(user=recruiter)
    assert notice.text == text
    assert notice.link == action.get_absolute_url() + ("file/" if action.file else "")
    assert Notice.objects.count() == 1


def test_who_canceled_somebody_elses_is_named(make_actions, recruiter, colleague) -> None:
    (action,) = make_actions(1, **ended(Status.CANCELED, changed=12, canceled_by=colleague))

    action.announce()

    assert texts(user=recruiter) == [
        "Ben Okafor canceled your “Move to Hired”: 12 done, 1,188 untouched."
    ]


def test_who_canceled_saw_it_and_is_told_nothing(make_actions, recruiter) -> None:
    (action,) = make_actions(1, **ended(Status.CANCELED, changed=12, canceled_by=recruiter))

    action.announce()
    notices.catch_up()

    assert texts() == []


def test_one_that_is_active_or_only_ticks_is_no_news(make_actions) -> None:
    (active,) = make_actions(1)
    (over,) = make_actions(1, **ended())

    active.announce()
    over.announce(status_changed=False)

    assert texts() == []


def test_who_left_the_workspace_is_told_nothing(make_actions, recruiter) -> None:
    (action,) = make_actions(1, **ended())
    Membership.objects.filter(user=recruiter).delete()

    action.announce()

    assert texts() == []


def test_a_title_that_is_too_long_for_a_notice_is_cut(make_actions, recruiter) -> None:
    (action,) = make_actions(1, **ended(Status.FAILED, failure="Very bad. " * 100))

    action.announce()

    (text,) = texts(user=recruiter)
    assert len(text) == 400
    assert text.endswith("…")


def test_it_is_told_once_however_often_the_signal_comes(make_actions) -> None:
    (action,) = make_actions(1, **ended())

    for _ in range(3):
        action.announce()
    notices.catch_up()

    assert len(texts()) == 1


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_tell_it_once(make_actions) -> None:
    (action,) = make_actions(1, **ended())

    def tell(_: int) -> None:
        try:
            notices.tell_of_action(action.pk, status_changed=True)
            notices.catch_up()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tell, range(8)))

    assert len(texts()) == 1


def test_what_a_lost_signal_did_not_tell_is_caught_up(make_actions, recruiter) -> None:
    make_actions(2, **ended())
    make_actions(1, **ended() | {"ended_at": timezone.now() - timedelta(days=2)})

    notices.catch_up()

    assert texts(user=recruiter) == ["Move to Hired: Completed, 1,200 done."] * 2


def test_catching_up_costs_a_few_queries_however_much_has_ended(
    make_actions, django_assert_max_num_queries
) -> None:
    make_actions(20, **ended())
    notices.catch_up()

    with django_assert_max_num_queries(7):
        notices.catch_up()


def test_a_notice_that_can_not_be_made_never_fails_the_work(
    make_actions, recruiter, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    (action,) = make_actions(1)
    monkeypatch.setattr(notices, "end_of", None)

    with django_capture_on_commit_callbacks(execute=True):
        assert action.fail("It can't go on.")

    assert BulkAction.objects.get().status == Status.FAILED


# --- imports ---


@pytest.fixture
def imported(opening, recruiter) -> CandidateImport:
    return CandidateImport.objects.create(
        opening=opening,
        created_by=recruiter,
        name="people.csv",
        status=CandidateImport.Status.RUNNING,
    )


def test_who_ordered_an_import_is_told_at_once_that_it_is_done(imported, recruiter) -> None:
    imported.finish({"new": 5000, "updated": 12, "rejected": 1})

    for _ in range(2):
        candidates_changed.send(
            None,
            workspace_id=imported.opening.workspace_id,
            opening_ids=[imported.opening_id],
            import_id=imported.pk,
        )
    notices.catch_up()

    (notice,) = Notice.objects.filter(user=recruiter)
    assert notice.text == (
        "Import of people.csv into Customer Support, Manila: Completed, 5,000 new,"
        " 12 updated, 1 rejected."
    )
    assert notice.link == imported.get_absolute_url()


def test_a_failed_import_is_told_each_time_it_fails(imported, recruiter) -> None:
    for _ in range(2):
        imported.fail("It is no table. Nothing was imported.")
        notices.catch_up()
        notices.catch_up()
        imported.order()
        imported.run()

    told = texts(user=recruiter)
    assert len(told) == 2
    assert told[0].endswith("Manila: Failed. It is no table. Nothing was imported.")


def test_an_import_of_nobody_is_no_trouble(imported) -> None:
    CandidateImport.objects.update(created_by=None)
    imported.finish({})

    notices.catch_up()

    assert texts() == []
