"""The owner's pages for templates and limits."""

import pytest

from pipeline.outreach import limits
from pipeline.outreach.models import Channel, MessageLimit, MessageTemplate
from pipeline.workspaces.models.audit import AuditEntry

TEMPLATES, NEW = "/settings/templates/", "/settings/templates/new/email/"
LIMITS = "/settings/messages/"
ANSWERS = {"name": "Welcome", "subject": "Hi {first_name}", "body": "As {opening}\r\n\r\nBye"}
NO_LIMITS = {
    "email-number": "",
    "email-period": "month",
    "email-per_second": "20",
    "sms-number": "",
    "sms-period": "month",
    "sms-per_second": "20",
}


@pytest.fixture
def page(client_of, owner):
    return client_of(owner)


@pytest.fixture
def template(workspace):
    return MessageTemplate.objects.create(
        workspace=workspace, name="Reminder", channel=Channel.SMS, body="Hi"
    )


def audited() -> list[str]:
    return [f"{entry.verb} {entry.subject}" for entry in AuditEntry.objects.order_by("pk")]


def test_a_template_is_added(page, workspace):
    assert page.post(NEW, ANSWERS).url == TEMPLATES

    template = MessageTemplate.objects.get()
    assert (template.workspace, template.channel) == (workspace, Channel.EMAIL)
    assert template.body == "As {opening}\n\nBye"
    assert audited() == ["added the message template Welcome (E-mail)"]
    assert "Welcome" in page.get(TEMPLATES).content.decode()


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        (
            "body",
            "Hi {frist_name}",
            "The placeholder {frist_name} does not exist. Use one of {first_name}",
        ),
        ("subject", "Hi {first_name", "has a { without its partner"),
        ("subject", "", "This field is required."),
        ("name", "reminder", "There is already a template called “reminder”."),
        ("body", "x" * 20_001, "The text has 20,001 characters; the limit is 20,000."),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_saved(
    page, template, field, text, error
):
    response = page.post(NEW, ANSWERS | {field: text})

    assert response.status_code == 422
    assert error in " ".join(response.context["form"].errors[field])
    assert MessageTemplate.objects.count() == 1
    assert audited() == []


def test_a_template_is_changed(page, template):
    assert page.post(f"{TEMPLATES}{template.pk}/", {"name": "Reminder", "body": "Hello"}).url

    template.refresh_from_db()
    assert (template.channel, template.subject, template.body) == ("sms", "", "Hello")
    assert audited() == ["changed the message template Reminder (SMS)"]


def test_a_template_is_deleted_after_a_question(page, template):
    address = f"{TEMPLATES}{template.pk}/delete/"
    assert "Delete the template “Reminder”?" in page.get(address).content.decode()
    assert MessageTemplate.objects.exists()

    page.post(address)

    assert not MessageTemplate.objects.exists()
    assert audited() == ["deleted the message template Reminder"]


def test_an_unknown_channel_is_not_found(page):
    assert page.get("/settings/templates/new/fax/").status_code == 404
    assert page.post("/settings/templates/preview/fax/").status_code == 404


def test_the_preview_is_for_the_newest_candidate(page, candidate):
    answers = {"subject": "Hi {first_name}", "body": "In <{attribute:City}>"}

    shown = page.post("/settings/templates/preview/email/", answers).content.decode()

    assert "Hi Maria" in shown
    assert "In &lt;Manila&gt;" in shown
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "{attribute:Shoe}",
            "Would not be sent to <bdi>Maria Santos</bdi>: The template needs a value",
        ),
        ("{oops}", "The placeholder {oops} does not exist."),
        ("", "The preview shows your message"),
    ],
)
def test_the_preview_says_why_there_is_none(page, candidate, body, said):
    shown = page.post("/settings/templates/preview/sms/", {"body": body}).content.decode()

    assert said in shown


def test_the_preview_without_a_candidate(page):
    shown = page.post("/settings/templates/preview/sms/", {"body": "Hi"}).content.decode()

    assert "Once there is a candidate" in shown


def test_limits_are_set(page, workspace):
    changes = {"sms-number": "1000", "sms-period": "day", "email-per_second": ""}

    assert page.post(LIMITS, NO_LIMITS | changes).url == LIMITS

    assert limits.left(workspace, Channel.SMS) == 1000
    assert limits.left(workspace, Channel.EMAIL) is None
    assert MessageLimit.objects.get(channel=Channel.EMAIL).per_second is None
    assert audited() == [
        "changed the message limit E-mail: from 20 a second to no rate",
        "changed the message limit SMS: from no limit to 1,000 a day",
    ]


def test_nothing_changed_is_nothing_to_tell(page):
    page.post(LIMITS, NO_LIMITS)

    assert audited() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"sms-number": "-1"},
        {"sms-number": "many"},
        {"sms-period": "week"},
        {"sms-per_second": "0"},
    ],
)
def test_of_wrong_limits_none_is_kept(page, workspace, wrong):
    response = page.post(LIMITS, NO_LIMITS | {"email-number": "5"} | wrong)

    assert response.status_code == 422
    assert limits.left(workspace, Channel.EMAIL) is None
    assert audited() == []


def test_the_page_shows_what_is_used(page, workspace, set_limit):
    set_limit(number=4)
    limits.reserve(workspace, Channel.SMS)

    shown = " ".join(page.get(LIMITS).content.decode().split())

    assert "1 of 4 used, 3 left. Resets on" in shown
    assert "0 sent since" in shown
    assert "Sending is off: these messages are only logged" in shown


def test_looking_at_the_page_makes_no_rows(page):
    page.get(LIMITS)

    assert not MessageLimit.objects.exists()


@pytest.mark.parametrize("address", [TEMPLATES, NEW, LIMITS])
@pytest.mark.parametrize("member", ["admin_member", "recruiter", "support"])
def test_only_an_owner_gets_in(request, client_of, owner, address, member):
    client = client_of(request.getfixturevalue(member))

    assert client.get(address).status_code == 403
    assert client.post(address, ANSWERS | NO_LIMITS).status_code in (403, 405)
    assert not MessageTemplate.objects.exists()


def test_another_workspace_s_template_is_not_found(client_of, stranger, template):
    client = client_of(stranger)

    assert client.get(f"{TEMPLATES}{template.pk}/").status_code == 404
    assert client.post(f"{TEMPLATES}{template.pk}/delete/").status_code == 404
    assert MessageTemplate.objects.exists()
