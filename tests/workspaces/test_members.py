"""The members' pages: in, out, and never without an Owner."""

import re
from threading import Thread
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from pipeline.candidates.models import Opening
from pipeline.workspaces.audit import AuditEntry
from pipeline.workspaces.memberships import LastOwner, change, deactivate
from pipeline.workspaces.models import Membership, Role, User, Workspace
from tests.conftest import PASSWORD, join

MEMBERS = "/settings/members/"
NEW = {"first_name": "Mo", "last_name": "Haddad", "email": "Mo@Example.com", "role": "recruiter"}


def page_of(user: User) -> str:
    return f"{MEMBERS}{user.membership.pk}/"


def role_of(user: User) -> str:
    return Membership.objects.get(user=user).role


def audited() -> list[str]:
    return [f"{e.verb} {e.subject}" for e in AuditEntry.objects.order_by("pk")]


@pytest.mark.parametrize("which", ["shown", "sent"])
def test_a_new_member_chooses_a_password_by_the_link_that_is_shown_or_sent(
    client_of, client, owner, settings, which
):
    settings.PUBLIC_URL = "http://testserver"
    answer = client_of(owner).post(f"{MEMBERS}add/", NEW, follow=True)

    user = User.objects.get(email="mo@example.com")
    (shown,) = re.findall(r'value="(http://testserver/password/[^"]+)"', answer.content.decode())
    (letter,) = mail.outbox
    (sent,) = re.findall(r"http://testserver/password/\S+", str(letter.body))
    link = {"shown": shown, "sent": sent}[which]
    assert not user.has_usable_password()
    assert letter.to == ["mo@example.com"]
    assert audited() == ["added Mo Haddad as Recruiter"]

    form = client.get(link, follow=True)
    again = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    inside = client.post(form.redirect_chain[-1][0], again, follow=True)

    assert inside.context["user"] == user
    assert client.login(username="mo@example.com", password=PASSWORD)
    client.logout()
    for used in (shown, sent):
        assert "no longer works" in client.get(used, follow=True).content.decode()


