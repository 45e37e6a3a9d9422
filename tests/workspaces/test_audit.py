"""What is recorded, who reads it, and that nobody changes it."""

import csv
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction, FollowUp, Status
from pipeline.candidates.importing.jobs import order_import
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import AuditEntry, record
from tests.bulk_actions.conftest import empty_queue as empty_queue
from tests.bulk_actions.conftest import move_to
from tests.bulk_actions.conftest import start_move as start_move
from tests.conftest import PASSWORD

PAGE, FILE = "/settings/audit/", "/settings/audit.csv"


def entries() -> list[tuple[str, str, str]]:
    """Who, did, what: in order."""
    return list(AuditEntry.objects.order_by("pk").values_list("actor_name", "verb", "subject"))


@transaction.atomic
def at_once(statement: str) -> None:
    """Run it with its constraints checked now, not at the commit that a test never reaches."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def operator(client_of, db):
    return client_of(User.objects.create_superuser("root@example.com", PASSWORD))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workspaces_auditentry SET verb = 'did nothing'",
        "DELETE FROM workspaces_auditentry",
        "DELETE FROM workspaces_workspace",
    ],
)
def test_even_sql_neither_changes_nor_deletes_an_entry(workspace, statement):
    record(workspace, None, "halted", "Text to all")

    with pytest.raises(DatabaseError, match=r"append-only|foreign key"):
        at_once(statement)

    assert entries() == [("Belay", "halted", "Text to all")]


def test_a_start_and_a_cancel_are_recorded_with_the_address_they_came_from(
    client_of, colleague, opening, start_move, make_candidates
):
    make_candidates(2)
    action = start_move(opening.folders.get(name="Hired"))

    for _ in range(2):  # the second one comes too late, and did nothing
        client_of(colleague).post(
            reverse("bulk_actions:cancel", args=[action.pk]), REMOTE_ADDR="198.51.100.7"
        )

    assert entries() == [
        ("Ana Ruiz", "started", "Move to Hired (2 selected)"),
        ("Ben Okafor", "canceled", "Move to Hired (2 selected)"),
    ]
    started, canceled = AuditEntry.objects.order_by("pk")
    assert (started.address, canceled.address) == (None, "198.51.100.7")
    assert canceled.link == action.get_absolute_url()


@pytest.mark.parametrize(
    ("follow_up", "verb"),
    [(FollowUp.REST, "carried on"), (FollowUp.RETRY, "retried"), (FollowUp.UNDO, "undid")],
)
def test_a_follow_up_is_recorded_as_what_it_is(
    follow_up, verb, recruiter, opening, start_move, make_candidates
):
    make_candidates(3)
    folder = opening.folders.get(name="Hired")
    action = start_move(folder)
    of_each_kind = {"status": Status.CANCELED, "changed": 1, "failed": 1}
    BulkAction.objects.filter(pk=action.pk).update(**of_each_kind)

    start_bulk_action(
        user=recruiter,
        operation=move_to(folder),
        candidates=Candidate.objects.all(),
        key=uuid4(),
        follows=action,
        follow_up=follow_up,
    )

    assert entries()[-1] == ("Ana Ruiz", verb, "Move to Hired (3 selected)")


def test_a_start_that_fails_leaves_no_entry(recruiter, opening):
    with pytest.raises(ValueError, match="No candidate"):
        start_bulk_action(
            user=recruiter,
            operation=move_to(opening.inbox),
            candidates=Candidate.objects.all(),
            key=uuid4(),
        )

    assert entries() == []


def test_an_import_is_recorded_once(recruiter, opening, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    table = tmp_path / "leads.csv"
    table.write_text("Name,E-mail\nJo Doe,jo@example.org\n")
    imported = from_file(table, opening, by=recruiter)

    for _ in range(2):
        order_import(imported, by=recruiter)

    assert entries() == [
        ("Ana Ruiz", "started the import of", "leads.csv into Customer Support, Manila")
    ]


def test_the_admin_sites_changes_are_recorded(operator, recruiter, labels, opening):
    member = reverse("admin:workspaces_membership_change", args=[recruiter.membership.pk])
    label = reverse("admin:candidates_label_delete", args=[labels[0].pk])
    place = {"user": recruiter.pk, "workspace": recruiter.membership.workspace_id}

    operator.post(member, place | {"role": "agent"})
    operator.post(member, place | {"role": "agent"})  # changes nothing
    operator.post(label, {"post": "yes"})
    operator.post(
        reverse("admin:candidates_opening_change", args=[opening.pk]),
        {
            "name": opening.name,
            "workspace": opening.workspace_id,
            "folders-TOTAL_FORMS": 1,
            "folders-INITIAL_FORMS": 0,
            "folders-0-name": "Second interview",
            "folders-0-position": 8,
        },
    )

    assert entries() == [
        ("root@example.com", "changed the membership", "Ana Ruiz, Agent of Acme: role"),
        ("root@example.com", "deleted the label", "Night shift"),
        ("root@example.com", "added the folder", "Second interview"),
    ]


def test_the_admin_site_shows_entries_and_offers_nothing_else(operator, workspace):
    record(workspace, None, "halted", "Text to all")
    entry = AuditEntry.objects.get()

    page = operator.get(reverse("admin:workspaces_auditentry_changelist"))
    one = reverse("admin:workspaces_auditentry_change", args=[entry.pk])

    assert "Text to all" in page.content.decode()
    assert operator.get(one).status_code == 200
    assert operator.post(one, {"verb": "x"}).status_code == 403
    assert operator.get(reverse("admin:workspaces_auditentry_add")).status_code == 403
    for model, pk in (("auditentry", entry.pk), ("workspace", workspace.pk)):
        gone = reverse(f"admin:workspaces_{model}_delete", args=[pk])
        assert operator.post(gone, {"post": "yes"}).status_code == 403


def test_the_page_is_newest_first_and_pages_without_gaps(client_of, owner, workspace):
    for number in range(60):
        record(workspace, owner, "renamed the label", f"number {number:02}")
    client = client_of(owner)

    first = client.get(PAGE)
    second = client.get(PAGE, {"before": first.context["next"]})

    shown = [entry.subject for page in (first, second) for entry in page.context["entries"]]
    assert shown == [f"number {number:02}" for number in reversed(range(60))]
    assert second.context["next"] is None


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, ["to Hired", "to Inbox"]),
        ({"verb": "canceled"}, ["to Inbox"]),
        ({"actor": "owner"}, ["to Hired"]),
        ({"actor": "stranger"}, []),
        ({"verb": "flew"}, []),
    ],
)
def test_the_filters_narrow_page_and_file_alike(
    client_of, owner, recruiter, stranger, workspace, chosen, expected
):
    record(workspace, recruiter, "canceled", "to Inbox")
    record(workspace, owner, "started", "to Hired")
    people = {"owner": owner.pk, "stranger": stranger.pk}
    query = {name: people.get(value, value) for name, value in chosen.items()}
    client = client_of(owner)

    page = client.get(PAGE, query)
    file = client.get(FILE, query).getvalue().decode("utf-8-sig")

    assert [entry.subject for entry in page.context["entries"]] == expected
    assert [row["What"] for row in csv.DictReader(StringIO(file))] == expected


def test_the_file_says_when_in_the_workspaces_time_and_holds_no_formula(
    client_of, owner, workspace
):
    workspace.time_zone = "Asia/Manila"
    workspace.save(update_fields=["time_zone"])
    record(workspace, owner, "renamed the label", "=HYPERLINK(1)", "/settings/labels/")

    text = client_of(owner).get(FILE).getvalue().decode("utf-8-sig")

    (row,) = csv.DictReader(StringIO(text))
    assert row["What"] == "'=HYPERLINK(1)"
    assert row["When"].endswith("+08:00")
    assert row["Page"] == "http://testserver/settings/labels/"


def test_an_admin_who_is_limited_to_some_openings_does_not_read_it(
    client_of: Any, admin_member: User, workspace: Any
) -> None:
    record(workspace, None, "halted", "Text to all of Leeds")
    admin_member.membership.is_limited = True
    admin_member.membership.save()

    answer = client_of(admin_member).get(PAGE)

    assert answer.status_code == 403
    assert not AuditEntry.objects.visible_to(admin_member).exists()
