"""What the background work put off can be looked at in Django admin: by superusers, and only so."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.setback import Setback
from pipeline.workspaces.setbacks.isolation import Isolation, Subject


@pytest.fixture
def setback(workspace: Workspace) -> Setback:
    subject = Subject(471, workspace.pk, "The webhook to example.com", "/settings/webhooks/")
    Isolation("webhooks").attempt(subject, fail)
    return Setback.objects.get()


def fail() -> None:
    raise ValueError("That is no address")


def pages(setback: Setback) -> dict[str, str]:
    name = "admin:workspaces_setback_{}"
    found = {page: reverse(name.format(page)) for page in ("changelist", "add")}
    for page in ("change", "history", "delete"):
        found[page] = reverse(name.format(page), args=[setback.pk])
    return found


def test_a_superuser_reads_them_and_changes_nothing(setback: Setback, client_of: Any) -> None:
    client = client_of(User.objects.create_superuser("root@example.org"))
    at = pages(setback)

    for page in ("changelist", "change"):
        text = client.get(at[page]).content.decode()
        assert "The webhook to example.com" in text
        assert "471" in text
    assert "ValueError: That is no address" in client.get(at["change"]).content.decode()
    found = client.get(at["changelist"], {"q": "471"}).content.decode()
    assert "The webhook to example.com" in found
    assert [client.get(at[page]).status_code for page in ("add", "delete")] == [403, 403]
    assert client.post(at["change"], {"what": "Nothing"}).status_code == 403


def test_staff_of_the_workspace_do_not(setback: Setback, owner: User, client_of: Any) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    owner.user_permissions.set(Permission.objects.all())
    client = client_of(User.objects.get(pk=owner.pk))

    assert {client.get(page).status_code for page in pages(setback).values()} == {403}
    assert "setback" not in client.get(reverse("admin:index")).content.decode().lower()
