"""Sharing shows exactly the selected ones, by one link, in one e-mail, until it ends."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.share_with_reviewer import (
    ShareEmail,
    ShareForm,
    ShareWithReviewer,
)
from pipeline.bulk_actions.pages.outcome_lists import OutcomeList, Which
from pipeline.bulk_actions.pages.timeline import outcomes
from pipeline.candidates.models import Candidate
from pipeline.candidates.models.share import Share
from pipeline.candidates.sharing.links import link_to
from pipeline.candidates.sharing.shown import FIELDS
from pipeline.outreach import delivery, limits
from pipeline.outreach.models import Channel, Message, MessageLimit
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.providers import fast as fast
from tests.providers import mail_server as mail_server

REVIEWER = "rita@client.example"
START, NEW = reverse("bulk_actions:history"), reverse("bulk_actions:new")

pytestmark = pytest.mark.usefixtures("fast", "address")


@pytest.fixture
def address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://belay.example.com"


@pytest.fixture
def start(recruiter: User, settings: Any) -> Callable[..., BulkAction]:
    """Orders that all whom the one who starts it sees are shared, in chunks of two."""
    Workspace.objects.update(start_delay_seconds=0)
    settings.BULK_CHUNK_SIZE = 2

    def start(note: str = "", days: int = 7, by: User = recruiter) -> BulkAction:
        action, _ = start_bulk_action(
            user=User.objects.get(pk=by.pk),
            operation=ShareWithReviewer({"reviewer": REVIEWER, "note": note, "days": days}),
            candidates=Candidate.objects.visible_to(by),
            key=uuid4(),
        )
        return action

    return start


def run(action: BulkAction) -> BulkAction:
    lane.work_on(action.pk, 0)
    action.refresh_from_db()
    return action


def one_chunk(action: BulkAction) -> None:
    action.start()
    lane.process_next_chunk(action, operation_of(action))


def boxes(page: Any) -> list[Any]:
    """Of what can be shown, in the dialog."""
    form = page.context["order"].options
    return [box for name in ("shows", "attributes") for box in form[name]]


def ticked(page: Any) -> list[str]:
    return [box.data["value"] for box in boxes(page) if box.data["selected"]]


def review(client: Client, action: BulkAction) -> str:
    return client.get(action.get_absolute_url()).content.decode()


def test_all_are_in_one_share_and_its_link_in_one_e_mail(
    start, make_candidates, recruiter, mail_server
):
    people = make_candidates(5)

    action = run(start(note="Who can start in May?"))

    share = Share.objects.get()
    [mail] = mail_server.by_recipient[REVIEWER]
    assert (action.status, action.changed) == ("completed", 5)
    assert set(share.still_there) == set(people)
    assert timedelta(days=6.9) < share.expires_at - timezone.now() < timedelta(days=7)
    assert "Ana Ruiz of Acme asks you to review 5 candidates." in mail
    assert "Who can start in May?" in mail
    assert link_to(share) in re.sub("=\r?\n", "", mail)
    assert mail_server.count == 1


def test_the_e_mail_is_a_message_that_counts_against_the_limit(
    start, make_candidates, workspace, mail_server
):
    MessageLimit.objects.create(workspace=workspace, channel=Channel.EMAIL, number=10)
    make_candidates(1)

    action = run(start())

    message = Message.objects.get()
    assert (message.candidate, message.bulk_action_id) == (None, action.pk)
    assert (message.address, message.status) == (REVIEWER, "sent")
    assert limits.left(workspace, Channel.EMAIL) == 9


def test_the_dialog_asks_what_is_shown_and_begins_with_what_does_no_harm(
    client_of, recruiter, make_candidates
):
    make_candidates(2, attributes='{"City": "Leeds", "Landline": "020 7946 0111"}')
    make_candidates(1, full_name="Not selected", attributes='{"Verdict": "never again"}')
    picked = Candidate.objects.filter(full_name__startswith="Person")
    order = {"operation": "share_with_reviewer", "candidate": [each.pk for each in picked]}

    page = client_of(recruiter).get(NEW, order)

    assert [box.data["value"] for box in boxes(page)] == [*FIELDS, "City", "Landline"]
    assert ticked(page) == ["opening"]


def test_what_is_chosen_in_the_dialog_is_what_it_says_and_what_is_shown(
    client, client_of, recruiter, make_candidates, mail_server
):
    Workspace.objects.update(start_delay_seconds=0)
    make_candidates(1, attributes='{"City": "Leeds", "Landline": "020 7946 0111"}')
    order = {"operation": "share_with_reviewer", "select": "all", "key": uuid4()}
    order |= {"reviewer": REVIEWER, "days": 14, "shows": ["folder"], "attributes": ["City"]}
    member = client_of(recruiter)

    dialog = member.post(NEW, order).content.decode()
    member.post(START, order)
    action = run(BulkAction.objects.get())

    share = Share.objects.get()
    shown = client.get(link_to(share)).content.decode()
    assert "as it is then: Name, Folder, City. Nothing else" in dialog
    assert (share.shown_fields, share.shown_attributes) == (["folder"], ["City"])
    assert "It shows: Name, Folder, City." in review(member, action)
    assert [word in shown for word in ("Inbox", "Leeds", "Manila", "7946")] == [
        True,
        True,
        False,
        False,
    ]
    [mail] = mail_server.by_recipient[REVIEWER]
    assert [word for word in ("Inbox", "Leeds", "Manila", "7946", "Person") if word in mail] == []


def test_an_order_of_before_there_was_a_choice_shows_what_does_no_harm(
    start, make_candidates, mail_server
):
    make_candidates(1)

    run(start())

    share = Share.objects.get()
    assert (share.shown_fields, share.shown_attributes) == (["opening"], [])


@pytest.mark.parametrize("bad", [{"shows": "password"}, {"attributes": "x" * 1001}])
def test_what_can_not_be_shown_is_refused(client_of, recruiter, make_candidates, bad):
    make_candidates(1, attributes='{"City": "Leeds"}')
    order = {"operation": "share_with_reviewer", "select": "all", "key": uuid4()}

    answer = client_of(recruiter).post(START, order | {"reviewer": REVIEWER, "days": 14} | bad)

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()


def test_the_rest_is_shared_with_the_same_choice(start, make_candidates, recruiter, client_of):
    make_candidates(3)
    action = start()
    action.options |= {"shows": ["email"], "attributes": ["Gone by now"]}
    action.save(update_fields=["options"])
    action.cancel(by=recruiter)

    page = client_of(recruiter).get(NEW, {"of": action.pk, "select": "untouched"})

    assert ticked(page) == ["email", "Gone by now"]


def test_the_preview_is_what_happens(client_of, recruiter, make_candidates, mail_server):
    Workspace.objects.update(start_delay_seconds=0)
    make_candidates(3)
    order = {"operation": "share_with_reviewer", "select": "all", "key": uuid4()}
    order |= {"reviewer": REVIEWER, "note": "", "days": 14}
    client = client_of(recruiter)

    preview = client.post(NEW, order).context["order"].preview
    client.post(START, order)
    action = run(BulkAction.objects.get())

    assert preview.changes == action.changed == Share.objects.get().still_there.count() == 3


@pytest.mark.parametrize("answers", [{"reviewer": "rita"}, {"reviewer": ""}, {"days": 365}])
def test_what_is_no_answer_is_refused(client_of, recruiter, make_candidates, answers):
    make_candidates(1)
    order = {"operation": "share_with_reviewer", "select": "all", "key": uuid4()}
    order |= {"reviewer": REVIEWER, "days": 14} | answers

    answer = client_of(recruiter).post(START, order)

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()


def test_the_button_works_while_the_preview_is_fetched(client_of, recruiter, make_candidates):
    """Leaving a text field by pressing the button asks for a preview first: that press counts."""
    make_candidates(1)
    order = {"operation": "share_with_reviewer", "select": "all"}

    page = client_of(recruiter).post(NEW, order, headers={"HX-Request": "true"}).content.decode()

    assert 'hx-disabled-elt="#start-submit" hx-disinherit="hx-disabled-elt"' in page


def test_it_doesnt_start_where_no_link_can_be_made(client_of, recruiter, make_candidates, settings):
    settings.PUBLIC_URL = ""
    make_candidates(1)
    order = {"operation": "share_with_reviewer", "select": "all", "key": uuid4()}

    answer = client_of(recruiter).post(START, order | {"reviewer": REVIEWER, "days": 14})

    assert "no link can be made" in answer.content.decode()
    assert not BulkAction.objects.exists()


def test_canceled_in_the_middle_it_sends_nothing_and_has_shared_nobody(
    start, make_candidates, recruiter, client_of, mail_server
):
    make_candidates(5)
    action = start()
    one_chunk(action)
    action.cancel(by=recruiter)

    run(action)

    assert (action.status, action.changed, action.untouched) == ("canceled", 0, 5)
    assert len(list(OutcomeList(action, Which.UNTOUCHED, recruiter))) == 5
    assert not list(OutcomeList(action, Which.DONE, recruiter))
    assert not Message.objects.exists()
    assert mail_server.count == 0
    assert link_to(Share.objects.get()) not in review(client_of(recruiter), action)


def test_canceled_just_before_the_e_mail_it_sends_nothing(
    start, make_candidates, recruiter, mail_server, monkeypatch
):
    make_candidates(2)
    action = start()

    def cancel(self: object, within: float | None) -> float:
        action.cancel(by=recruiter)
        return 0

    monkeypatch.setattr("pipeline.outreach.pace.Pace.wait", cancel)
    run(action)

    assert (action.status, action.untouched) == ("canceled", 2)
    assert not Message.objects.exists()
    assert mail_server.count == 0


@pytest.mark.parametrize(("refused", "shared"), [("550 No such mailbox", 0), ("", 2)])
def test_canceled_while_the_e_mail_leaves_it_counts_what_came_of_it(
    start, make_candidates, recruiter, mail_server, monkeypatch, refused, shared
):
    make_candidates(2)
    action = start()
    hand_over = delivery.hand_over
    if refused:
        mail_server.misbehave("rcpt", refused)

    def cancel_meanwhile(*handed: Any) -> delivery.Result:
        action.cancel(by=recruiter)
        return hand_over(*handed)

    monkeypatch.setattr(delivery, "hand_over", cancel_meanwhile)
    run(action)

    assert (action.status, action.changed) == ("canceled", shared)
    assert action.changed + action.untouched == 2


def test_after_a_crash_between_chunks_it_goes_on_with_the_same_share(
    start, make_candidates, mail_server
):
    make_candidates(5)
    action = start()
    one_chunk(action)
    first = Share.objects.get()

    run(action)

    assert Share.objects.get() == first
    assert first.still_there.count() == 5


def test_after_a_crash_before_the_e_mail_it_is_sent_once(
    start, make_candidates, mail_server, monkeypatch
):
    make_candidates(1)
    action = start()
    with monkeypatch.context() as patched:
        patched.setattr(ShareWithReviewer, "send", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            lane.work_on(action.pk, 0)

    run(action)

    assert action.status == "completed"
    assert mail_server.count == 1


def test_after_a_crash_behind_the_e_mail_it_is_not_sent_again(
    start, make_candidates, mail_server, monkeypatch
):
    make_candidates(1)
    action = start()
    with monkeypatch.context() as patched:
        patched.setattr(BulkAction, "finish", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            lane.work_on(action.pk, 0)

    run(action)

    assert action.status == "completed"
    assert mail_server.count == 1


def test_after_a_crash_while_it_left_it_is_unconfirmed_and_not_sent_again(
    start, make_candidates, mail_server, monkeypatch
):
    make_candidates(1)
    action = start()
    with monkeypatch.context() as patched:
        patched.setattr(ShareEmail, "record", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            lane.work_on(action.pk, 0)

    run(action)

    assert action.status == "failed"
    assert "may or may not have arrived" in action.failure
    assert Message.objects.get().status == "unconfirmed"
    assert mail_server.count == 1


@pytest.mark.parametrize(
    ("at", "how", "status"),
    [("rcpt", "550 No such mailbox", "failed"), ("after_data", "reset", "unconfirmed")],
)
def test_an_e_mail_that_did_not_go_fails_it_and_the_page_has_the_link(
    start, make_candidates, client_of, recruiter, agent, mail_server, at, how, status
):
    make_candidates(1)
    mail_server.misbehave(at, how)

    action = run(start())

    link = link_to(Share.objects.get())
    assert (action.status, action.processed, action.untouched) == ("failed", 0, 1)
    assert f"The e-mail to {REVIEWER} could not be sent" in action.failure
    assert Message.objects.get().status == status
    assert link in review(client_of(recruiter), action)
    assert link not in review(client_of(agent), action)


def test_a_mail_server_that_is_away_fails_it_and_takes_nothing_off_the_limit(
    start, make_candidates, workspace, mail_server
):
    MessageLimit.objects.create(workspace=workspace, channel=Channel.EMAIL, number=10)
    make_candidates(1)
    mail_server.stop()

    action = run(start())

    assert action.status == "failed"
    assert action.processed == 0
    assert "Open Review to copy the link" in action.failure
    assert not Message.objects.exists()
    assert limits.left(workspace, Channel.EMAIL) == 10


def test_a_limit_that_is_used_up_halts_it_and_all_can_be_run_later(
    start, make_candidates, workspace, recruiter, client_of, mail_server
):
    MessageLimit.objects.create(workspace=workspace, channel=Channel.EMAIL, number=0)
    people = make_candidates(5)
    [somebody, *_] = people

    action = run(start())

    assert (action.status, action.processed, action.untouched) == ("halted", 0, 5)
    assert "The e-mail limit of 0" in action.failure
    assert mail_server.count == 0
    assert not [event for event in outcomes(somebody, recruiter) if action.title in event.text]
    assert "0 of" not in (page := review(client_of(recruiter), action))
    assert "5 untouched" in page
    assert "/shared/" not in page, "nobody gets the link of what was not shared"
    MessageLimit.objects.update(number=1)
    rest = {"of": action.pk, "select": "untouched", "key": uuid4()}
    client_of(recruiter).post(START, rest | ShareForm.answers(action.options))
    again = run(BulkAction.objects.get(follows=action))
    assert (again.status, again.changed, mail_server.count) == ("completed", 5, 1)
    assert set(Share.objects.get(bulk_action_id=again.pk).still_there) == set(people)


def test_the_preview_warns_of_a_limit_that_is_used_up(
    client_of, recruiter, make_candidates, workspace
):
    MessageLimit.objects.create(workspace=workspace, channel=Channel.EMAIL, number=0)
    make_candidates(3)
    order = {"operation": "share_with_reviewer", "select": "all"}

    shown = client_of(recruiter).post(NEW, order | {"reviewer": REVIEWER, "days": 14})

    assert shown.context["order"].preview.changes == 0
    assert "No e-mails left" in (page := shown.content.decode())
    assert "will be Halted" in page


def test_who_left_the_openings_before_their_turn_is_not_shared(
    start, make_candidates, other_opening, limited, mail_server
):
    make_candidates(2)
    action = start(by=limited)
    gone = Candidate.objects.order_by("pk")[0]
    Candidate.objects.filter(pk=gone.pk).update(opening=other_opening, folder=other_opening.inbox)

    run(action)

    assert (action.changed, action.failed) == (1, 1)
    assert gone not in Share.objects.get().still_there


def test_when_nobody_is_left_there_is_nothing_to_share(start, make_candidates, mail_server):
    make_candidates(1)
    action = start()
    Candidate.objects.all().delete()

    run(action)

    assert (action.status, action.processed) == ("failed", 0)
    assert "nothing was shared" in action.failure
    assert mail_server.count == 0


# --- the link on the review page ---


def test_the_link_is_for_who_may_order_and_sees_all_of_it(
    start, make_candidates, other_opening, client_of, recruiter, limited, agent, mail_server
):
    make_candidates(1)
    make_candidates(1, other_opening)
    action = run(start())
    link = link_to(Share.objects.get())

    assert link in review(client_of(recruiter), action)
    assert link not in review(client_of(limited), action)
    assert link not in review(client_of(agent), action)


def test_a_revoked_link_shows_nothing_any_more(
    start, make_candidates, client, client_of, recruiter, mail_server
):
    make_candidates(1)
    action = run(start())
    path = link_to(Share.objects.get()).removeprefix("https://belay.example.com")
    before = client.get(path)

    answer = client_of(recruiter).post(reverse("bulk_actions:revoke", args=[action.pk]))

    assert (before.status_code, client.get(path).status_code) == (200, 410)
    assert answer.status_code == 303
    assert AuditEntry.objects.filter(verb="revoked the link of", actor=recruiter).count() == 1
    assert "and no longer shows the candidates" in review(client_of(recruiter), action)


@pytest.mark.parametrize(("who", "status"), [("agent", 403), ("support", 403), ("stranger", 404)])
def test_others_revoke_nothing(
    request, start, make_candidates, client_of, mail_server, who, status
):
    make_candidates(1)
    action = run(start())
    client = client_of(request.getfixturevalue(who))

    answer = client.post(reverse("bulk_actions:revoke", args=[action.pk]))

    assert answer.status_code == status
    assert Share.objects.get().is_open
