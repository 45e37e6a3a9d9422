"""Ordering a bulk action: what the dialog says, and what a POST starts or refuses."""

from typing import Any
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import OPERATIONS
from pipeline.candidates.models import Candidate, Folder, Label, Opening
from pipeline.workspaces.models import User, Workspace
from tests.pages import one_line

START = reverse("bulk_actions:history")
NEW = reverse("bulk_actions:new")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def shortlisted(opening: Opening) -> Folder:
    return opening.folders.get(name="Shortlisted")


@pytest.fixture
def browser(recruiter: User, client_of: Any) -> Client:
    client: Client = client_of(recruiter)
    return client


def move(folder: Folder, **fields: Any) -> dict[str, Any]:
    """What the dialog posts for a move of everybody in the folder's opening."""
    order = {"operation": "move_to_folder", "to_folder": folder.pk, "key": uuid4()}
    return order | {"select": "all", "opening": folder.opening_id} | fields


def picked(folder: Folder, candidates: Any, **fields: Any) -> dict[str, Any]:
    order = {"operation": "move_to_folder", "to_folder": folder.pk, "key": uuid4()}
    return order | {"candidate": [candidate.pk for candidate in candidates]} | fields


def test_picked_candidates_are_frozen_and_queued(browser, shortlisted, make_candidates):
    first, second, _ = make_candidates(3)

    answer = browser.post(START, picked(shortlisted, [first, second]))

    action = BulkAction.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == action.get_absolute_url()
    assert action.title == "Move to Shortlisted"
    assert action.status == "in_queue"
    assert sorted(action.chunks.get().candidate_ids) == sorted([first.pk, second.pk])


def test_all_that_match_are_frozen(browser, shortlisted, other_opening, make_candidates):
    make_candidates(3)
    make_candidates(2, other_opening)

    browser.post(START, move(shortlisted))

    assert BulkAction.objects.get().total == 3


def test_a_start_by_htmx_closes_the_dialog_and_opens_the_panel(
    browser, shortlisted, make_candidates
):
    make_candidates(1)

    answer = browser.post(START, move(shortlisted), headers=HTMX)

    assert answer.status_code == 204
    for event in ("closeDialog", "bulkActionStarted", "openPanel"):
        assert event in answer["HX-Trigger"]


def test_the_same_key_twice_is_one_action(browser, shortlisted, make_candidates):
    make_candidates(2)
    order = move(shortlisted)

    answers = [browser.post(START, order) for _ in range(2)]

    assert BulkAction.objects.count() == 1
    assert answers[0]["Location"] == answers[1]["Location"]


def test_the_same_key_answers_even_when_its_action_has_changed_what_matches(
    browser, shortlisted, opening, workspace, make_candidates
):
    Workspace.objects.update(start_delay_seconds=0)
    make_candidates(2)
    order = move(shortlisted, counted=2) | {"folder": opening.inbox.pk}
    first = browser.post(START, order)
    lane.work_on(BulkAction.objects.get().pk, 0)

    second = browser.post(START, order)

    assert second["Location"] == first["Location"]


@pytest.mark.parametrize("key", ["", "no key", "1234"])
def test_without_a_one_time_key_nothing_starts(browser, shortlisted, make_candidates, key):
    make_candidates(1)

    answer = browser.post(START, move(shortlisted, key=key))

    assert answer.status_code == 422
    assert "This form has expired" in answer.content.decode()
    assert not BulkAction.objects.exists()


def test_another_users_key_starts_nothing(
    browser, client_of, colleague, shortlisted, make_candidates
):
    make_candidates(1)
    order = move(shortlisted)
    client_of(colleague).post(START, order)

    answer = browser.post(START, order)

    assert answer.status_code == 403
    assert BulkAction.objects.get().started_by == colleague


def test_another_workspaces_folder_is_refused(browser, stranger, opening, make_candidates):
    make_candidates(1)
    foreign = Folder.objects.exclude(opening=opening)[0]

    answer = browser.post(START, move(foreign, opening=opening.pk))

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()


def test_another_workspaces_label_is_refused(browser, stranger, opening, make_candidates):
    make_candidates(1)
    order = {"operation": "change_labels", "add_labels": Label.objects.get(name="Secret").pk}

    answer = browser.post(START, order | {"select": "all", "key": uuid4()})

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()


