"""SMS over a stand-in for Twilio: what each way to misbehave says about the message."""

import time
from typing import Any, cast

import pytest

from pipeline.outreach import delivery, optouts
from pipeline.outreach.models import Channel, MessageStatus
from pipeline.outreach.senders import NotTaken, Unavailable, Unconfirmed, sender_for
from tests.providers import TIMEOUT

pytestmark = pytest.mark.usefixtures("fast")


@pytest.fixture
def sender(sms_provider):
    sender = sender_for(Channel.SMS)
    yield sender
    sender.close()


def test_it_arrives_as_written(sender, sms_provider, make_message, candidate):
    sent = sender.send(make_message(body="Grüße & more"))

    assert sms_provider.by_recipient == {candidate.phone: ["Grüße & more"]}
    assert sent.startswith("SM")


@pytest.mark.parametrize(
    "how", ["hang", "reset", "garbage", "500 20500 Internal", "503 0 Away", "302 0 Elsewhere"]
)
def test_without_a_clear_answer_it_is_unconfirmed(sender, sms_provider, make_message, how):
    sms_provider.misbehave("post", how)

    with pytest.raises(Unconfirmed, match="may or may not have been sent"):
        sender.send(make_message())

    assert sms_provider.count == 1  # asked once, however it answered


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("400 21211 The 'To' number x is not valid.", "refused it: the phone number is not valid."),
        (
            "400 21610 Unsubscribed",
            "refused it: they replied STOP and get no SMS from this number.",
        ),
        ("400 21999 Something new", "refused it: Something new."),
        ("429 20429 Too many requests", "refused it: Too many requests."),
    ],
)
def test_a_refusal_is_not_taken_and_says_why(sender, sms_provider, make_message, how, reason):
    sms_provider.misbehave("post", how)

    with pytest.raises(NotTaken, match=reason):
        sender.send(make_message())


def test_a_number_that_told_the_provider_to_stop_is_opted_out_here(
    sender, sms_provider, make_message
):
    sms_provider.misbehave("post", "400 21610 Unsubscribed")
    message = make_message()
    message.begun_at = delivery.clock()

    result = delivery.hand_over(cast("Any", None), sender, message)  # nobody asks its owner so soon

    assert result.status == MessageStatus.FAILED
    assert optouts.is_opted_out(message.workspace_id, Channel.SMS, message.address)


@pytest.mark.parametrize("how", ["401 20003 Authenticate", "403 20003 Account is suspended"])
def test_a_refused_account_is_unavailable(sender, sms_provider, make_message, how):
    sms_provider.misbehave("post", how)

    with pytest.raises(Unavailable, match="refused the credentials"):
        sender.send(make_message())


def test_a_provider_that_is_not_there_is_unavailable(sender, sms_provider, make_message):
    sms_provider.stop()

    with pytest.raises(Unavailable, match=r"The SMS provider can't be reached\."):
        sender.send(make_message())


def test_an_account_that_is_not_set_up_is_unavailable(sms_provider, settings):
    settings.TWILIO_AUTH_TOKEN = ""

    with pytest.raises(Unavailable, match="not set up"):
        sender_for(Channel.SMS).open()


def test_after_a_silence_the_next_one_goes(sender, sms_provider, make_message):
    sms_provider.misbehave("post", "hang", times=1)
    begun = time.monotonic()
    with pytest.raises(Unconfirmed):
        sender.send(make_message())
    assert time.monotonic() - begun < TIMEOUT * 2

    sender.send(make_message(address="+447700900123"))

    assert sms_provider.count == 2
    assert sms_provider.twice == []


def test_no_reason_tells_the_account(sender, sms_provider, make_message, settings):
    sms_provider.misbehave("post", "reset")

    with pytest.raises(Unconfirmed) as error:
        sender.send(make_message())

    assert settings.TWILIO_ACCOUNT_SID not in str(error.value)
