import pytest

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Channel, Message, MessageLimit, MessageTemplate
from tests.providers import fast, mail_server, sms_provider

__all__ = ["fast", "mail_server", "sms_provider"]


@pytest.fixture
def set_limit(workspace):
    """`set_limit(channel, number, period)` of the workspace."""

    def set_limit(channel=Channel.SMS, number=None, period="month", per_second=None):
        fields = {"number": number, "period": period, "per_second": per_second}
        MessageLimit.objects.update_or_create(workspace=workspace, channel=channel, defaults=fields)

    return set_limit


@pytest.fixture
def candidate(make_candidates) -> Candidate:
    """Maria, newly come, with all that a template may ask for but a recruiter."""
    pk = make_candidates(
        1,
        first_name="Maria",
        last_name="Santos",
        full_name="Maria Santos",
        email="Maria.Santos@example.org",
        phone="+639171234567",
        attributes='{"City": "Manila", "Years of experience": 0, "Note": null}',
    )[0].pk
    people = Candidate.objects.select_related("workspace", "opening", "folder", "recruiter__user")
    return people.get(pk=pk)


@pytest.fixture
def make_message(workspace, candidate):
    """`make_message(channel, **fields)`: one that is about to be handed over."""

    def make(channel=Channel.SMS, **fields) -> Message:
        address = candidate.phone if channel == Channel.SMS else candidate.email
        return Message.objects.create(
            workspace=workspace,
            channel=channel,
            **{
                "candidate": candidate,
                "address": address,
                "subject": "Hello",
                "body": "Good news",
                **fields,
            },
        )

    return make


@pytest.fixture
def make_template(workspace):
    def make(body, subject="", channel=Channel.EMAIL) -> MessageTemplate:
        return MessageTemplate(
            workspace=workspace, name="Welcome", channel=channel, subject=subject, body=body
        )

    return make
