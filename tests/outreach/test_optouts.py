"""Who wants no messages: said by a recruiter on the profile, or by the reader of an e-mail."""

import email
import email.policy

import pytest
from django.core.signing import Signer
from django.test import Client

from pipeline.candidates.models import Candidate
from pipeline.outreach import optouts
from pipeline.outreach.models import Channel, OptOut
from pipeline.outreach.senders import sender_for
from pipeline.outreach.unsubscribing import link_for, signer
from pipeline.workspaces.models.audit import AuditEntry


def test_it_holds_for_the_address_however_it_is_written(workspace, candidate):
    optouts.opt_out(workspace, Channel.EMAIL, " MARIA.santos@Example.org ")

    assert optouts.is_opted_out(workspace.pk, Channel.EMAIL, candidate.email)
    assert not optouts.is_opted_out(workspace.pk, Channel.SMS, candidate.phone)


def test_all_applications_of_a_person_are_found_at_once(
    workspace, candidate, make_candidates, other_opening, stranger
):
    again = make_candidates(1, other_opening, email="maria.santos@example.org")[0]
    make_candidates(5)
    foreign = stranger.membership.workspace.openings.get()
    make_candidates(1, foreign, email="maria.santos@example.org")
    optouts.opt_out(workspace, Channel.EMAIL, candidate.email)

    found = optouts.opted_out(Candidate.objects.all(), Channel.EMAIL)

    assert {each.pk for each in found} == {candidate.pk, again.pk}


def test_opting_out_twice_is_once(workspace):
    assert optouts.opt_out(workspace, Channel.SMS, "+1")
    assert not optouts.opt_out(workspace, Channel.SMS, "+1")
    assert optouts.opt_in(workspace, Channel.SMS, "+1")
    assert not optouts.opt_in(workspace, Channel.SMS, "+1")


# --- on the profile ---


def test_a_recruiter_stops_and_allows_messages(client_of, recruiter, workspace, candidate):
    client, address = client_of(recruiter), f"/candidates/{candidate.pk}/opt-outs/sms/"

    assert client.post(address).url == candidate.get_absolute_url()
    assert optouts.is_opted_out(workspace.pk, Channel.SMS, candidate.phone)
    assert "<strong>opted out</strong>" in client.get(candidate.get_absolute_url()).content.decode()

    client.post(address, {"allow": "1"})
    assert not OptOut.objects.exists()
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["stopped", "allowed"]


def test_htmx_gets_the_fragment(client_of, recruiter, candidate):
    address = f"/candidates/{candidate.pk}/opt-outs/email/"

    shown = client_of(recruiter).post(address, headers={"HX-Request": "true"}).content.decode()

    assert shown.strip().startswith('<section class="card mt-3" id="opt-outs"')
    assert "Allow e-mails" in shown


def test_who_may_not_start_may_look_only(client_of, support, candidate):
    client = client_of(support)

    assert client.post(f"/candidates/{candidate.pk}/opt-outs/sms/").status_code == 403
    page = client.get(candidate.get_absolute_url()).content.decode()
    assert "SMS: allowed" in page
    assert "Stop SMS" not in page
    assert not OptOut.objects.exists()


def test_a_foreign_candidate_and_an_unknown_channel_are_not_found(
    client_of, stranger, recruiter, candidate
):
    foreign = client_of(stranger).post(f"/candidates/{candidate.pk}/opt-outs/sms/")
    unknown = client_of(recruiter).post(f"/candidates/{candidate.pk}/opt-outs/fax/")

    assert (foreign.status_code, unknown.status_code) == (404, 404)


# --- by the link in an e-mail ---


@pytest.fixture
def link(settings, make_message):
    settings.PUBLIC_URL = "https://belay.example.com/"
    return link_for(make_message(Channel.EMAIL))


def test_the_link_leads_to_a_question_and_then_stops_them(client, link, workspace, candidate):
    address = link.removeprefix("https://belay.example.com")

    assert "Stop these e-mails" in client.get(address).content.decode()
    assert not OptOut.objects.exists()

    assert "No more e-mails" in client.post(address).content.decode()
    assert optouts.is_opted_out(workspace.pk, Channel.EMAIL, candidate.email)


def test_a_mail_program_s_button_needs_no_page(link, workspace, candidate):
    client = Client(enforce_csrf_checks=True)

    client.post(link.removeprefix("https://belay.example.com"), {"List-Unsubscribe": "One-Click"})

    assert optouts.is_opted_out(workspace.pk, Channel.EMAIL, candidate.email)


@pytest.mark.parametrize("token", ["x", "WzEsImEiXQ:forged", "a:b:c"])
def test_a_forged_link_is_not_found(client, db, token):
    assert client.post(f"/unsubscribe/{token}/").status_code == 404


def test_a_link_signed_for_something_else_is_not_found(client, workspace):
    token = Signer(salt="other").sign_object([workspace.pk, "a@example.org"])

    assert client.post(f"/unsubscribe/{token}/").status_code == 404


def test_a_link_of_a_workspace_that_is_gone_is_not_found(client, db):
    assert client.get(f"/unsubscribe/{signer().sign_object([0, 'a@b.c'])}/").status_code == 404


def test_each_e_mail_carries_the_link(mail_server, link, make_message, candidate):
    sender_for(Channel.EMAIL).send(make_message(Channel.EMAIL))

    (text,) = mail_server.by_recipient[candidate.email]
    mail = email.message_from_bytes(text.encode(), policy=email.policy.default)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].strip() == f"<{link}>"
    assert f"You can stop these e-mails here: {link}" in mail.get_content()


def test_a_reviewer_s_e_mail_carries_none(settings, make_message):
    settings.PUBLIC_URL = "https://belay.example.com"

    assert link_for(make_message(Channel.EMAIL, candidate=None)) == ""


def test_without_a_public_address_there_is_none(settings, make_message):
    settings.PUBLIC_URL = ""

    assert link_for(make_message(Channel.EMAIL)) == ""
