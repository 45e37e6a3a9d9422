"""Who gets in, and where the others are sent."""

import pytest
from django.urls import reverse

from pipeline.workspaces.models import User
from tests.conftest import PASSWORD
from tests.pages import one_line

PAGES = ["/", "/candidates/", "/candidates/1/", "/bulk-actions/", "/notifications/panel/"]


@pytest.mark.parametrize("page", PAGES)
def test_nobody_is_sent_to_the_login_and_back(client, db, page):
    response = client.get(page)

    assert response.status_code == 302
    assert response.url in (f"/login/?next={page}", "/candidates/")


def test_an_htmx_request_without_session_leaves_the_page_for_the_login(client, db):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/candidates/?q=ana#x"}

    response = client.get("/notifications/panel/", headers=headers)

    assert response.content == b""
    assert response["HX-Redirect"] == "/login/?next=%2Fcandidates%2F%3Fq%3Dana"


def test_the_way_back_never_leads_to_another_site(client, db):
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/candidates/"}

    response = client.get("/candidates/", headers=headers)

    assert response["HX-Redirect"] == "/login/"


def test_the_e_mail_is_the_login_however_it_is_capitalized(client, recruiter):
    answers = {"username": "Ana@Example.COM", "password": PASSWORD, "next": "/bulk-actions/"}

    response = client.post("/login/", answers)

    assert response.url == "/bulk-actions/"


def test_a_wrong_password_says_so(client, recruiter):
    response = client.post("/login/", {"username": recruiter.email, "password": "wrong"})

    page = response.content.decode()
    assert "The e-mail or password is wrong" in page
    assert "The password is case-sensitive" in page
    assert "both fields may be case-sensitive" not in page


def test_a_wrong_password_at_the_admin_site_says_so(client, recruiter):
    response = client.post("/admin/login/", {"username": recruiter.email, "password": "wrong"})

    page = response.content.decode()
    assert "Enter the e-mail and password of a staff account" in page
    assert "The password is case-sensitive" in page
    assert "both fields may be case-sensitive" not in page


def test_the_login_sends_nobody_to_another_site(client, recruiter):
    answers = {"username": recruiter.email, "password": PASSWORD, "next": "https://evil.example/"}

    assert client.post("/login/", answers).url == "/candidates/"


def test_logging_out_takes_a_post(client_of, recruiter):
    client = client_of(recruiter)

    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == "/login/"
    assert client.get("/candidates/").status_code == 302


@pytest.mark.parametrize("page", PAGES[1:])
def test_who_belongs_to_no_workspace_reads_what_to_do(client_of, db, page):
    loner = User.objects.create_user("loner@example.com", PASSWORD)

    response = client_of(loner).get(page)

    assert response.status_code == 403
    assert "You don’t belong to a workspace yet" in response.content.decode()


def test_who_belongs_to_no_workspace_can_log_out(client_of, db):
    loner = User.objects.create_user("loner@example.com", PASSWORD)

    assert client_of(loner).post("/logout/").url == "/login/"


def test_an_operator_without_workspace_reaches_the_admin_site(client_of, db):
    operator = User.objects.create_superuser("root@example.com", PASSWORD)

    assert client_of(operator).get(reverse("admin:index")).status_code == 200


def test_a_member_is_not_let_into_the_admin_site(client_of, owner):
    assert client_of(owner).get(reverse("admin:index")).status_code == 302


def test_pages_are_shown_in_the_workspaces_time(client_of, recruiter, workspace, make_candidates):
    workspace.time_zone = "Asia/Manila"
    workspace.save()
    candidate = make_candidates(1, created_at="2026-11-03T20:00:00Z")[0]

    page = client_of(recruiter).get(candidate.get_absolute_url()).content.decode()

    assert "4 Nov 2026, 04:00" in page


def test_a_dead_link_leads_nobody_to_a_login(client, db):
    answer = client.get("/shared/MQ/x")

    assert answer.status_code == 404
    page = one_line(answer)
    assert "The link may have expired, or part of it may be missing" in page
    assert "View candidates" not in page
    assert "/candidates/" not in page


def test_a_member_with_a_dead_link_is_led_to_the_candidates(client_of, recruiter):
    answer = client_of(recruiter).get("/shared/MQ/x")

    assert answer.status_code == 404
    assert "View candidates" in one_line(answer)


def test_no_page_has_inline_script_or_style(client_of, recruiter, make_candidates):
    candidate = make_candidates(1)[0]
    client = client_of(recruiter)

    for address in ("/candidates/", candidate.get_absolute_url()):
        page = client.get(address).content.decode()
        assert "<style" not in page
        assert "style=" not in page
        assert "<script>" not in page
