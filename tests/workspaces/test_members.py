"""The members' pages: in, out, and never without an Owner."""

import json
import re
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from pipeline.candidates.models import Opening
from pipeline.workspaces.memberships import LastOwner, change, deactivate
from pipeline.workspaces.models import Membership, Role, User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.conftest import PASSWORD, join

MEMBERS = "/settings/members/"
NEW = {"first_name": "Mo", "last_name": "Haddad", "email": "Mo@Example.com", "role": "recruiter"}


def page_of(user: User) -> str:
    return f"{MEMBERS}{user.membership.pk}/"


def sent_link() -> str:
    """The one in the newest mail."""
    (link,) = re.findall(r"http://testserver/password/\S+", str(mail.outbox[-1].body))
    return str(link)


def choose(browser: Client, link: str, **environment: Any) -> Any:
    """The page after the password was chosen by the link."""
    form = browser.get(link, follow=True)
    again = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    return browser.post(form.redirect_chain[-1][0], again, follow=True, **environment)


def test_a_new_member_is_an_agent_unless_chosen_otherwise(owner: User, client: Client):
    client.force_login(owner)

    page = client.get(f"{MEMBERS}add/").content.decode()

    assert re.findall(r'<option value="(\w+)" selected', page) == ["agent"]


def role_of(user: User) -> str:
    return Membership.objects.get(user=user).role


def audited() -> list[str]:
    return [f"{e.verb} {e.subject}" for e in AuditEntry.objects.order_by("pk")]


def test_a_new_member_chooses_a_password_by_the_link_in_the_mail(
    client_of, client, owner, settings
):
    settings.PUBLIC_URL = "http://testserver"
    client_of(owner).post(f"{MEMBERS}add/", NEW)

    user = User.objects.get(email="mo@example.com")
    link = sent_link()
    assert not user.has_usable_password()
    assert mail.outbox[-1].to == ["mo@example.com"]
    assert audited() == ["added Mo Haddad as Recruiter"]

    inside = choose(client, link)

    assert inside.context["user"] == user
    assert client.login(username="mo@example.com", password=PASSWORD)
    client.logout()
    assert "no longer works" in client.get(link, follow=True).content.decode()


def test_whoever_invites_never_gets_the_link(client_of, owner, settings):
    settings.PUBLIC_URL = "http://testserver"
    client = client_of(owner)

    answers = [client.post(f"{MEMBERS}add/", NEW, follow=True)]
    page = page_of(User.objects.get(email="mo@example.com"))
    answers.append(client.post(f"{page}invite/", follow=True))
    answers += [client.get(address) for address in (page, MEMBERS, "/settings/audit/")]

    token = sent_link().rsplit("/", 2)[1]
    for answer in answers:
        assert answer.status_code == 200
        assert "/password/" not in answer.content.decode()
        assert token not in answer.content.decode() + str(answer.headers)


def test_another_link_ends_the_one_before(client_of, client, owner, settings):
    settings.PUBLIC_URL = "http://testserver"
    inviting = client_of(owner)
    inviting.post(f"{MEMBERS}add/", NEW)
    first = sent_link()

    inviting.post(f"{page_of(User.objects.get(email='mo@example.com'))}invite/")

    assert sent_link() != first
    assert "no longer works" in client.get(first, follow=True).content.decode()
    assert choose(client, sent_link()).context["user"].email == "mo@example.com"
    assert audited()[1] == "sent another link to choose a password to Mo Haddad (mo@example.com)"


def test_a_link_ends_by_itself_after_some_days_and_with_the_login(
    client_of, client, owner, settings
):
    settings.PUBLIC_URL = "http://testserver"
    client_of(owner).post(f"{MEMBERS}add/", NEW)

    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "no longer works" in client.get(sent_link(), follow=True).content.decode()
    settings.PASSWORD_RESET_TIMEOUT = 60
    User.objects.filter(email="mo@example.com").update(is_active=False)
    assert "no longer works" in client.get(sent_link(), follow=True).content.decode()


def test_the_link_leads_to_where_belay_is_whatever_the_request_says(client_of, owner, settings):
    settings.PUBLIC_URL = "https://belay.example.com/"

    client_of(owner).post(f"{MEMBERS}add/", NEW, HTTP_HOST="localhost")

    assert "https://belay.example.com/password/" in str(mail.outbox[-1].body)


