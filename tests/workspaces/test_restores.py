"""After a restore what sends waits, all else goes on, and an Owner lets messages go out again."""

import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from config.data_folder import DataFolder
from pipeline.workspaces.models import User, Workspace
from pipeline.workspaces.models.audit import AuditEntry
from pipeline.workspaces.restores.detection import (
    COPIED,
    RECOVERED,
    WENT_BACK,
    Known,
    count_up,
    mark_restored,
    what_happened,
)
from pipeline.workspaces.webhooks.sending import send_due
from tests.workspaces.webhooks.conftest import Put, Receiver
from tests.workspaces.webhooks.conftest import endpoint as endpoint
from tests.workspaces.webhooks.conftest import put as put
from tests.workspaces.webhooks.conftest import receiver as receiver

WHY = "The backup of Monday was put back."
PAGE = "/settings/held-messages/"
CANDIDATES = "/candidates/"


@pytest.mark.parametrize(
    ("place_now", "heard", "timeline", "expected"),
    [
        ("1:2", 9, 1, ""),
        ("1:2", None, 1, ""),  # Redis lost what it knew
        ("1:2", 9, 2, ""),  # a failover that lost nothing
        ("1:2", 9, None, ""),  # Redis is away, or PostgreSQL does not say
        ("1:2", None, None, ""),
        ("1:3", 9, 1, COPIED),
        ("1:3", None, 1, COPIED),
        ("1:2", 10, 1, WENT_BACK),
        ("1:2", 11, 2, WENT_BACK),
        ("1:2", None, 2, RECOVERED),
    ],
)
def test_what_tells_of_a_restore_and_what_does_not(
    place_now: str, heard: int | None, timeline: int | None, expected: str
):
    known = Known(uuid4(), beat=10, place="1:2", timeline=1, place_now=place_now)

    assert what_happened(known, heard, timeline) == expected


@pytest.mark.django_db(transaction=True)
def test_the_count_is_on_the_disk_at_once_where_commits_need_not_be():
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        count_up()
        cursor.execute("SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()")
        assert cursor.fetchone()[0]
    connection.close()  # and with it the setting


def test_a_new_database_is_no_restored_one():
    known = Known(uuid4(), beat=1, place="", timeline=None, place_now="1:2")

    assert what_happened(known, None, 1) == ""


@pytest.fixture
def restored(workspace: Workspace) -> None:
    mark_restored(WHY)
    workspace.refresh_from_db()


def test_all_members_see_the_banner_and_only_owners_the_way_out(
    client_of, owner: User, recruiter: User, restored: None
):
    told = client_of(recruiter).get(CANDIDATES).content.decode()
    shown = client_of(owner).get(CANDIDATES).content.decode()

    assert "Messages are on hold" in told
    assert WHY in told
    assert PAGE not in told
    assert PAGE in shown
    assert client_of(recruiter).post(PAGE).status_code == 403


def test_an_owner_confirms_once_for_the_own_workspace_alone(
    client_of, owner: User, stranger: User, workspace: Workspace, restored: None
):
    client = client_of(owner)
    page = client.get(PAGE).content.decode()
    assert "will be sent a second time" in page

    for expected in ("Messages released", "Messages were not on hold"):
        assert expected in client.post(PAGE, follow=True).content.decode()

    workspace.refresh_from_db()
    assert not workspace.holds_messages
    assert Workspace.objects.exclude(pk=workspace.pk).get().holds_messages
    entry = AuditEntry.objects.get()
    assert str(entry) == f"{owner} confirmed after a restore that messages go out again"
    assert "Messages are on hold" not in client.get(CANDIDATES).content.decode()


def test_the_operator_confirms_for_one_workspace_or_for_all(
    stranger: User, workspace: Workspace, restored: None, admin_client: Client
):
    def on_hold() -> set[str]:
        held = Workspace.objects.filter(messages_held_since__isnull=False)
        return set(held.values_list("name", flat=True))

    everybody = on_hold()
    call_command("confirm_restore", workspace="Acme")
    assert on_hold() == everybody - {"Acme"}
    with pytest.raises(CommandError):
        call_command("confirm_restore", workspace="Nobody")
    call_command("confirm_restore")
    assert on_hold() == set()

    call_command("mark_restored")
    assert on_hold() == everybody
    admin_client.post(
        reverse("admin:workspaces_workspace_changelist"),
        {"action": "let_messages_go", "_selected_action": [workspace.pk]},
    )
    assert on_hold() == everybody - {"Acme"}


def test_webhooks_wait_and_go_out_once_confirmed(put: Put, receiver: Receiver, owner: User):
    put(2)
    mark_restored(WHY)

    send_due()
    assert receiver.got == []

    call_command("confirm_restore")
    send_due()
    assert len(receiver.got) == 2


def test_an_invitation_is_not_mailed_and_the_owner_is_told(client_of, owner: User, restored: None):
    new = {"email": "mo@example.com", "first_name": "Mo", "last_name": "Haddad", "role": "agent"}

    answer = client_of(owner).post("/settings/members/add/", new, follow=True)

    told = "Messages are on hold after a restore, so no link was sent to Mo Haddad."
    assert told in answer.content.decode()
    assert User.objects.filter(email="mo@example.com").exists()
    assert mail.outbox == []


# --- the data folder of `up` ---


def held(path: Path) -> DataFolder:
    folder = DataFolder(path)
    folder.hold()
    assert folder.lock
    folder.lock.close()
    return folder


def test_a_data_folder_knows_that_it_is_a_copy(tmp_path: Path):
    original, moved = tmp_path / "data", tmp_path / "moved"
    assert not held(original).was_copied
    assert not held(original).was_copied, "it only started again"
    original.rename(moved)
    assert not held(moved).was_copied, "moved within a disk"

    shutil.copytree(moved, original)
    assert held(original).was_copied
    assert not held(original).was_copied, "said once"

    shutil.rmtree(moved)
    shutil.copytree(original, moved)
    assert held(moved).was_copied, "put back in place"
