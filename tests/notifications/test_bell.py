"""The bell's pages: whose notices, read and unread, the way to what they are about."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from notifications import notices, views
from notifications.bell import LATEST, Bell
from notifications.models import Notice
from pipeline.outreach.models import MessageLimit, MessageUse, Period
from pipeline.workspaces.models import User

HTMX = {"HX-Request": "true"}


@pytest.fixture
def make_notices(recruiter: User) -> Any:
    def make(count: int, user: User = recruiter, **fields: Any) -> list[Notice]:
        values = {"user": user, "text": "Move to Hired: Completed, 5 done.", **fields}
        known = Notice.objects.count()
        return [
            Notice.objects.create(about=f"test-{known + number}", **values)
            for number in range(count)
        ]

    return make


@pytest.fixture
def browser(recruiter: User, client_of: Any) -> Client:
    client: Client = client_of(recruiter)
    return client


def shown(client: Client, path: str) -> list[int]:
    """The notices on a page or in a fragment, in its order; not those of the closed panel."""
    page = client.get(path).content.decode().split('id="bell-panel"')[0]
    return [int(pk) for pk in re.findall(r'href="/notifications/(\d+)/"', page)]


def unread(user: User) -> int:
    return Notice.objects.visible_to(user).unread().count()


def test_the_bell_shows_the_latest_newest_first(browser, make_notices, colleague) -> None:
    made = make_notices(LATEST + 2)
    make_notices(1, user=colleague)

    assert shown(browser, "/notifications/bell/") == [one.pk for one in made[:1:-1]]


def test_unread_ones_are_marked_by_a_word_and_counted(browser, make_notices) -> None:
    make_notices(2)
    Notice.objects.filter(pk=make_notices(1)[0].pk).mark_read()

    bell = browser.get("/notifications/bell/").content.decode()

    assert bell.count(">New</span>") == 2
    assert '2</span><span class="visually-hidden"> unread</span>' in bell


def test_a_badge_has_no_room_for_hundreds(make_notices, recruiter) -> None:
    make_notices(100)

    assert Bell(recruiter).badge == "99+"


def test_every_page_costs_one_query_for_the_bell(
    make_notices, recruiter, django_assert_num_queries
) -> None:
    make_notices(3)
    bell = Bell(recruiter)

    with django_assert_num_queries(1):
        assert (bell.unread, bell.is_newest_unread, bell.version) == (3, True, 3)


def test_the_version_only_ever_goes_up(make_notices, recruiter) -> None:
    versions = [Bell(recruiter).version]
    for change in (
        lambda: make_notices(2),
        lambda: Notice.objects.filter(pk=Notice.objects.first().pk).mark_read(),  # type: ignore[union-attr]
        lambda: make_notices(1),
        lambda: Notice.objects.all().mark_read(),
    ):
        change()
        versions.append(Bell(recruiter).version)

    assert versions == [0, 2, 3, 4, 6]


def test_an_older_one_is_not_announced_once_the_newest_was_read(make_notices, recruiter) -> None:
    *_, newest = make_notices(2)
    assert Bell(recruiter).is_newest_unread

    Notice.objects.filter(pk=newest.pk).mark_read()

    assert not Bell(recruiter).is_newest_unread


def test_following_a_notice_marks_it_read(browser, make_notices, recruiter) -> None:
    first, _ = make_notices(2, link="/bulk-actions/7/")

    response = browser.get(first.get_absolute_url())

    assert (response.status_code, response["Location"]) == (302, "/bulk-actions/7/")
    assert unread(recruiter) == 1


@pytest.mark.parametrize("link", ["", "https://evil.example/", "//evil.example", "javascript:x"])
def test_a_notice_leads_nowhere_else(browser, make_notices, link) -> None:
    (notice,) = make_notices(1, link=link)

    assert browser.get(notice.get_absolute_url())["Location"] == "/notifications/"


def test_what_it_is_about_may_be_out_of_sight_by_now(client_of, make_actions, limited) -> None:
    (action,) = make_actions(1, started_by=limited, opening_ids=[0], status="failed")
    action.announce()
    (notice,) = Notice.objects.filter(user=limited)

    response = client_of(limited).get(notice.get_absolute_url(), follow=True)

    assert response.status_code == 404


@pytest.mark.parametrize("path", ["/notifications/{}/", "/notifications/{}/read/"])
def test_a_foreign_notice_is_not_there(client_of, make_notices, colleague, recruiter, path) -> None:
    (notice,) = make_notices(1)
    address = path.format(notice.pk)

    method = client_of(colleague).post if "read" in path else client_of(colleague).get

    assert method(address).status_code == 404
    assert unread(recruiter) == 1


def test_one_is_marked_read_and_the_answer_is_the_bell(browser, make_notices, recruiter) -> None:
    first, _ = make_notices(2)

    answer = browser.post(f"/notifications/{first.pk}/read/", headers=HTMX).content.decode()

    assert unread(recruiter) == 1
    assert 'id="bell-count"' in answer
    assert 'id="bell-list"' in answer


def test_all_are_marked_read_but_nobody_elses(browser, make_notices, recruiter, colleague) -> None:
    make_notices(3)
    make_notices(1, user=colleague)

    response = browser.post("/notifications/read/", {"next": "/notifications/?before=9"})

    assert (unread(recruiter), unread(colleague)) == (0, 1)
    assert (response.status_code, response["Location"]) == (303, "/notifications/?before=9")


def test_marking_read_leads_to_no_other_site(browser, make_notices) -> None:
    make_notices(1)

    response = browser.post("/notifications/read/", {"next": "//evil.example/"})

    assert response["Location"] == "/notifications/"


@pytest.mark.parametrize("path", ["read/", "1/read/"])
def test_reading_takes_a_post(browser, path) -> None:
    assert browser.get(f"/notifications/{path}").status_code == 405


def test_the_history_pages_without_gap_or_repeat(browser, make_notices, monkeypatch) -> None:
    monkeypatch.setattr(views, "PAGE", 2)
    made = make_notices(3)

    first = shown(browser, "/notifications/")
    second = shown(browser, f"/notifications/?before={first[-1]}")

    assert first + second == [one.pk for one in reversed(made)]
    assert shown(browser, "/notifications/?before=nonsense") == first


def test_an_empty_history_says_what_will_be_here(browser) -> None:
    assert "No notices yet" in browser.get("/notifications/").content.decode()


def test_the_snapshot_holds_the_bell(browser, make_notices) -> None:
    (notice,) = make_notices(1)

    assert f'id="notice-{notice.pk}"' in browser.get("/notifications/panel/").content.decode()


def test_a_text_is_no_markup(browser, make_notices) -> None:
    make_notices(1, text="<b>x</b>")

    assert escape("<b>x</b>") in browser.get("/notifications/bell/").content.decode()


# --- message limits ---


@pytest.fixture
def use(workspace) -> Any:
    """`use(85)`: so many of a daily limit of 100 SMS are used."""

    def use(used: int, number: int = 100) -> None:
        MessageLimit.objects.update_or_create(
            workspace=workspace,
            channel="sms",
            defaults={"number": number, "period": Period.DAY},
        )
        today = timezone.localdate(timezone=workspace.tz)
        MessageUse.objects.update_or_create(
            workspace=workspace,
            channel="sms",
            period=Period.DAY,
            begins_on=today,
            defaults={"used": used},
        )

    return use


def told() -> list[tuple[str, str]]:
    return list(Notice.objects.order_by("pk").values_list("user__first_name", "text"))


def test_owners_and_admins_are_told_once_of_each_threshold(
    use, owner, admin_member, recruiter, stranger
) -> None:
    for used in (79, 80, 85, 100, 100):
        use(used)
        notices.catch_up()
        notices.catch_up()

    assert [name for name, _ in told()] == ["Olga", "Adam"] * 2
    assert "80 of the SMS limit of 100 a day are used" in told()[0][1]
    assert "The SMS limit of 100 a day is used up" in told()[2][1]
    links = Notice.objects.order_by("pk").values_list("link", flat=True)
    assert list(links[:2]) == ["/settings/messages/", ""]  # admins can't change it


def test_a_raised_limit_is_another_one(use, owner) -> None:
    for used, number in ((80, 100), (80, 200), (160, 200)):
        use(used, number)
        notices.catch_up()

    assert len(told()) == 2


def test_a_limit_of_none_is_used_up(use, owner) -> None:
    use(0, number=0)

    notices.catch_up()

    assert len(told()) == 1


@pytest.mark.parametrize(
    ("who", "sees"),
    [("owner", True), ("admin_member", True), ("recruiter", False), ("agent", False)],
)
def test_the_banner_is_for_who_manages(client_of, use, who, sees, request) -> None:
    use(85)

    page = client_of(request.getfixturevalue(who)).get("/notifications/").content.decode()

    assert ("85 of the SMS limit of 100 a day are used" in page) is sees


def test_there_is_no_banner_below_80_percent(client_of, use, owner) -> None:
    use(79)

    assert 'id="limits"' not in client_of(owner).get("/notifications/").content.decode()


def test_only_the_owner_is_led_to_the_setting(client_of, use, owner, admin_member) -> None:
    use(100)

    for user, is_led in ((owner, True), (admin_member, False)):
        above = client_of(user).get("/notifications/").content.decode().split("<main")[0]
        assert ('href="/settings/messages/"' in above) is is_led


# --- support ---


def test_the_panel_leads_to_the_workspaces_own_support(client_of, workspace, recruiter) -> None:
    workspace.support_address = "help@acme.example"
    workspace.save(update_fields=["support_address"])

    page = client_of(recruiter).get("/notifications/").content.decode()

    assert 'href="mailto:help@acme.example"' in page


# --- admin ---


def test_operators_see_notices_and_change_none(client_of, make_notices) -> None:
    make_notices(1)
    client = client_of(User.objects.create_superuser("root@example.com", "x"))

    assert "Move to Hired" in client.get("/admin/notifications/notice/").content.decode()
    assert client.get("/admin/notifications/notice/add/").status_code == 403
