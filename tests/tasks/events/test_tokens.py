"""Who may send events: tokens, and the page on which owners make and revoke them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from pipeline.candidates.models import Candidate
from pipeline.tasks.models import Task
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from tests.pages import one_line

from .conftest import ADDRESS, Post

PAGE = "/settings/events/"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer {secret}x",
        "Bearer {upper}",
        "Bearer {digest}",
        "Bearer {first}",
        "Bearer {first}%",
        "Bearer \u00e9\u00fc",
        "Bearer {secret}, Bearer {secret}",
        "Basic {secret}",
        "Token {secret}",
        "{secret}",
    ],
)
def test_without_the_token_nothing_is_taken(
    header: str | None, issued: tuple[ApiToken, str], ana: Candidate
):
    token, secret = issued
    words = {"secret": secret, "upper": secret.upper(), "digest": token.digest}
    event = {"id": "1", "type": "inbound_call", "candidate": ana.pk}
    headers = {}
    if header is not None:
        headers["Authorization"] = header.format(**words, first=token.first_characters)

    answer = Client().post(ADDRESS, event, content_type="application/json", headers=headers)

    assert (answer.status_code, list(answer.json()["errors"])) == (401, ["Authorization"])
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert not Task.objects.exists()
    token.refresh_from_db()
    assert token.last_used_at is None


@pytest.mark.parametrize("header", ["bearer {}", "BEARER {}", "Bearer  {} "])
def test_the_word_bearer_is_read_in_any_case(
    header: str, issued: tuple[ApiToken, str], ana: Candidate
):
    event = {"id": "1", "type": "inbound_call", "candidate": ana.pk}
    headers = {"Authorization": header.format(issued[1])}

    answer = Client().post(ADDRESS, event, content_type="application/json", headers=headers)

    assert answer.status_code == 201


def test_a_login_is_no_token(client_of: Any, owner: User, ana: Candidate):
    event = {"id": "1", "type": "inbound_call", "candidate": ana.pk}

    answer = client_of(owner).post(ADDRESS, event, content_type="application/json")

    assert answer.status_code == 401


def test_a_token_needs_no_csrf_and_no_login(issued: tuple[ApiToken, str], ana: Candidate):
    event = {"id": "1", "type": "inbound_call", "candidate": ana.pk}
    headers = {"Authorization": f"Bearer {issued[1]}"}

    answer = Client(enforce_csrf_checks=True).post(
        ADDRESS, event, content_type="application/json", headers=headers
    )

    assert answer.status_code == 201


def test_the_database_knows_no_token(issued: tuple[ApiToken, str]):
    token, secret = issued

    assert len(secret) >= 40
    assert secret not in str(ApiToken.objects.filter(pk=token.pk).values().get())
    assert secret.startswith(token.first_characters)
    assert len(secret) - len(token.first_characters) >= 32


def test_the_last_use_is_written_once_a_minute(call: Post, token: ApiToken):
    call(id="1")
    token.refresh_from_db()
    first = token.last_used_at
    assert first
    call(id="2")
    token.refresh_from_db()
    assert token.last_used_at == first

    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    call(id="3")

    token.refresh_from_db()
    assert token.last_used_at
    assert token.last_used_at > first


# --- the page ---


def test_a_new_token_is_shown_once_and_works(client_of: Any, owner: User, ana: Candidate):
    client = client_of(owner)

    made = client.post(PAGE, {"name": "Phone system"})

    secret = made.context["secret"]
    assert f'value="{secret}" readonly' in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert secret not in client.get(PAGE).content.decode()
    answer = Client().post(
        ADDRESS,
        {"id": "1", "type": "inbound_call", "candidate": ana.pk},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 201
    audit = AuditEntry.objects.get()
    assert (audit.actor, audit.verb) == (owner, "created the API token")
    assert secret not in audit.subject


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_a_token_needs_a_name(name: str, client_of: Any, owner: User):
    answer = client_of(owner).post(PAGE, {"name": name})

    assert (answer.status_code, "name" in answer.context["form"].errors) == (422, True)
    assert not ApiToken.objects.exists()


def test_a_revoked_token_sends_nothing_more(
    client_of: Any, owner: User, call: Post, token: ApiToken
):
    client, address = client_of(owner), f"{PAGE}{token.pk}/revoke/"
    call(id="1")

    question = client.get(address).content.decode()
    client.post(address)
    answer = call(id="2")
    repeat = call(id="1")
    client.post(address)

    assert "will be refused from now on" in question
    assert (answer.status_code, repeat.status_code) == (401, 401)
    assert "Revoked" in client.get(PAGE).content.decode()
    assert Task.objects.count() == 1
    verbs = AuditEntry.objects.filter(actor=owner, verb="revoked the API token")
    assert verbs.count() == 1


def test_the_dialog_is_a_fragment(client_of: Any, owner: User, token: ApiToken):
    answer = client_of(owner).get(f"{PAGE}{token.pk}/revoke/", headers={"HX-Request": "true"})

    assert answer.content.decode().strip().startswith('<div id="revoke">')


def test_an_owner_sees_only_what_is_theirs(
    client_of: Any, stranger: User, call: Post, token: ApiToken
):
    call(id="our-event")

    page = client_of(stranger).get(PAGE).content.decode()
    revoke = client_of(stranger).post(f"{PAGE}{token.pk}/revoke/")

    assert [word for word in ("our-event", "Phone system", "Ana Ruiz") if word in page] == []
    assert revoke.status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_received_events_are_listed_with_what_they_did(client_of: Any, owner: User, call: Post):
    call(id="first", type="callback_requested")
    call(id="second", type="callback_canceled")
    call(id="refused", candidate=4_000_000_000)

    page = one_line(client_of(owner).get(PAGE))
    received = page.split('id="received"')[1].split('id="for-senders"')[0]

    assert received.index("second") < received.index("first")
    assert "1 canceled" in received
    assert f'href="{Task.objects.get().get_absolute_url()}"' in received
    assert "refused" not in received


def test_the_newest_fifty_are_listed(
    client_of: Any, owner: User, call: Post, token: ApiToken, django_assert_max_num_queries: Any
):
    call(id="oldest")
    event = InboundEvent.objects.get()
    InboundEvent.objects.bulk_create(
        InboundEvent(
            workspace_id=event.workspace_id,
            token=token,
            event_id=f"e{number}",
            type=event.type,
            candidate=event.candidate,
            task=event.task,
            payload={},
        )
        for number in range(50)
    )
    client = client_of(owner)

    with django_assert_max_num_queries(25):
        page = client.get(PAGE).content.decode()

    assert page.count('<tr id="event-') == 50
    assert "oldest" not in page


def test_operators_look_at_events_and_revoke_tokens(call: Post, token: ApiToken):
    call()
    operator = get_user_model().objects.create_superuser("root@example.com", "x")
    client = Client()
    client.force_login(operator)
    event = InboundEvent.objects.get()

    pages = [
        client.get(f"/admin/tasks/{page}/")
        for page in ("apitoken", "inboundevent", f"inboundevent/{event.pk}/change")
    ]
    one = f"/admin/tasks/inboundevent/{event.pk}"
    refused = [client.post(f"{one}/{verb}/") for verb in ("change", "delete")]
    change = f"/admin/tasks/apitoken/{token.pk}/change/"
    client.post(change, {"name": "PBX", "revoked_at_0": "2026-01-01", "revoked_at_1": "10:00"})

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert [answer.status_code for answer in refused] == [403, 403]
    token.refresh_from_db()
    assert (token.name, token.revoked_at is None) == ("PBX", False)
    assert client.get("/admin/tasks/apitoken/add/").status_code == 403
    assert "changed the API token" in AuditEntry.objects.values_list("verb", flat=True)
    assert Workspace.objects.count() == 1
