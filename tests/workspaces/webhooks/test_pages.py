"""The owner's pages: endpoints, their log, and sending again."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from pipeline.workspaces.models import Role, User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from pipeline.workspaces.models.webhook import DeliveryState, WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.webhooks.forms import EndpointForm
from pipeline.workspaces.webhooks.sending import send_due
from tests.conftest import join
from tests.pages import one_line

from .conftest import Put, Receiver, data_of

LIST = "/settings/webhooks/"


@pytest.fixture
def browser(client_of: Any, owner: User) -> Client:
    client: Client = client_of(owner)
    return client


def page_of(endpoint: WebhookEndpoint, more: str = "") -> str:
    return f"{LIST}{endpoint.pk}/{more}"


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def test_an_endpoint_is_added_with_a_secret_and_an_entry_in_the_audit(
    browser: Client, receiver: Receiver, workspace: Workspace, owner: User
):
    data = {"url": receiver.url, "description": "Payroll", "events": ["task.canceled"]}

    answer = browser.post(f"{LIST}new/", data, follow=True)

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.workspace, endpoint.created_by) == (workspace, owner)
    assert endpoint.events == ["task.canceled"]
    assert endpoint.secret.startswith("whsec_")
    assert f'value="{endpoint.secret}" readonly' in answer.content.decode()
    assert AuditEntry.objects.get().subject == f"{receiver.url}: task.canceled"


def test_a_secret_is_shown_once_and_to_nobody_but_its_maker(
    browser: Client, client_of: Any, owner: User, receiver: Receiver, workspace: Workspace
):
    data = {"url": receiver.url, "description": "Payroll", "events": ["task.canceled"]}
    page = browser.post(f"{LIST}new/", data).headers["Location"]
    other_owner = client_of(join(workspace, Role.OWNER, "Otto Lang"))

    def shown(client: Client) -> bool:
        return WebhookEndpoint.objects.get().secret in one_line(client.get(page))

    assert not shown(other_owner)
    assert not browser.head(page).content
    assert [shown(browser), shown(browser)] == [True, False]

    browser.post(f"{page}rotate/")
    assert [shown(other_owner), shown(browser), shown(browser)] == [False, True, False]
    assert "It was shown once, when it was created" in one_line(browser.get(page))


def test_no_session_or_row_holds_a_secret_as_it_is(browser: Client, receiver: Receiver, db: None):
    browser.post(f"{LIST}new/", {"url": receiver.url, "events": ["task.canceled"]})
    endpoint = WebhookEndpoint.objects.get()
    browser.post(page_of(endpoint, "rotate/"))
    old, new = endpoint.secret, WebhookEndpoint.objects.get().secret

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(e)::text FROM workspaces_webhookendpoint AS e")
        ((row,),) = cursor.fetchall()
    kept = [row, str(dict(browser.session)), str(AuditEntry.objects.values())]

    for secret in (old, new):
        assert secret.startswith("whsec_")
        assert not any(secret.removeprefix("whsec_") in each for each in kept)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"url": "http://127.0.0.1/"}, "is not a public address"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "is not a public address"),
        ({"url": "https://ana:secret@example.com/"}, "user name and password"),
        ({"url": ""}, "This field is required"),
        ({"events": []}, "This field is required"),
        ({"events": ["task.burned"]}, "task.burned is not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_refused(
    wrong: dict[str, Any], complaint: str, browser: Client, db: None
):
    data = {"url": "https://93.184.216.34/", "events": ["task.created"]} | wrong

    answer = browser.post(f"{LIST}new/", data)

    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_it_is_changed_with_an_entry_and_without_one_when_nothing_changed(
    browser: Client, endpoint: WebhookEndpoint
):
    same = {"url": endpoint.url, "description": "Payroll", "events": endpoint.events}
    browser.post(page_of(endpoint), same)
    assert verbs() == []

    browser.post(page_of(endpoint), same | {"events": ["bulk_action.ended"]})

    secret = endpoint.secret
    endpoint.refresh_from_db()
    assert endpoint.events == ["bulk_action.ended"]
    assert endpoint.secret == secret
    assert verbs() == ["changed the webhook"]


def test_a_change_does_not_write_over_what_the_sender_notes_meanwhile(
    endpoint: WebhookEndpoint, owner: User
):
    data = {"url": endpoint.url, "description": "New", "events": ["task.created"]}
    form = EndpointForm(data, instance=WebhookEndpoint.objects.get())
    assert form.is_valid()
    WebhookEndpoint.objects.update(failing_since=timezone.now(), is_active=False)

    form.keep(by=owner)

    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.is_active) == ("New", False)
    assert endpoint.failing_since


def test_a_test_is_sent_whatever_it_listens_to_and_its_page_says_what_became_of_it(
    browser: Client, endpoint: WebhookEndpoint, receiver: Receiver
):
    page = browser.post(page_of(endpoint, "test/"), follow=True).content.decode()
    assert "It will be sent within a minute." in page
    assert 'hx-trigger="every 2s"' in page

    send_due()

    ((_, body),) = receiver.got
    assert data_of(body) == {"message": "Olga Berg sent this test from Belay."}
    page = browser.get(WebhookDelivery.objects.get().get_absolute_url()).content.decode()
    assert "Delivered" in page
    assert "Thanks" in page
    assert "webhook-signature: v1," in page
    assert "every 2s" not in page


def test_a_try_under_way_has_a_badge_of_its_own(browser: Client, put: Put):
    (delivery,) = put(1)
    delivery.attempts.create()

    page = one_line(browser.get(delivery.get_absolute_url()))

    assert re.search(r'<span class="badge bg-secondary-lt"> ?Open</span>', page)


def test_a_new_secret_is_asked_for_and_made(browser: Client, endpoint: WebhookEndpoint):
    old = endpoint.secret
    question = browser.get(page_of(endpoint, "rotate/"), headers={"HX-Request": "true"})
    sentence = "For 24 hours everything is signed with both the old and the new secret"
    assert sentence in question.content.decode()
    assert "<html" not in question.content.decode()

    browser.post(page_of(endpoint, "rotate/"))

    endpoint.refresh_from_db()
    assert endpoint.secret != old
    assert endpoint.secrets == [endpoint.secret, old]
    assert verbs() == ["rotated the secret of the webhook"]
    assert old not in str(AuditEntry.objects.get().subject)


def test_it_is_switched_off_and_on(browser: Client, endpoint: WebhookEndpoint):
    for _ in range(2):
        page = browser.post(page_of(endpoint, "off/"), follow=True).content.decode()
        assert "Olga Berg switched it off." in page
    WebhookEndpoint.objects.update(failing_since=timezone.now())
    browser.post(page_of(endpoint, "on/"))

    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failing_since) == (True, None)
    assert verbs() == ["switched off the webhook", "switched on the webhook"]


def test_it_is_deleted_after_a_question(browser: Client, endpoint: WebhookEndpoint, put: Put):
    (delivery,) = put()
    question = browser.get(page_of(endpoint, "delete/")).content.decode()
    assert "Delete the webhook “Payroll”?" in question

    browser.post(page_of(endpoint, "delete/"))

    assert verbs() == ["deleted the webhook"]
    assert "Payroll" not in browser.get(LIST).content.decode().split("</div>", 20)[-1]
    assert browser.get(page_of(endpoint)).status_code == 404
    assert browser.get(delivery.get_absolute_url()).status_code == 404


def rows(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]*/(\d+)/">', page)


def test_the_log_is_filtered_and_paged(
    browser: Client, endpoint: WebhookEndpoint, put: Put, monkeypatch: Any
):
    monkeypatch.setattr("pipeline.workspaces.webhooks.log.PAGE", 2)
    first = put(3)
    second = put(2, "task.canceled")
    WebhookDelivery.objects.filter(pk=first[0].pk).update(state=DeliveryState.FAILED)
    newest_first = [str(one.pk) for one in [*first, *second]][::-1]

    seen: list[str] = []
    address: str | None = page_of(endpoint, "deliveries/")
    while address:
        page = browser.get(address).content.decode()
        seen += rows(page)
        older = re.search(r'href="(\?before=\d+)">Older', page)
        address = page_of(endpoint, f"deliveries/{older[1]}") if older else None

    def found(query: str) -> list[str]:
        return rows(browser.get(page_of(endpoint, f"deliveries/{query}")).content.decode())

    assert seen == newest_first
    assert found("?event=task.canceled") == newest_first[:2]
    assert found("?state=failed&event=task.created") == [str(first[0].pk)]
    assert found("?state=failed&event=task.canceled") == []
    assert found("?state=burned") == []


def test_any_of_them_is_sent_again(browser: Client, put: Put, receiver: Receiver):
    (delivery,) = put()
    send_due()

    browser.post(f"{LIST}deliveries/{delivery.pk}/again/")
    send_due()

    assert receiver.ids == [delivery.message_id] * 2


def test_one_that_waits_for_hours_is_sent_at_once(browser: Client, put: Put, receiver: Receiver):
    (delivery,) = put()
    receiver.how = 500
    send_due()
    WebhookDelivery.objects.update(tries=7, next_attempt_at="2100-01-01T00:00Z")

    browser.post(f"{LIST}deliveries/{delivery.pk}/again/")
    send_due()

    delivery.refresh_from_db()
    assert len(receiver.got) == 2
    assert delivery.tries == 8, "it goes on where it was"


def test_all_failed_are_sent_again_and_no_others(
    browser: Client, put: Put, endpoint: WebhookEndpoint, receiver: Receiver, stranger: User
):
    deliveries = put(3)
    send_due()
    WebhookDelivery.objects.filter(pk__in=[one.pk for one in deliveries[:2]]).update(
        state=DeliveryState.FAILED
    )
    other = WebhookEndpoint.objects.create(
        workspace=stranger.membership.workspace, url=receiver.url, events=["task.created"]
    )
    other.deliveries.create(event="task.created", body="{}", state="failed", next_attempt_at=None)

    page = browser.post(page_of(endpoint, "deliveries/again/"), follow=True).content.decode()
    send_due()

    assert "2 failed deliveries are being sent again." in page
    assert sorted(receiver.ids[3:]) == sorted(one.message_id for one in deliveries[:2])
    assert other.deliveries.get().state == DeliveryState.FAILED
    assert verbs() == ["sent all failed again of the webhook"]


def test_the_list_says_who_fails_and_when_nobody_sends(
    browser: Client, endpoint: WebhookEndpoint, put: Put
):
    put(2)
    page = browser.get(LIST).content.decode()
    assert "2 pending" in page
    assert "are not being sent" not in page

    WebhookDelivery.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=5))
    WebhookEndpoint.objects.update(failing_since=timezone.now())
    page = browser.get(LIST).content.decode()

    assert "Failing" in page
    assert "are not being sent" in page


def test_the_guide_has_an_example_of_each_event(browser: Client):
    page = browser.get(f"{LIST}guide/").content.decode()

    for event in ("task.created", "task.canceled", "bulk_action.ended", "webhook.test"):
        assert f"<code>{event}</code>" in page
    assert "5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 6 h, 12 h later" in page


def test_others_see_nothing_of_it(client_of: Any, admin_member: User, endpoint: WebhookEndpoint):
    page = client_of(admin_member).get(page_of(endpoint))

    assert page.status_code == 403
    assert endpoint.secret not in page.content.decode()


def test_the_admin_site_shows_no_secret(
    browser: Client, owner: User, endpoint: WebhookEndpoint, put: Put, receiver: Receiver
):
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    (delivery,) = put()
    send_due()

    page = browser.get(f"/admin/workspaces/webhookendpoint/{endpoint.pk}/change/")
    log = browser.get(f"/admin/workspaces/webhookdelivery/{delivery.pk}/change/")
    lists = [
        browser.get(f"/admin/workspaces/{name}/") for name in ("webhookendpoint", "webhookdelivery")
    ]

    assert page.status_code == 200
    assert endpoint.secret not in page.content.decode()
    assert "Thanks" in log.content.decode()
    assert [one.status_code for one in lists] == [200, 200]
