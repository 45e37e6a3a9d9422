"""The socket: through a real daphne and a real Redis, with a client that is not ours."""

import time
from typing import Any

import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from notifications.models import Notice
from pipeline.bulk_actions import engine
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Folder, Opening
from pipeline.workspaces.models import Membership, Role, User

from .conftest import OpenPage, rows_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hired(opening: Opening) -> Folder:
    return opening.folders.get(name="Hired")


@pytest.fixture
def action(make_candidates: Any, hired: Folder, start_move: Any) -> BulkAction:
    make_candidates(3)
    action: BulkAction = start_move(hired)
    return action


def test_on_connect_it_sends_the_whole_panel(open_page: OpenPage, recruiter, action) -> None:
    panel = open_page(recruiter).hear()

    assert 'id="progress-count"' in panel
    assert 'id="progress-list"' in panel
    assert rows_in(panel) == [action.pk]


def test_a_new_action_comes_as_a_row_and_in_the_count(
    open_page: OpenPage, colleague, make_candidates, hired, start_move
) -> None:
    page = open_page(colleague)
    page.hear()

    make_candidates(3)
    action = start_move(hired)

    row = page.hear_until(f'<li class="list-group-item bulk-row" id="bulk-action-{action.pk}"')
    assert 'data-status="in_queue"' in row


def test_the_end_comes_to_colleagues_and_the_count_goes_down(
    open_page: OpenPage, colleague, action
) -> None:
    page = open_page(colleague)
    assert ">1</span>" in page.hear()

    engine.work_on(action.pk, 0)

    heard = ""
    while not ('data-status="completed"' in heard and 'id="progress-count"></span>' in heard):
        heard += page.hear()
    assert "3 done." in heard


def test_a_tick_brings_the_progress_part_only(open_page: OpenPage, recruiter, action) -> None:
    page = open_page(recruiter)
    page.hear()

    action.announce(status_changed=False)

    tick = page.hear_until(f'id="bulk-action-{action.pk}-progress"')
    assert f'id="dialog-numbers-{action.pk}"' in tick
    assert "<li" not in tick
    assert "button" not in tick


def test_a_cancel_reaches_everybody_in_the_same_words(
    open_page: OpenPage, recruiter, colleague, agent, action
) -> None:
    pages = [open_page(user) for user in (recruiter, colleague, agent)]
    for page in pages:
        page.hear()

    action.cancel(by=recruiter)

    heard = {page.hear_until('data-status="canceled"') for page in pages}
    assert len(heard) == 1
    assert "Canceled by Ana Ruiz at" in heard.pop()


def test_strangers_hear_nothing(open_page: OpenPage, stranger, action) -> None:
    page = open_page(stranger)
    assert rows_in(page.hear()) == []

    action.announce()
    action.announce(status_changed=False)

    assert page.hears_nothing()


def test_a_limited_member_hears_of_the_openings_given_to_it_and_no_others(
    open_page: OpenPage, limited, action, make_candidates, other_opening, start_move
) -> None:
    page = open_page(limited)
    assert rows_in(page.hear()) == [action.pk]

    make_candidates(2, other_opening)
    other = start_move(other_opening.folders.get(name="Hired"))
    other.announce(status_changed=False)
    assert page.hears_nothing()

    action.announce(status_changed=False)
    assert f'id="bulk-action-{action.pk}-progress"' in page.hear()


def test_a_status_that_was_lost_on_the_way_comes_with_the_next_tick(
    open_page: OpenPage, recruiter, action
) -> None:
    page = open_page(recruiter)
    page.hear()
    BulkAction.objects.filter(pk=action.pk).update(status="in_progress")  # and Redis was away

    action.announce(status_changed=False)

    assert 'data-status="in_progress"' in page.hear()


def test_a_ping_is_answered(open_page: OpenPage, recruiter) -> None:
    page = open_page(recruiter)
    page.hear()

    page.socket.send("ping")

    assert page.hear() == "pong"


