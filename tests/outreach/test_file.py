"""The senders of a laptop, which reach nobody."""

import json

import pytest

from pipeline.outreach.models import Channel, Message
from pipeline.outreach.senders import Unavailable, sender_for

from .test_limits import together


@pytest.fixture
def outbox(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path / "outbox"


def lines_of(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_each_message_is_a_line(outbox, make_message):
    sender = sender_for(Channel.EMAIL)
    sender.open()
    message = make_message(Channel.EMAIL, subject="Grüße", body="One\nTwo")

    assert sender.send(message) == f"file-{message.pk}"
    sender.close()

    (line,) = lines_of(outbox / "email.jsonl")
    assert line["to"] == message.address
    assert (line["subject"], line["body"]) == ("Grüße", "One\nTwo")
    assert (outbox / "email.jsonl").stat().st_mode & 0o777 == 0o600


def test_many_may_write_at_once_and_no_line_is_torn(outbox):
    def lane() -> None:
        sender = sender_for(Channel.SMS)
        for number in range(300):
            sender.send(Message(pk=number, channel=Channel.SMS, address="+1", body="x" * 3000))
        sender.close()

    together(4, lane)

    assert len(lines_of(outbox / "sms.jsonl")) == 1200


def test_an_outbox_that_can_t_be_written_is_unavailable(settings, tmp_path):
    (tmp_path / "outbox").write_text("a file where the folder should be")
    settings.DATA_DIR = tmp_path

    with pytest.raises(Unavailable):
        sender_for(Channel.SMS).open()


@pytest.mark.django_db
def test_the_console(settings, capsys):
    settings.SMS_SENDER = "console"

    sender_for(Channel.SMS).send(Message(pk=7, channel=Channel.SMS, address="+1", body="Hello"))

    assert capsys.readouterr().out.startswith('SMS: {"message": 7')
