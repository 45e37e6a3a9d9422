"""E-mail over a real SMTP server: what each way to misbehave says about the message."""

import email
import email.policy
import time

import pytest

from pipeline.outreach.models import Channel
from pipeline.outreach.senders import NotTaken, Unavailable, Unconfirmed, sender_for
from tests.providers import TIMEOUT

pytestmark = pytest.mark.usefixtures("fast")


@pytest.fixture
def sender(mail_server):
    sender = sender_for(Channel.EMAIL)
    yield sender
    sender.close()


@pytest.fixture
def message(make_message):
    return make_message(Channel.EMAIL)


def test_it_arrives_as_written(sender, mail_server, make_message, candidate):
    message = make_message(Channel.EMAIL, subject="Grüße", body="Línea\n.\nNext")

    sent = sender.send(message)

    (text,) = mail_server.by_recipient[candidate.email]
    mail = email.message_from_bytes(text.encode(), policy=email.policy.default)
    assert (mail["Subject"], mail["To"]) == ("Grüße", candidate.email)
    assert mail.get_content().replace("\r\n", "\n").startswith("Línea\n.\nNext")
    assert sent == mail["Message-ID"] == f"<belay-{message.pk}@localhost>"


def test_many_share_a_connection(sender, mail_server, make_message):
    for number in range(20):
        sender.send(make_message(Channel.EMAIL, address=f"{number}@example.org"))

    assert (mail_server.connections, mail_server.count) == (1, 20)


@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail"])
@pytest.mark.parametrize("how", ["hang", "reset", "close", "421 Too busy"])
def test_before_anything_is_said_of_the_message_it_is_unavailable(
    sender, mail_server, message, step, how
):
    mail_server.misbehave(step, how)

    within_time(Unavailable, sender, message)

    assert mail_server.count == 0


def test_a_server_that_is_not_there_is_unavailable(sender, mail_server, message):
    mail_server.stop()

    with pytest.raises(Unavailable, match=r"The mail server can't be reached\."):
        sender.open()


def test_a_refused_login_is_unavailable(mail_server, message, settings):
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = "wrong"
    mail_server.misbehave("auth", "535 Wrong password")

    with pytest.raises(Unavailable, match=r"refused the credentials: 535 Wrong password\."):
        sender_for(Channel.EMAIL).open()


@pytest.mark.parametrize("how", ["hang", "reset", "close"])
def test_a_connection_lost_before_the_text_left_means_not_taken(sender, mail_server, message, how):
    mail_server.misbehave("rcpt", how)

    within_time(NotTaken, sender, message)

    assert mail_server.count == 0


@pytest.mark.parametrize("step", ["data", "after_data"])
@pytest.mark.parametrize("how", ["hang", "reset", "close", "299 What?", "nonsense"])
def test_from_then_on_it_is_unconfirmed(sender, mail_server, message, step, how):
    if (step, how) == ("data", "nonsense"):
        how = "999 nonsense"
    mail_server.misbehave(step, how)

    within_time(Unconfirmed, sender, message)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "after_data"])
@pytest.mark.parametrize("answer", ["450 Try later", "550 No such user"])
def test_an_answer_of_no_means_not_taken(sender, mail_server, message, step, answer):
    mail_server.misbehave(step, answer)

    with pytest.raises(NotTaken, match=f"The mail server refused it: {answer}\\."):
        sender.send(message)

    assert mail_server.count == 0


def test_after_a_refusal_the_connection_is_kept(sender, mail_server, make_message):
    mail_server.misbehave("rcpt", "550 No such user", times=1)
    with pytest.raises(NotTaken):
        sender.send(make_message(Channel.EMAIL))

    sender.send(make_message(Channel.EMAIL))

    assert (mail_server.connections, mail_server.count) == (1, 1)


@pytest.mark.parametrize("how", ["hang", "reset", "close"])
def test_after_a_break_the_next_message_opens_another_connection(
    sender, mail_server, make_message, how
):
    mail_server.misbehave("after_data", how, times=1)
    with pytest.raises(Unconfirmed):
        sender.send(make_message(Channel.EMAIL, address="first@example.org"))

    sender.send(make_message(Channel.EMAIL, address="second@example.org"))

    assert mail_server.connections == 2
    assert mail_server.twice == []


@pytest.mark.parametrize("step", ["mail", "rcpt"])
@pytest.mark.parametrize("how", ["421 Enough for now", "close", "reset"])
def test_a_server_that_has_had_enough_of_a_connection_gets_another(
    sender, mail_server, make_message, step, how
):
    sender.send(make_message(Channel.EMAIL, address="first@example.org"))
    mail_server.misbehave(step, how, times=1)

    sender.send(make_message(Channel.EMAIL, address="second@example.org"))

    assert (mail_server.connections, mail_server.count) == (2, 2)
    assert mail_server.twice == []


def test_closing_never_fails(sender, mail_server, message):
    sender.send(message)
    mail_server.misbehave("quit", "hang")

    sender.close()
    sender.close()


def test_django_s_own_backend_is_believed_no_more_than_it_tells(mail_server, message, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    mail_server.misbehave("rcpt", "close")

    within_time(Unconfirmed, sender_for(Channel.EMAIL), message)


def test_an_address_that_can_t_be_written_is_not_taken(sender, make_message, mail_server):
    with pytest.raises(NotTaken):
        sender.send(make_message(Channel.EMAIL, address="a\nb@example.org"))


def within_time(error, sender, message):
    """`error` comes, and not after more than one silence of the server."""
    begun = time.monotonic()
    with pytest.raises(error):
        sender.send(message)
    assert time.monotonic() - begun < TIMEOUT * 2 + 0.3