def test_a_mail_server_that_is_away_keeps_the_member_and_says_what_to_do(
    client_of, owner, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    answer = client_of(owner).post(f"{MEMBERS}add/", NEW, follow=True)

    assert User.objects.filter(email="mo@example.com").exists()
    assert "Give Mo Haddad the link on this page yourself" in answer.content.decode()


def test_nobody_is_given_a_link_to_a_login_that_is_in_use(client_of, owner, recruiter):
    client = client_of(owner)

    page = client.get(page_of(recruiter)).content.decode()
    client.post(f"{page_of(recruiter)}invite/")

    assert "/password/" not in page
    assert mail.outbox == []


def test_nobody_is_given_a_link_to_an_operators_login(client_of, owner, recruiter):
    User.objects.filter(pk=recruiter.pk).update(password="!", is_staff=True)

    assert "/password/" not in client_of(owner).get(page_of(recruiter)).content.decode()


def test_an_e_mail_that_has_a_login_anywhere_is_refused(client_of, owner, stranger):
    answer = client_of(owner).post(f"{MEMBERS}add/", NEW | {"email": "ZOE@example.com"})

    assert answer.status_code == 422
    assert "already has a login" in answer.content.decode()
    assert Membership.objects.filter(workspace=owner.membership.workspace).count() == 1


def test_role_and_openings_are_changed_and_recorded(
    client_of, owner, recruiter, opening, other_opening
):
    client = client_of(owner)
    limited = {"role": "agent", "is_limited": "on", "openings": [opening.pk]}

    client.post(page_of(recruiter), limited)
    client.post(page_of(recruiter), limited)  # nothing new
    client.post(page_of(recruiter), {"role": "agent"})

    assert audited() == [
        "changed the role of Ana Ruiz from Recruiter to Agent",
        "limited Ana Ruiz to Customer Support, Manila",
        "gave all openings to Ana Ruiz",
    ]
    assert not recruiter.membership.openings.exists()


def test_a_limit_works_from_the_next_request_on(client_of, owner, recruiter, opening):
    theirs = client_of(recruiter)
    assert list(theirs.get("/candidates/").context["filters"].form.fields["opening"].queryset)

    client_of(owner).post(page_of(recruiter), {"role": "recruiter", "is_limited": "on"})

    fields = theirs.get("/candidates/").context["filters"].form.fields
    assert not fields["opening"].queryset.exists()


def test_an_opening_of_another_workspace_is_refused(client_of, owner, recruiter, stranger):
    foreign = Opening.objects.get(workspace=stranger.membership.workspace)

    answer = client_of(owner).post(
        page_of(recruiter), {"role": "agent", "is_limited": "on", "openings": [foreign.pk]}
    )

    assert answer.status_code == 422
    assert role_of(recruiter) == Role.RECRUITER
    assert not foreign.members.exists()


def test_an_owner_cant_be_limited(client_of, owner, recruiter):
    answer = client_of(owner).post(page_of(recruiter), {"role": "owner", "is_limited": "on"})

    assert "An Owner sees all openings" in answer.content.decode()
    assert role_of(recruiter) == Role.RECRUITER


def test_the_last_owner_stays_owner_and_active(client_of, owner):
    client = client_of(owner)

    demoted = client.post(page_of(owner), {"role": "admin"})
    out = client.post(f"{page_of(owner)}deactivate/", follow=True)

    for answer in (demoted, out):
        assert "Olga Berg is the only active Owner" in answer.content.decode()
    assert role_of(owner) == Role.OWNER
    assert User.objects.get(pk=owner.pk).is_active
    assert audited() == []


def test_an_inactive_owner_does_not_count_as_another(client_of, owner, workspace):
    other = join(workspace, Role.OWNER, "Otto Lang")
    deactivate(other.membership, by=owner)

    with pytest.raises(LastOwner):
        change(owner.membership, Role.ADMIN, None, by=owner)


def test_who_gives_up_being_owner_is_led_out_of_the_settings(client_of, owner, workspace):
    join(workspace, Role.OWNER, "Otto Lang")

    answer = client_of(owner).post(page_of(owner), {"role": "admin"}, follow=True)

    assert answer.redirect_chain[-1][0] == "/candidates/"
    assert role_of(owner) == Role.ADMIN


def test_a_deactivated_member_is_out_at_once_and_comes_back(client_of, owner, recruiter):
    theirs, client = client_of(recruiter), client_of(owner)

    client.post(f"{page_of(recruiter)}deactivate/")
    assert theirs.get("/candidates/").status_code == 302
    assert not theirs.login(username=recruiter.email, password=PASSWORD)

    client.post(f"{page_of(recruiter)}reactivate/")
    assert theirs.login(username=recruiter.email, password=PASSWORD)
    assert audited() == ["deactivated Ana Ruiz", "reactivated Ana Ruiz"]


def test_the_operators_people_are_not_deactivated_by_an_owner(client_of, owner, recruiter):
    User.objects.filter(pk=recruiter.pk).update(is_staff=True)

    client_of(owner).post(f"{page_of(recruiter)}deactivate/")

    assert User.objects.get(pk=recruiter.pk).is_active


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(3))
def test_of_two_owners_who_push_each_other_out_at_once_one_stays(workspace: Workspace, round: int):
    olga, otto = (join(workspace, Role.OWNER, name) for name in ("Olga Berg", "Otto Lang"))
    told: list[Any] = []

    def run(act: Any, *values: Any) -> None:
        try:
            told.append(act(*values))
        except LastOwner as last:
            told.append(last)
        finally:
            connection.close()

    threads = [
        Thread(target=run, args=(deactivate, Membership.objects.get(user=olga), otto)),
        Thread(target=run, args=(change, Membership.objects.get(user=otto), "agent", None, olga)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    owners = Membership.objects.filter(role=Role.OWNER, user__is_active=True)
    assert owners.count() == 1
    assert sum(isinstance(one, LastOwner) for one in told) == 1
