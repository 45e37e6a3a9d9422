"""Messages in what happened to a candidate, and in the admin."""

import pytest
from django.urls import reverse

from pipeline.outreach.models import Channel, MessageStatus
from pipeline.workspaces.models import User


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"status": MessageStatus.SENT, "subject": ""}, "SMS sent"),
        (
            {"channel": Channel.EMAIL, "status": MessageStatus.FAILED, "problem": "No such user."},
            "E-mail “Hello” failed: No such user.",
        ),
        (
            {"status": MessageStatus.UNCONFIRMED, "subject": "", "problem": "No answer."},
            "SMS unconfirmed: No answer.",
        ),
    ],
)
def test_the_profile_tells_of_each_message_with_its_text(
    client_of, recruiter, candidate, make_message, fields, line
):
    make_message(**fields, body="Good <news>")

    page = client_of(recruiter).get(candidate.get_absolute_url()).content.decode()

    assert f"<div>{line}</div>" in page
    assert "Good &lt;news&gt;" in page


def test_operators_look_at_messages_and_change_none(client_of, make_message):
    message = make_message()
    client = client_of(User.objects.create_superuser("root@example.com", "x"))

    assert client.get(reverse("admin:outreach_message_changelist")).status_code == 200
    address = reverse("admin:outreach_message_change", args=[message.pk])
    assert "Good news" in client.get(address).content.decode()
    assert client.post(address, {"body": "x"}).status_code == 403
    assert client.get(reverse("admin:outreach_message_add")).status_code == 403


@pytest.mark.parametrize("model", ["messagetemplate", "optout", "messagelimit"])
def test_operators_reach_the_rest(client_of, db, model):
    client = client_of(User.objects.create_superuser("root@example.com", "x"))

    assert client.get(reverse(f"admin:outreach_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:outreach_{model}_add")).status_code == 200
