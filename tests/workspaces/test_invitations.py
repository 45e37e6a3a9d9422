"""How many links to choose a password may be mailed in a day, and what is said then."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from pipeline.workspaces.models import Membership, User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.at_once import at_once
from tests.workspaces.test_members import MEMBERS, NEW, page_of


@pytest.fixture(autouse=True)
def few(settings: Any) -> None:
    settings.PUBLIC_URL = "http://testserver"
    settings.INVITATIONS_PER_WORKSPACE = 4
    settings.INVITATIONS_PER_PERSON = 2


@pytest.fixture
def browser(client_of: Any, owner: User) -> Any:
    return client_of(owner)


def add(browser: Any, number: int) -> Any:
    return browser.post(f"{MEMBERS}add/", NEW | {"email": f"new{number}@example.com"})


def test_the_workspace_has_a_most_and_nobody_is_added_beyond_it(browser: Any) -> None:
    assert [add(browser, number).status_code for number in range(4)] == [302] * 4

    fifth = add(browser, 5)

    assert fifth.status_code == 422
    told = fifth.content.decode()
    assert "Your workspace has sent 4 password links in the last 24 hours" in told
    assert "Try again after" in told
    assert len(mail.outbox) == 4
    assert not User.objects.filter(email="new5@example.com").exists()


def test_a_link_that_is_sent_again_counts_for_the_workspace(browser: Any) -> None:
    for number in (1, 2):
        add(browser, number)
        browser.post(f"{page_of(User.objects.get(email=f'new{number}@example.com'))}invite/")

    assert add(browser, 3).status_code == 422
    assert len(mail.outbox) == 4


def test_one_person_is_not_written_to_again_and_again(browser: Any) -> None:
    add(browser, 1)
    page = page_of(User.objects.get(email="new1@example.com"))
    for _ in range(2):
        browser.post(f"{page}invite/")

    third = browser.post(f"{page}invite/", follow=True)

    assert "new1@example.com was sent 2 more links" in third.content.decode()
    assert len(mail.outbox) == 3


def test_what_one_person_was_sent_does_not_count_for_another(browser: Any, settings: Any) -> None:
    settings.INVITATIONS_PER_WORKSPACE = 100
    pages = []
    for number in (1, 2):
        add(browser, number)
        pages.append(page_of(User.objects.get(email=f"new{number}@example.com")))
    for page in [pages[0]] * 2 + [pages[1]] * 2:
        browser.post(f"{page}invite/")

    assert len(mail.outbox) == 6


def test_another_workspaces_do_not_count(browser: Any, stranger: User) -> None:
    made_by_others(stranger.membership.workspace, timezone.now())

    assert add(browser, 1).status_code == 302


def made_by_others(workspace: Workspace, at: datetime) -> None:
    """Five links, more than are left."""
    for number in range(5):
        AuditEntry.objects.create(
            workspace=workspace, actor_name="Olga", verb="added", subject=f"{number}", at=at
        )


def test_yesterdays_do_not_count(browser: Any, owner: User) -> None:
    made_by_others(owner.membership.workspace, timezone.now() - timedelta(hours=25))

    assert add(browser, 1).status_code == 302
    assert Membership.objects.filter(user__email="new1@example.com").exists()


@pytest.mark.django_db(transaction=True)
def test_of_several_at_the_same_moment_exactly_as_many_as_may_be_are_added(
    client_of: Any, owner: User
) -> None:
    browsers = [client_of(owner) for _ in range(6)]
    for number in range(3):
        add(browsers[0], number)

    answers = at_once([partial(add, browser, 10 + n) for n, browser in enumerate(browsers)])

    assert sorted(answer.status_code for answer in answers) == [302] + [422] * 5
    assert len(mail.outbox) == 4
    assert User.objects.filter(email__startswith="new").count() == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whose", ["person", "workspace"])
def test_of_several_at_the_same_moment_exactly_as_many_as_may_be_are_sent_again(
    whose: str, client_of: Any, owner: User, settings: Any
) -> None:
    settings.INVITATIONS_PER_PERSON = 1 if whose == "person" else 100
    settings.INVITATIONS_PER_WORKSPACE = 2 if whose == "workspace" else 100
    browsers = [client_of(owner) for _ in range(6)]
    add(browsers[0], 1)
    page = page_of(User.objects.get(email="new1@example.com"))

    at_once([partial(browser.post, f"{page}invite/") for browser in browsers])

    assert len(mail.outbox) == 2


def test_what_could_not_be_sent_counts_and_the_audit_says_so(browser: Any, settings: Any) -> None:
    """Else a mail server that takes long would be a way around: the place is taken before."""
    add(browser, 1)
    page = page_of(User.objects.get(email="new1@example.com"))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    for _ in range(2):
        browser.post(f"{page}invite/")
    third = browser.post(f"{page}invite/", follow=True)

    assert "new1@example.com was sent 2 more links" in third.content.decode()
    said = [f"{entry.verb} {entry.subject}" for entry in AuditEntry.objects.order_by("pk")[1:]]
    whom = "to Mo Haddad (new1@example.com)"
    assert (
        said
        == [
            f"sent another link to choose a password {whom}",
            f"could not send the link to choose one {whom}",
        ]
        * 2
    )
