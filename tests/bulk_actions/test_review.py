"""The review: what was done, failed and left untouched, exactly, and by itself up to date."""

import re
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction, Outcome
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.pages import outcome_lists
from pipeline.bulk_actions.pages.outcome_lists import OutcomeList, Part, Which
from pipeline.candidates.models import Candidate, Folder, Opening
from pipeline.candidates.timeline import events_of
from pipeline.workspaces.models import User
from tests.pages import one_line


@pytest.fixture
def small_chunks(settings: Any) -> None:
    settings.BULK_CHUNK_SIZE = 4


@pytest.fixture
def stopped(
    opening: Opening, recruiter: User, start_move: Any, make_candidates: Any, small_chunks: None
) -> BulkAction:
    """Ten candidates in chunks of four, canceled after the first chunk and a part of the second.

    Done: three moved. Unchanged: one that was there. Failed: one. Untouched: five.
    """
    hired = opening.folders.get(name="Hired")
    make_candidates(3)
    make_candidates(1, folder=hired)
    make_candidates(6)
    action: BulkAction = start_move(hired)
    action.start()
    operation = operation_of(action)
    lane.process_next_chunk(action, operation)
    second = action.chunks.get(number=1)
    first_of_second = second.candidate_ids[0]
    action.outcomes.create(candidate_id=first_of_second, result=3, reason="Unexpected error.")
    BulkAction.objects.filter(pk=action.pk).update(failed=1)
    action.cancel(by=recruiter)
    return action


def named(which: str) -> Which | Part:
    return Part(which) if which in Part else Which(which)


def ids(action: BulkAction, which: str, user: User, **options: Any) -> list[int]:
    return [row.candidate_id for row in OutcomeList(action, named(which), user, **options)]


def page(client: Any, action: BulkAction, **query: Any) -> Any:
    return client.get(action.get_absolute_url(), query)


def shown(response: HttpResponse) -> list[int]:
    return [int(pk) for pk in re.findall(r'data-candidate="(\d+)"', response.content.decode())]


def test_the_three_lists_hold_each_candidate_once_and_add_up(stopped, recruiter):
    everybody = list(Candidate.objects.order_by("pk").values_list("pk", flat=True))

    done = ids(stopped, "done", recruiter)
    failed = ids(stopped, "failed", recruiter)
    untouched = ids(stopped, "untouched", recruiter)

    assert sorted(done + failed + untouched) == everybody
    assert sorted(done) == everybody[:4]
    assert failed == [everybody[4]]
    assert untouched == everybody[5:]
    assert (len(done), len(failed), len(untouched)) == (
        stopped.done,
        stopped.failed,
        stopped.untouched,
    )


def test_each_number_of_the_review_is_that_of_its_list(stopped, recruiter, client_of):
    text = one_line(page(client_of(recruiter), stopped))

    for which in ("changed", "unchanged", "failed", "untouched"):
        count = len(ids(stopped, which, recruiter))
        assert count == getattr(stopped, which)
        assert f'data-count="{which}">{count}<' in text
        assert re.search(rf'id="tab-{which}"[^>]*>\w+ <span class="badge ms-1">{count}<', text)
    assert "Run on the untouched (5)" in text
    assert "Retry the failed (1)" in text
    assert "Undo what was done (3)" in text
    assert page(client_of(recruiter), stopped, result="unchanged").context["reasons"] == [
        ("No change needed.", 1)
    ]


@pytest.mark.parametrize("which", ["changed", "unchanged", "done", "failed", "untouched"])
def test_pages_of_any_size_show_each_candidate_once(stopped, recruiter, which):
    outcomes = OutcomeList(stopped, named(which), recruiter)
    seen, after = [], ""

    while True:
        found = outcomes.page(after, size=2)
        seen += [row.candidate_id for row in found.rows]
        after = found.next
        if not after:
            break

    assert seen == ids(stopped, which, recruiter)


def test_a_place_that_is_none_shows_the_first_page(stopped, recruiter, client_of):
    client = client_of(recruiter)

    for after in ("x", "1-", "-5", "9" * 30 + "-1", "1-2-3"):
        assert shown(page(client, stopped, after=after)) == shown(page(client, stopped))


def test_the_review_says_what_was_there_before(stopped, recruiter, client_of):
    text = one_line(page(client_of(recruiter), stopped, result="done"))

    assert text.count("from Inbox") == 3
    assert "No change needed" in text


def test_failures_are_shown_with_their_reasons(stopped, recruiter, client_of):
    response = page(client_of(recruiter), stopped, result="failed")

    assert response.context["reasons"] == [("Unexpected error.", 1)]
    assert len(shown(response)) == 1


