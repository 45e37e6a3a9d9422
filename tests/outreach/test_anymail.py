"""E-mail through a provider's API, with one of django-anymail's backends."""

import pytest

from pipeline.outreach.models import Channel
from pipeline.outreach.senders import NotTaken, Unavailable, Unconfirmed, sender_for
from tests.providers import TIMEOUT

pytestmark = pytest.mark.usefixtures("fast")


@pytest.fixture
def sender(sms_provider, settings):
    """The same HTTP server, spoken to as if it were Mailgun's."""
    settings.EMAIL_SENDER = "email"
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {
        "MAILGUN_API_KEY": "secret",
        "MAILGUN_API_URL": f"{sms_provider.url}/v3",
        "REQUESTS_TIMEOUT": TIMEOUT,
    }
    sender = sender_for(Channel.EMAIL)
    yield sender
    sender.close()


@pytest.fixture
def message(make_message):
    return make_message(Channel.EMAIL)


def test_it_arrives(sender, sms_provider, message):
    assert sender.send(message) == "<1@mail.test>"

    assert sms_provider.by_recipient == {message.address: [message.body]}


@pytest.mark.parametrize(
    ("how", "error", "reason"),
    [
        ("400 0 Domain is off", NotTaken, "The e-mail provider refused it: Domain is off."),
        ("429 0 Too many", NotTaken, "refused it: Too many."),
        ("401 0 Forbidden", Unavailable, "refused the credentials: Forbidden."),
        (
            "500 0 Oops",
            Unconfirmed,
            "answered with 500: the message may or may not have been sent.",
        ),
        ("hang", Unconfirmed, "did not answer in time"),
        ("reset", Unconfirmed, "broke: the message may or may not have been sent."),
        ("garbage", Unconfirmed, "may or may not have been sent."),
    ],
)
def test_each_way_to_misbehave(sender, sms_provider, message, how, error, reason):
    sms_provider.misbehave("post", how)

    with pytest.raises(error, match=reason):
        sender.send(message)


def test_a_provider_that_is_not_there_is_unavailable(sender, sms_provider, message):
    sms_provider.stop()

    with pytest.raises(Unavailable, match="can't be reached"):
        sender.send(message)


def test_an_address_that_makes_no_sense_is_not_taken(sender, make_message):
    with pytest.raises(NotTaken):
        sender.send(make_message(Channel.EMAIL, address="not an address"))
