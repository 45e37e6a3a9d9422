"""The socket: through a real daphne and a real Redis, with a client that is not ours."""

import time
from typing import Any

import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from notifications import live
from notifications.models import Notice
from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Folder, Opening
from pipeline.workspaces import memberships
from pipeline.workspaces.models import Membership, Role, User, Workspace
from tests.conftest import join

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


def test_a_workspace_that_can_t_be_shown_keeps_no_other_page_waiting(
    open_page: OpenPage, owner: User, stranger: User
) -> None:
    """Its time zone is none: neither its panel nor its bell can be made."""
    Workspace.objects.filter(pk=owner.membership.workspace_id).update(time_zone="Mars/Base")
    open_page(owner)

    panel = open_page(stranger).hear(10)

    assert 'id="progress-list"' in panel


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

    row = page.hear_until(f'id="bulk-action-{action.pk}" data-status')
    assert 'data-status="in_queue"' in row


def test_the_end_comes_to_colleagues_and_the_count_goes_down(
    open_page: OpenPage, colleague, action
) -> None:
    page = open_page(colleague)
    assert ">1</span>" in page.hear()

    lane.work_on(action.pk, 0)

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


def test_a_member_that_may_see_less_hears_nothing_more_and_connects_anew(
    open_page: OpenPage, owner, colleague, agent, support, recruiter, action, other_opening
) -> None:
    pages = [open_page(user) for user in (colleague, agent, support)]
    stays = open_page(recruiter)
    for page in (*pages, stays):
        page.hear()

    memberships.change(colleague.membership, Role.AGENT, None, by=owner)
    memberships.change(agent.membership, Role.AGENT, [other_opening.pk], by=owner)
    memberships.deactivate(support.membership, by=owner)
    action.announce()

    for page in pages:
        with pytest.raises(ConnectionClosed):
            page.hear(timeout=5)  # sooner than the next check
        assert page.socket.close_code == 4401
    assert f'id="bulk-action-{action.pk}"' in stays.hear()
    action.announce(status_changed=False)
    assert f'id="bulk-action-{action.pk}-progress"' in stays.hear()


def test_no_socket_outlives_what_it_was_allowed_whoever_changed_it(
    open_page: OpenPage, workspace, recruiter, action
) -> None:
    users = {
        what: join(workspace, Role.RECRUITER, f"{what.title()} Person")
        for what in ("deactivated", "password", "removed", "role", "limited")
    }
    pages = [open_page(user) for user in users.values()]
    stays = open_page(recruiter)
    for page in (*pages, stays):
        page.hear()

    members = Membership.objects.all()  # past everything that would tell of it
    User.objects.filter(pk=users["deactivated"].pk).update(is_active=False)
    users["password"].set_password("another one")
    users["password"].save(update_fields=["password"])
    members.filter(user=users["removed"]).delete()
    members.filter(user=users["role"]).update(role=Role.SUPPORT)
    members.filter(user=users["limited"]).update(is_limited=True)

    assert {page.closed_with(timeout=15) for page in pages} == {4401}
    action.announce(status_changed=False)
    assert "progress" in stays.hear()


def test_a_session_that_deactivation_ended_does_not_begin_again(
    open_page: OpenPage, client_of: Any, owner, colleague
) -> None:
    browser = client_of(colleague)
    page = open_page(client=browser)
    page.hear()
    User.objects.filter(pk=colleague.pk).update(is_active=False)  # whoever does it, and how

    memberships.reactivate(colleague.membership, by=owner)

    assert page.closed_with(timeout=15) == 4401
    assert open_page(client=browser).closed_with() == 4401
    assert browser.get("/candidates/").status_code == 302
    assert "progress-list" in open_page(User.objects.get(pk=colleague.pk)).hear()


def test_a_cookie_that_no_database_takes_keeps_nobody_from_connecting(
    open_page: OpenPage, recruiter
) -> None:
    hostile = Client()
    hostile.cookies["sessionid"] = r'"abcdefgh\000"'  # unquoted, it ends in a NUL

    bad = open_page(client=hostile)
    good = open_page(recruiter)

    assert "progress-list" in good.hear(timeout=10)
    assert bad.closed_with(timeout=10) == 4401


# The hub looks every 10 s who may still listen, and Redis' clients give up after 5 s of silence.
@pytest.mark.parametrize("seconds", [12, pytest.param(31, marks=pytest.mark.soak)])
def test_an_idle_socket_lives_on_and_then_hears_the_next_change(
    open_page: OpenPage, recruiter, action, seconds: int
) -> None:
    page = open_page(recruiter)
    page.hear()
    time.sleep(seconds)

    action.announce(status_changed=False)

    assert f'id="bulk-action-{action.pk}-progress"' in page.hear()


# --- the bell ---


def test_a_new_notice_comes_to_its_users_pages_and_to_nobody_elses(
    open_page: OpenPage, recruiter, colleague, owner, action
) -> None:
    mine, theirs = open_page(recruiter), open_page(colleague)
    assert 'id="bell-count" data-version="0"></span>' in mine.hear()
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

    assert "1</span>" in page.hear_until('id="bell-count"', timeout=15)


# --- other news ---


def test_what_else_changed_is_told_to_who_may_see_it_and_not_in_every_detail(
    open_page: OpenPage, recruiter, limited, stranger, workspace, opening, other_opening
) -> None:
    pages = [open_page(user) for user in (recruiter, limited, stranger)]
    for page in pages:
        page.hear()

    for _ in range(20):
        live.push_news(workspace.pk, "candidates", [other_opening.pk])

    assert [pages[0].hear(), pages[0].hear()] == ['{"news": "candidates"}'] * 2  # now, and the last
    assert all(page.hears_nothing() for page in pages)
    live.push_news(workspace.pk, "candidates", [opening.pk])
    assert [page.hear() for page in pages[:2]] == ['{"news": "candidates"}'] * 2
