"""Who may download lists: by the role, or as an Owner says. Each download is in the audit."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Candidate
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.tasks.create import create_task
from pipeline.tasks.models.actors import Creator
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Membership, Role, User
from pipeline.workspaces.models.audit import AuditEntry
from tests.bulk_actions.conftest import empty_queue as empty_queue
from tests.bulk_actions.conftest import start_move as start_move

EXPORT = '"operation": "export"'
SENTENCE = "You don’t have permission to export"


def may_export(user: User, value: bool | None) -> User:
    Membership.objects.filter(user=user).update(may_export=value)
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    ("role", "said", "may"),
    [
        (Role.OWNER, None, True),
        (Role.OWNER, False, True),
        (Role.ADMIN, None, True),
        (Role.ADMIN, False, False),
        (Role.RECRUITER, None, True),
        (Role.RECRUITER, False, False),
        (Role.AGENT, None, False),
        (Role.AGENT, True, True),
        (Role.SUPPORT, None, False),
        (Role.SUPPORT, True, True),
    ],
)
def test_the_role_decides_until_an_owner_does(role: Role, said: bool | None, may: bool):
    assert Membership(role=role, may_export=said).can_export is may


# --- the downloads ------------------------------------------------------------------------------


@pytest.fixture
def files(
    opening: Any, start_move: Any, make_candidates: Any, recruiter: User, settings: Any,
    tmp_path: Path,
) -> dict[str, str]:  # fmt: skip
    """The address of each download but the audit's, and of the page that offers it."""
    settings.MEDIA_ROOT = tmp_path
    make_candidates(3)
    action = start_move(opening.folders.get(name="Hired"))
    lane.work_on(action.pk, 0)
    task = create_task(Candidate.objects.all()[0], TaskType.VOICEMAIL, Creator.event("Phones"))
    task.cancel(recruiter, "Hired")
    imported = CandidateImport.objects.create(
        opening=opening, name="leads.csv", status="done", counts={"rejected": 2}
    )
    imported.rejected.save("rejected.csv", ContentFile(b"Name\nx\ny\n"))
    return {
        f"{action.get_absolute_url()}outcomes.csv?result=done": action.get_absolute_url(),
        reverse("past:csv"): reverse("past:list"),
        reverse("candidates:import-rejected", args=[imported.pk]): imported.get_absolute_url(),
    }


def test_without_the_right_there_is_a_sentence_and_no_button(
    files: dict[str, str], client_of: Any, recruiter: User, owner: User
):
    with_it, without = client_of(recruiter), None
    offered = [download for download, page in files.items() if offers(with_it, page, download)]
    without = client_of(may_export(recruiter, False))

    answers = [without.get(file) for file in files]

    assert offered == list(files)
    assert [answer.status_code for answer in answers] == [403] * len(files)
    assert all(SENTENCE in answer.content.decode() for answer in answers)
    assert all(str(owner) in answer.content.decode() for answer in answers)
    assert not any(offers(without, page, download) for download, page in files.items())
    assert not AuditEntry.objects.filter(verb="downloaded").exists()


def offers(client: Client, page: str, download: str) -> bool:
    return download.partition("?")[0] in client.get(page).content.decode()


def test_agents_and_support_download_nothing_unless_an_owner_lets_them(
    files: dict[str, str], client_of: Any, agent: User, support: User
):
    for user in (agent, support):
        assert client_of(user).get(reverse("past:csv")).status_code == 403
        client = client_of(may_export(user, True))
        assert client.get(reverse("past:csv")).status_code == 200
        assert offers(client, reverse("past:list"), reverse("past:csv"))


def test_an_admin_without_it_reads_the_audit_and_takes_no_file(client_of: Any, admin_member: User):
    client = client_of(may_export(admin_member, False))

    assert client.get(reverse("settings:audit_csv")).status_code == 403
    assert not offers(client, reverse("settings:audit"), reverse("settings:audit_csv"))


def test_each_download_stands_in_the_audit_with_who_what_how_many_and_where_from(
    files: dict[str, str], client_of: Any, owner: User
):
    client = client_of(owner)
    for file in [*files, reverse("settings:audit_csv")]:
        client.get(file, REMOTE_ADDR="192.0.2.7").getvalue()

    told = AuditEntry.objects.filter(verb="downloaded").order_by("pk")
    assert [entry.subject for entry in told] == [
        "Move to Hired: done (3 rows)",
        "Past tasks: all (1 row)",
        "The rejected rows of leads.csv (2 rows)",
        f"The audit ({AuditEntry.objects.filter(pk__lt=told[3].pk).count()} rows)",
    ]
    assert {(entry.actor, entry.address) for entry in told} == {(owner, "192.0.2.7")}