def test_anything_else_a_client_says_is_ignored(open_page: OpenPage, recruiter) -> None:
    page = open_page(recruiter)
    page.hear()

    page.socket.send('{"type": "logged.out", "group": "workspace-1"}')
    page.socket.send(b"\x00\xff")

    assert page.hears_nothing()
    page.socket.send("ping")
    assert page.hear() == "pong"


def test_an_anonymous_page_is_sent_away_with_a_reason(open_page: OpenPage, action) -> None:
    assert open_page().closed_with() == 4401


def test_a_user_of_no_workspace_is_sent_away(open_page: OpenPage, db) -> None:
    outsider = User.objects.create(email="nobody@example.com")

    assert open_page(outsider).closed_with() == 4401


def test_a_page_of_another_site_is_refused(open_page: OpenPage, recruiter) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_page(recruiter, origin="https://evil.example.com")

    assert refused.value.response.status_code == 403


def test_a_logout_closes_the_sockets_of_that_login_and_no_other(
    open_page: OpenPage, recruiter
) -> None:
    client = Client()
    client.force_login(recruiter)
    page, other = open_page(client=client), open_page(recruiter)
    page.hear(), other.hear()

    client.post("/logout/")

    assert page.closed_with() == 4401
    assert other.hears_nothing()


@pytest.mark.parametrize("change", ["deactivated", "password", "removed", "role", "limited"])
def test_a_socket_does_not_outlive_what_it_was_allowed(
    open_page: OpenPage, colleague, action, change
) -> None:
    page = open_page(colleague)
    page.hear()
    membership = Membership.objects.filter(user=colleague)
    if change == "deactivated":
        User.objects.filter(pk=colleague.pk).update(is_active=False)
    elif change == "password":
        colleague.set_password("another one")
        colleague.save(update_fields=["password"])
    elif change == "removed":
        membership.delete()
    elif change == "role":
        membership.update(role=Role.SUPPORT)
    elif change == "limited":
        membership.update(is_limited=True)

    action.announce()  # a change of status is never sent without asking who listens

    with pytest.raises(ConnectionClosed):
        page.hear()
    assert page.socket.close_code == 4401


def test_an_idle_socket_lives_for_30_s_and_then_hears_the_next_change(
    open_page: OpenPage, recruiter, action
) -> None:
    page = open_page(recruiter)
    page.hear()
    time.sleep(31)

    action.announce(status_changed=False)

    assert f'id="bulk-action-{action.pk}-progress"' in page.hear()


# --- the bell ---


def test_a_new_notice_comes_to_its_users_pages_and_to_nobody_elses(
    open_page: OpenPage, recruiter, colleague, owner, action
) -> None:
    mine, theirs = open_page(recruiter), open_page(colleague)
    assert '<span class="toggle-count" id="bell-count" data-version="0"></span>' in mine.hear()
    theirs.hear()

    action.cancel(by=owner)

    bell = mine.hear_until('id="bell-count"')
    assert '1</span><span class="visually-hidden"> unread</span>' in bell
    assert "Olga Berg canceled your “Move to Hired”" in bell
    assert 'data-announce="New notice, 1 unread."' in bell
    with pytest.raises(TimeoutError):
        theirs.hear_until('id="bell-count"', timeout=1.5)


def test_what_is_read_in_one_tab_is_read_in_the_others(open_page: OpenPage, recruiter) -> None:
    notice = Notice.objects.create(user=recruiter, about="test", text="Done.")
    client = Client()
    client.force_login(recruiter)
    page = open_page(recruiter)
    assert '1</span><span class="visually-hidden"> unread</span>' in page.hear()

    client.post(f"/notifications/{notice.pk}/read/")

    assert "unread" not in page.hear_until('id="bell-count"').replace("is-unread", "")


def test_a_notice_whose_push_was_lost_comes_with_the_next_check(
    open_page: OpenPage, recruiter, action
) -> None:
    page = open_page(recruiter)
    page.hear()
    Notice.objects.create(user=recruiter, about="test", text="Done.")  # and Redis was away

    action.announce()

    assert "1</span>" in page.hear_until('id="bell-count"')
