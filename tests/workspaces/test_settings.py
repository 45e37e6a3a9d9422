"""The workspace's own settings, and who is sent to whom."""

import pytest

from pipeline.workspaces.models import Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.pages import one_line

PAGE = "/settings/"
ANSWERS = {
    "name": "Acme",
    "time_zone": "UTC",
    "phone_region": "GB",
    "start_delay_seconds": "5",
    "typed_number_from": "1000",
    "support_address": "",
}


def test_what_changed_is_saved_and_recorded(client_of, owner):
    changed = ANSWERS | {"start_delay_seconds": "30", "support_address": "help@acme.example"}

    answer = client_of(owner).post(PAGE, changed)

    workspace = Workspace.objects.get()
    assert answer.status_code == 302
    assert (workspace.start_delay_seconds, workspace.support_url) == (
        30,
        "mailto:help@acme.example",
    )
    assert AuditEntry.objects.get().subject == (
        "start delay in seconds from 5 to 30; support address from nothing to help@acme.example"
    )


def test_saving_what_was_there_records_nothing(client_of, owner):
    client_of(owner).post(PAGE, ANSWERS)

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"support_address": "javascript:alert(1)"},
        {"support_address": "javascript://acme.example/%0Aalert(1)"},
        {"support_address": "nowhere"},
        {"phone_region": "XX"},
        {"time_zone": "Mars/Olympus"},
        {"start_delay_seconds": "-1"},
        {"start_delay_seconds": "86400"},
        {"name": ""},
    ],
)
def test_what_makes_no_sense_is_refused(client_of, owner, wrong):
    answer = client_of(owner).post(PAGE, ANSWERS | wrong)

    (field,) = wrong
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", ["Mars/Olympus", "Europe", "../Europe/Paris", ""])
def test_a_time_zone_that_this_machine_does_not_know_is_utc_until_it_is_mended(
    client_of, owner, name
):
    """It was chosen where Belay had other data, or was written by a program."""
    Workspace.objects.update(time_zone=name)
    browser = client_of(owner)

    for page in ("/candidates/", "/tasks/", "/bulk-actions/", "/settings/audit/", "/tasks/past/"):
        assert browser.get(page).status_code == 200
    page = browser.get(PAGE)
    hint = f"“{name}”, so times are shown in UTC"
    assert hint in one_line(page)
    assert '<option value="UTC" selected>' in page.content.decode()

    assert browser.post(PAGE, ANSWERS).status_code == 302
    assert Workspace.objects.get().time_zone == "UTC"
    assert hint not in one_line(browser.get(PAGE))


def test_others_read_whom_to_ask(client_of, owner, recruiter):
    page = client_of(recruiter).get(PAGE)

    assert page.status_code == 403
    assert "Ask Olga Berg" in one_line(page)


@pytest.mark.parametrize(
    ("who", "link"),
    [("owner", ">Settings</a>"), ("admin_member", ">Audit</a>"), ("recruiter", None)],
)
def test_the_account_menu_leads_to_what_one_may_open(request, client_of, who, link):
    page = client_of(request.getfixturevalue(who)).get("/candidates/").content.decode()

    assert [each for each in (">Settings</a>", ">Audit</a>") if each in page] == (
        [link] if link else []
    )