def test_setting_a_password_is_in_the_audit_with_who_when_and_from_where(
    client_of, client, owner, settings
):
    settings.PUBLIC_URL = "http://testserver"
    client_of(owner).post(f"{MEMBERS}add/", NEW)

    choose(client, sent_link(), REMOTE_ADDR="203.0.113.7")

    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor_name, entry.verb) == ("Mo Haddad", "chose a password")
    assert entry.subject == "for mo@example.com"
    assert entry.address == "203.0.113.7"
    assert abs(timezone.now() - entry.at) < timedelta(minutes=1)


def test_whoever_is_logged_in_while_the_link_is_used_stands_in_the_audit(
    client_of, owner, settings
):
    settings.PUBLIC_URL = "http://testserver"
    browser = client_of(owner)
    browser.post(f"{MEMBERS}add/", NEW)

    choose(browser, sent_link())

    assert audited()[-1] == "set the password of Mo Haddad (mo@example.com)"
    assert AuditEntry.objects.latest("pk").actor == owner


def test_a_password_that_the_operator_sets_is_in_the_audit(client_of, recruiter, db):
    operator = User.objects.create_superuser("operator@example.com", PASSWORD)
    new = "another good one for Ana"
    form = {"password1": new, "password2": new, "usable_password": "true"}

    address = f"/admin/workspaces/user/{recruiter.pk}/password/"
    client_of(operator).post(address, form, REMOTE_ADDR="203.0.113.8")

    assert User.objects.get(pk=recruiter.pk).check_password(new)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor, entry.verb) == (operator, "set the password of")
    assert entry.subject == "Ana Ruiz (ana@example.com)"
    assert entry.address == "203.0.113.8"


def test_a_password_that_a_command_sets_is_in_the_audit(recruiter):
    recruiter.set_password("another good one for Ana")
    recruiter.save()

    assert audited() == ["set the password of Ana Ruiz (ana@example.com)"]
    assert AuditEntry.objects.get().actor_name == "Belay"


def test_a_login_sets_no_password(client, recruiter):
    recruiter.password = make_password(PASSWORD, hasher="pbkdf2_sha1")
    recruiter.save()

    assert client.login(username=recruiter.email, password=PASSWORD)  # and its hash is renewed

    assert audited() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_browsers_with_the_same_link_one_chooses_the_password(client_of, owner, settings):
    settings.PUBLIC_URL = "http://testserver"
    client_of(owner).post(f"{MEMBERS}add/", NEW)
    browsers = [Client(), Client()]
    pages = [browser.get(sent_link(), follow=True).redirect_chain[-1][0] for browser in browsers]
    answers: list[Any] = []
    both = Barrier(2)

    def choose_at_once(browser: Client, page: str, password: str) -> None:
        both.wait()
        again = {"new_password1": password, "new_password2": password}
        answers.append(browser.post(page, again).status_code)
        connection.close()

    words = [f"{PASSWORD} {number}" for number in range(2)]
    threads = [
        Thread(target=choose_at_once, args=args)
        for args in zip(browsers, pages, words, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200, 302]
    assert audited().count("chose a password for mo@example.com") == 1


def test_a_mail_server_that_is_away_keeps_the_member_and_says_what_to_do(
    client_of, owner, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    answer = client_of(owner).post(f"{MEMBERS}add/", NEW, follow=True)

    assert User.objects.filter(email="mo@example.com").exists()
    assert "could not be sent to mo@example.com" in answer.content.decode()
    assert "Send another link" in answer.content.decode()
    assert "/password/" not in answer.content.decode()


def test_on_a_laptop_the_invitation_is_in_the_outbox(client_of, owner, settings, tmp_path):
    settings.EMAIL_BACKEND = "pipeline.outreach.senders.outbox.OutboxBackend"
    settings.DATA_DIR = tmp_path

    answer = client_of(owner).post(f"{MEMBERS}add/", NEW, follow=True)

    assert "the e-mail to Mo Haddad was only logged, not sent." in answer.content.decode()
    (line,) = (tmp_path / "outbox" / "email.jsonl").read_text().splitlines()
    assert json.loads(line)["to"] == "mo@example.com"
    assert "/password/" in json.loads(line)["body"]


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
    assert "already has an account" in answer.content.decode()
    assert Membership.objects.filter(workspace=owner.membership.workspace).count() == 1


def test_role_and_openings_are_changed_and_recorded(
    client_of, owner, recruiter, opening, other_opening
):
    client = client_of(owner)
    limited = {"role": "agent", "is_limited": "on", "openings": [opening.pk]}

    client.post(page_of(recruiter), limited | {"can_export": "on"})  # as it was
    client.post(page_of(recruiter), limited)  # nothing new: an agent does not export
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

    assert "Owners can see all openings" in answer.content.decode()
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
    assert theirs.get("/candidates/").status_code == 302
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
