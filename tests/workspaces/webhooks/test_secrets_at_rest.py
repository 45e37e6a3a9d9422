"""Secrets are encrypted in the database, and Belay's own key can be replaced."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from pipeline.foundation.encryption import Unreadable, decrypted, encrypted
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.webhook import DeliveryState, WebhookDelivery, WebhookEndpoint
from pipeline.workspaces.webhooks.sending import send_due

from .conftest import Put, Receiver

migration: Any = import_module("pipeline.workspaces.migrations.0005_encrypted_webhook_secrets")
NEW_KEY = "a new key of fifty characters and more, for the tests: 0123456789"
# Of that key: another derivation would make all that is stored unreadable.
OLD_TOKEN = (
    "gAAAAABrC4pd1syH1mMIxPPCTbVvsUnsygglCBPaKXK-uwIao4E5InYEVjNjA9c10r1wc6rBXDt2ZbyU83T7X8YopDsqEj"
    "tbfQ=="
)


def replace_key(settings: Any, *, keep: bool = True) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep else []
    settings.SECRET_KEY = NEW_KEY


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.get(pk=endpoint.pk)


def test_what_was_encrypted_is_another_text_each_time_and_comes_back():
    tokens = {encrypted("whsec_Zoë") for _ in range(10)}

    assert len(tokens) == 10
    assert {decrypted(token) for token in tokens} == {"whsec_Zoë"}
    assert decrypted(encrypted("")) == encrypted("") == ""


def test_what_an_older_belay_encrypted_is_still_read(settings: Any):
    settings.SECRET_KEY = NEW_KEY

    assert decrypted(OLD_TOKEN) == "whsec_Zoë"


def changed(token: str, at: int) -> str:
    """With another letter there. Not the last one, some of whose bits say nothing."""
    letters = list(token)
    letters[at] = "x" if letters[at] != "x" else "y"
    return "".join(letters)


def test_what_was_changed_or_never_encrypted_is_refused():
    token = encrypted("whsec_1")

    for wrong in (changed(token, -20), changed(token, 40), "whsec_1", "é"):
        with pytest.raises(Unreadable):
            decrypted(wrong)


def test_the_migration_encrypts_what_is_there_and_changes_no_secret(endpoint: WebhookEndpoint):
    plain = {"encrypted_secret": "whsec_bmV3", "encrypted_old_secret": "whsec_b2xk"}
    WebhookEndpoint.objects.update(**plain)

    for _ in range(2):  # a second run finds nothing to do
        migration.encrypt_secrets(apps, None)

    found = fresh(endpoint)
    assert found.encrypted_secret.startswith("gAAAA")
    assert (found.secret, decrypted(found.encrypted_old_secret)) == ("whsec_bmV3", "whsec_b2xk")
    migration.decrypt_secrets(apps, None)
    assert WebhookEndpoint.objects.values(*plain).get() == plain


def test_a_fallback_key_reads_and_the_command_makes_it_needless(
    endpoint: WebhookEndpoint, settings: Any, capsys: pytest.CaptureFixture[str]
):
    endpoint.rotate()
    secrets = endpoint.secrets
    replace_key(settings)
    assert fresh(endpoint).secrets == secrets

    call_command("reencrypt_secrets")
    call_command("reencrypt_secrets")

    assert capsys.readouterr().out.splitlines() == [
        "Encrypted the secrets of 1 webhooks with the newest key.",
        "Encrypted the secrets of 0 webhooks with the newest key.",
    ]
    settings.SECRET_KEY_FALLBACKS = []
    assert fresh(endpoint).secrets == secrets


def test_an_old_secret_that_cant_be_read_leaves_the_new_one_to_sign(endpoint: WebhookEndpoint):
    endpoint.rotate()
    endpoint.encrypted_old_secret = "gAAAAA"

    assert endpoint.secrets == [endpoint.secret]


def test_a_deleted_webhook_leaves_no_secret(endpoint: WebhookEndpoint):
    endpoint.rotate()

    endpoint.forget()

    kept = fresh(endpoint)
    assert (kept.encrypted_secret, kept.encrypted_old_secret) == ("", "")


def test_the_command_names_what_no_key_reads_and_does_the_rest(
    endpoint: WebhookEndpoint, settings: Any
):
    lost = WebhookEndpoint.objects.create(
        workspace=endpoint.workspace, url=endpoint.url, events=[], encrypted_secret="gAAAAA"
    )
    replace_key(settings)

    with pytest.raises(CommandError, match=rf"1 webhooks can't be read.*: {lost.pk}\."):
        call_command("reencrypt_secrets")

    settings.SECRET_KEY_FALLBACKS = []
    assert fresh(endpoint).secret


def test_a_secret_that_cant_be_read_fails_its_own_deliveries_and_nobody_elses(
    endpoint: WebhookEndpoint, put: Put, receiver: Receiver, settings: Any, workspace: Workspace
):
    (unsigned,) = put()
    replace_key(settings, keep=False)
    elsewhere = Workspace.objects.create(name="Globex")
    other = WebhookEndpoint.objects.create(workspace=elsewhere, url=receiver.url, events=[])
    theirs = WebhookDelivery.objects.create(endpoint=other, event="task.created", body="{}")

    send_due()

    for delivery in (unsigned, theirs):
        delivery.refresh_from_db()
    assert receiver.ids == [theirs.message_id]
    assert theirs.state == DeliveryState.DELIVERED
    assert unsigned.state == DeliveryState.PENDING
    assert "signing secret can't be read" in unsigned.error
    assert fresh(endpoint).failing_since


def test_a_page_that_cant_read_the_new_secret_shows_it_once_it_can(
    endpoint: WebhookEndpoint, client_of: Any, owner: User
):
    browser, page = client_of(owner), endpoint.get_absolute_url()
    browser.post(f"{page}rotate/")
    readable = fresh(endpoint).encrypted_secret
    WebhookEndpoint.objects.update(encrypted_secret="gAAAAA")

    assert browser.get(page).status_code == 200

    WebhookEndpoint.objects.update(encrypted_secret=readable)
    assert fresh(endpoint).secret in browser.get(page).content.decode()


def test_with_a_new_secret_it_goes_on(
    endpoint: WebhookEndpoint,
    put: Put,
    receiver: Receiver,
    settings: Any,
    client_of: Any,
    owner: User,
):
    put()
    replace_key(settings, keep=False)
    browser = client_of(owner)
    assert browser.get(endpoint.get_absolute_url()).status_code == 200

    browser.post(f"{endpoint.get_absolute_url()}rotate/")
    send_due()

    assert len(receiver.got) == 1
    assert fresh(endpoint).secret in browser.get(endpoint.get_absolute_url()).content.decode()