def test_another_workspaces_candidate_is_a_404(browser, stranger, shortlisted, make_candidates):
    mine = make_candidates(1)
    foreign = Candidate.objects.exclude(pk__in=mine)[:1]

    answer = browser.post(START, picked(shortlisted, [*mine, *foreign]))

    assert answer.status_code == 404
    assert not BulkAction.objects.exists()


def test_a_limited_member_reaches_only_candidates_of_its_openings(
    limited, client_of, shortlisted, other_opening, make_candidates
):
    make_candidates(2)
    make_candidates(3, other_opening)

    client_of(limited).post(START, move(shortlisted, opening=""))

    assert BulkAction.objects.get().total == 2


def test_a_limited_member_cant_move_into_an_opening_it_does_not_see(
    limited, client_of, opening, other_opening, make_candidates
):
    make_candidates(2)

    answer = client_of(limited).post(START, move(other_opening.inbox, opening=opening.pk))

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()


@pytest.mark.parametrize("who", ["agent", "support"])
def test_roles_that_start_nothing_are_told_so(
    request, client_of, shortlisted, make_candidates, who
):
    make_candidates(1)
    client = client_of(request.getfixturevalue(who))

    answers = [client.post(url, move(shortlisted)) for url in (START, NEW)]

    for answer in answers:
        assert answer.status_code == 403
        assert "requires an Owner, Admin or Recruiter" in answer.content.decode()
    assert not BulkAction.objects.exists()


def test_an_empty_selection_starts_nothing(browser, shortlisted):
    answer = browser.post(START, move(shortlisted))

    assert answer.status_code == 422
    assert "No candidates are selected" in answer.content.decode()
    assert not BulkAction.objects.exists()


def test_an_unknown_operation_is_a_404(browser, shortlisted, make_candidates):
    make_candidates(1)

    answer = browser.post(START, move(shortlisted, operation="delete_all"))

    assert answer.status_code == 404


def test_without_a_folder_the_dialog_asks_for_one(browser, shortlisted, make_candidates):
    make_candidates(1)

    answer = browser.post(START, move(shortlisted, to_folder=""))

    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()
    assert not BulkAction.objects.exists()


@pytest.mark.parametrize("typed", ["", "1199", "12000"])
def test_a_large_selection_needs_its_number_typed(browser, shortlisted, make_candidates, typed):
    make_candidates(1200)

    answer = browser.post(START, move(shortlisted, typed_number=typed))

    assert answer.status_code == 422
    assert "Type 1,200 to confirm" in answer.content.decode()
    assert not BulkAction.objects.exists()


@pytest.mark.parametrize("typed", ["1200", "1,200", "1.200", " 1 200", "1\u202f200", "1'200"])
def test_the_number_may_be_typed_with_separators(browser, shortlisted, make_candidates, typed):
    make_candidates(1200)

    answer = browser.post(START, move(shortlisted, typed_number=typed))

    assert answer.status_code == 303


def test_the_workspace_says_from_which_number_on_it_is_typed(
    browser, shortlisted, workspace, make_candidates
):
    Workspace.objects.update(typed_number_from=2)
    make_candidates(2)

    answer = browser.post(START, move(shortlisted))

    assert answer.status_code == 422


def test_a_selection_that_has_grown_since_is_shown_again(browser, shortlisted, make_candidates):
    make_candidates(3)

    answer = browser.post(START, move(shortlisted, counted=2))

    assert "has changed from 2 to 3 candidates" in answer.content.decode()
    assert not BulkAction.objects.exists()


def test_the_dialog_counts_what_would_be_skipped_and_why(
    browser, shortlisted, other_opening, make_candidates
):
    make_candidates(4)
    make_candidates(3, folder=shortlisted)
    for candidate in Candidate.objects.all()[:2]:
        make_candidates(1, other_opening, email=candidate.email)

    page = one_line(browser.post(NEW, move(shortlisted, opening=""), headers=HTMX))

    assert "<strong>9</strong> candidates" in page
    assert "<strong>4</strong> will be moved" in page
    assert "<strong>3</strong>: Already in Shortlisted." in page
    assert f"<strong>2</strong>: Already in {shortlisted.opening} with the same e-mail." in page