def test_what_can_only_be_counted_at_the_end_is_counted_then(
    files: dict[str, str], client_of: Any, limited: User, other_opening: Any, start_move: Any,
    make_candidates: Any,
):  # fmt: skip
    """A limited member's part of an action's candidates."""
    outcomes = next(iter(files))
    Candidate.objects.filter(pk=Candidate.objects.all()[0].pk).update(
        opening=other_opening, folder=other_opening.inbox
    )
    client = client_of(limited)

    answer = client.get(outcomes, REMOTE_ADDR="192.0.2.7")
    begun = list(AuditEntry.objects.filter(actor=limited).values_list("verb", "subject"))
    answer.getvalue()
    ended = AuditEntry.objects.filter(actor=limited).first()

    assert begun == [("downloaded", "Move to Hired: done")]
    assert ended is not None
    assert (ended.verb, ended.subject) == (
        "finished the download of",
        "Move to Hired: done (2 rows)",
    )
    assert ended.address == "192.0.2.7"


def test_a_download_that_breaks_off_is_told_as_that(
    files: dict[str, str], client_of: Any, limited: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.foundation.exports.csv_export.ROWS_AT_ONCE", 2)
    answer = client_of(limited).get(next(iter(files)))
    pieces = iter(answer.streaming_content)

    next(pieces), next(pieces)
    for close in answer._resource_closers:  # and not the connection, as `close` would
        close()

    ended = AuditEntry.objects.filter(actor=limited).first()
    assert ended is not None
    assert ended.verb == "broke off the download of"


def test_an_export_is_neither_offered_to_nor_taken_from_who_lacks_the_right(
    client_of: Any, recruiter: User, make_candidates: Any
):
    candidate = make_candidates(1)[0]
    order = {"operation": "export", "candidate": candidate.pk, "file_format": "csv"}
    dialog = f"{reverse('bulk_actions:new')}?operation=export&candidate={candidate.pk}"
    was_offered = EXPORT in client_of(recruiter).get(reverse("candidates:list")).content.decode()
    client = client_of(may_export(recruiter, False))

    page = client.get(reverse("candidates:list")).content.decode()
    asked = client.get(dialog)
    in_page = client.get(dialog, headers={"HX-Request": "true"})
    given = client.post(reverse("bulk_actions:history"), order)

    assert was_offered
    assert EXPORT not in page
    assert (asked.status_code, given.status_code, in_page.status_code) == (403, 403, 200)
    assert SENTENCE in asked.content.decode()
    assert SENTENCE in in_page.content.decode()
    assert not BulkAction.objects.exists()


# --- the tick on the member's page ----------------------------------------------------------------


def save(client: Client, member: Membership, **fields: Any) -> str:
    page = reverse("settings:member", args=[member.pk])
    return client.post(page, {"role": member.role, **fields}, follow=True).content.decode()


def test_an_owner_gives_and_takes_it(client_of: Any, owner: User, agent: User):
    client, member = client_of(owner), agent.membership
    assert (
        'name="can_export"'
        in client.get(reverse("settings:member", args=[member.pk])).content.decode()
    )

    save(client, member, can_export="on")
    given = may_export_now(member)
    save(client, member)

    assert (given, may_export_now(member)) == (True, False)
    told = AuditEntry.objects.order_by("pk").values_list("actor", "verb", "subject")
    assert list(told) == [
        (owner.pk, "gave the right to export to", "Chloe Tan"),
        (owner.pk, "took the right to export from", "Chloe Tan"),
    ]


def may_export_now(member: Membership) -> bool:
    return Membership.objects.get(pk=member.pk).can_export


def test_it_follows_the_role_until_it_is_set(client_of: Any, owner: User, recruiter: User):
    client, member = client_of(owner), recruiter.membership

    page = save(client, member, role="agent", can_export="on")  # as it was shown

    assert not may_export_now(member)
    assert "Ana Ruiz can’t export because of the role Agent." in page
    save(client, Membership.objects.get(pk=member.pk), role="recruiter")
    assert may_export_now(member)


def test_a_new_member_has_what_the_role_says(client_of: Any, owner: User):
    data = {"first_name": "Mo", "email": "mo@example.com", "role": "support"}

    client_of(owner).post(reverse("settings:member_add"), data | {"can_export": "on"})

    assert not Membership.objects.get(user__email="mo@example.com").can_export