def test_the_header_tells_who_stopped_it_and_what_that_left(stopped, recruiter, client_of):
    text = page(client_of(recruiter), stopped).content.decode()

    assert "Canceled by Ana Ruiz at" in text
    assert "3 done, 1 unchanged, 1 failed, 5 untouched" in text


def test_a_list_is_searched_by_name_email_and_phone(stopped, recruiter, client_of):
    wanted = Candidate.objects.order_by("-pk")[0]
    client = client_of(recruiter)

    for text in (wanted.full_name, wanted.email, wanted.phone):
        assert shown(page(client, stopped, result="untouched", q=text)) == [wanted.pk]
        assert shown(page(client, stopped, result="done", q=text)) == []


def test_a_search_finds_who_is_far_down_in_a_long_list(stopped, recruiter, monkeypatch):
    monkeypatch.setattr(outcome_lists, "LOOK", 2)
    last = Candidate.objects.order_by("-pk")[0]

    assert [
        row.candidate_id
        for row in OutcomeList(stopped, Which.UNTOUCHED, recruiter, last.email).page().rows
    ] == [last.pk]


def test_a_deleted_candidate_stays_in_the_list_without_a_link(stopped, recruiter, client_of):
    gone = Candidate.objects.order_by("pk")[0].pk
    Candidate.objects.filter(pk=gone).delete()

    response = page(client_of(recruiter), stopped, result="done")

    assert gone in shown(response)
    assert f"deleted candidate #{gone}" in response.content.decode()


def test_a_limited_member_finds_only_candidates_of_its_openings(
    recruiter, limited, client_of, opening, other_opening, start_move, make_candidates
):
    mine = make_candidates(2)
    make_candidates(3, other_opening)
    action = start_move(opening.folders.get(name="Hired"))
    lane.work_on(action.pk, 0)
    foreign = Candidate.objects.filter(opening=other_opening)
    Outcome.objects.bulk_create(
        Outcome(action=action, candidate=candidate, result=3) for candidate in foreign
    )

    found = {which: ids(action, which, limited) for which in ("done", "failed")}

    assert found == {"done": sorted(candidate.pk for candidate in mine), "failed": []}
    assert len(ids(action, "failed", recruiter)) == 3
    assert page(client_of(limited), action, result="failed").context["reasons"] == []


def test_cancel_is_offered_only_while_it_can_be(
    recruiter, client_of, opening, start_move, make_candidates
):
    make_candidates(2)
    action = start_move(opening.folders.get(name="Hired"))
    client = client_of(recruiter)

    before = page(client, action).content.decode()
    action.cancel(by=recruiter)
    after = page(client, action).content.decode()

    assert 'id="review-cancel"' in before
    assert 'id="review-cancel"' not in after


def test_an_unknown_list_is_a_404(stopped, recruiter, client_of):
    assert page(client_of(recruiter), stopped, result="all").status_code == 404


def test_a_page_of_the_review_takes_few_queries_however_many_rows(
    recruiter, client_of, opening, start_move, make_candidates, django_assert_max_num_queries
):
    make_candidates(60)
    action = start_move(opening.folders.get(name="Hired"))
    lane.work_on(action.pk, 0)
    client = client_of(recruiter)

    with django_assert_max_num_queries(14):
        response = page(client, action)

    assert len(shown(response)) == 50


def test_an_action_of_an_operation_that_is_gone_can_still_be_reviewed(
    stopped, recruiter, client_of
):
    BulkAction.objects.update(operation="teleport")

    assert page(client_of(recruiter), stopped).status_code == 200


def test_the_timeline_tells_what_became_of_the_candidate(stopped, recruiter):
    moved, *_, failed, untouched = Candidate.objects.order_by("pk")[:6]

    texts = {
        candidate.pk: [event.text for event in events_of(candidate, recruiter) if event.link]
        for candidate in (moved, failed, untouched)
    }

    assert texts == {
        moved.pk: ["Move to Hired (was Inbox)"],
        failed.pk: ["Move to Hired failed: Unexpected error."],
        untouched.pk: [],
    }


def test_the_timeline_takes_few_queries_however_many_actions(
    recruiter, opening, start_move, make_candidates, django_assert_num_queries
):
    candidate = make_candidates(1).get()
    with CaptureQueriesContext(connection) as without_any:
        events_of(candidate, recruiter)
    for name in ("Hired", "Shortlisted", "On Hold", "Rejected", "Completed"):
        lane.work_on(start_move(Folder.objects.get(opening=opening, name=name)).pk, 0)

    with django_assert_num_queries(len(without_any)):
        events = [event for event in events_of(candidate, recruiter) if event.link]

    assert len(events) == 5
    assert events[0].text == "Move to Completed (was Rejected)"