def test_the_preview_of_a_move_is_what_happens(
    browser, shortlisted, other_opening, make_candidates
):
    Workspace.objects.update(start_delay_seconds=0)
    make_candidates(4)
    make_candidates(3, folder=shortlisted)
    for candidate in Candidate.objects.all()[:2]:
        make_candidates(1, other_opening, email=candidate.email)
    order = move(shortlisted, opening="")
    preview = browser.post(NEW, order).context["order"].preview

    browser.post(START, order)
    action = BulkAction.objects.get()
    lane.work_on(action.pk, 0)
    action.refresh_from_db()

    skipped = {skip.reason: skip.count for skip in preview.skips}
    assert preview.total == action.total == action.processed == 9
    assert preview.changes == action.changed == 4
    assert skipped["Already in Shortlisted."] == action.unchanged == 3
    assert action.failed == 2


def test_the_preview_of_a_label_change_is_what_happens(browser, labels, make_candidates):
    Workspace.objects.update(start_delay_seconds=0)
    night, german, _ = labels
    make_candidates(3, labels=[night])
    make_candidates(2, labels=[night, german])
    make_candidates(1)
    order = {"operation": "change_labels", "add_labels": night.pk, "remove_labels": german.pk}
    order |= {"select": "all", "key": uuid4()}
    preview = browser.post(NEW, order).context["order"].preview

    browser.post(START, order)
    action = BulkAction.objects.get()
    lane.work_on(action.pk, 0)
    action.refresh_from_db()

    assert preview.changes == action.changed == 3
    assert action.unchanged == 3


def test_a_preview_changes_nothing(browser, shortlisted, make_candidates):
    make_candidates(4)

    browser.post(NEW, move(shortlisted))

    assert not BulkAction.objects.exists()
    assert not Candidate.objects.filter(folder=shortlisted).exists()


def test_a_preview_looks_at_the_candidates_once(
    browser, shortlisted, make_candidates, django_assert_max_num_queries
):
    make_candidates(4)

    with django_assert_max_num_queries(16) as queries:
        browser.post(NEW, move(shortlisted), headers=HTMX)

    counting = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert len(counting) == 1


def test_the_dialog_names_actions_that_run_in_the_same_openings(
    browser, shortlisted, other_opening, opening, start_move, make_candidates
):
    make_candidates(1)
    make_candidates(1, other_opening)
    start_move(opening.folders.get(name="Hired"))
    start_move(other_opening.folders.get(name="On Hold"))

    page = browser.post(NEW, move(shortlisted)).content.decode()

    assert "1 bulk action is running in the same openings" in page
    assert "Move to Hired, by Ana Ruiz" in page
    assert "Move to On Hold, by" not in page


def test_the_dialog_offers_only_what_the_user_sees(browser, stranger, shortlisted, make_candidates):
    make_candidates(1)

    page = browser.post(NEW, {"operation": "move_to_folder", "select": "all"}).content.decode()

    assert "Customer Support, Manila" in page
    assert "Night Porter, Oslo" not in page


def test_ids_in_the_dialog_carry_no_thousands_separators(browser, opening, make_candidates):
    make_candidates(1, id=1234567)
    order = {"operation": "move_to_folder", "candidate": 1234567}

    page = browser.post(NEW, order).content.decode()

    assert 'name="candidate" value="1234567"' in page


def test_the_bar_has_a_button_for_each_operation_and_none_for_an_agent(recruiter, agent):
    """The frequent ones are there twice: on a phone they are in the menu."""
    mine = render_to_string("bulk_actions/_bar_buttons.html", {"user": recruiter})
    theirs = render_to_string("bulk_actions/_bar_buttons.html", {"user": agent})

    bar, _, menu = mine.partition("<details")
    for key, operation in OPERATIONS.items():
        named = f'{{"operation": "{key}"}}'
        assert (named in bar) == operation.is_frequent
        is_in_menu = not operation.is_follow_up and key != "move_to_folder"
        assert (named in menu) == is_in_menu
    assert "<button" not in theirs
