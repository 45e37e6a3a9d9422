"""Two save the same name at the same moment: the second one reads it, and nothing breaks.

The form of the second has looked before the first one is done, so only the database knows.
"""

from collections.abc import Callable
from threading import Thread
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.test import Client
from django.urls import reverse

from pipeline.candidates.models import Candidate, Folder, Label, Opening, RejectReason
from pipeline.candidates.models.former_name import FormerName
from pipeline.journeys.definition.definition import Definition
from pipeline.journeys.models import Journey
from pipeline.outreach.models import Campaign, MessageTemplate
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN = "Taken"
ADMIN = "of the admin site"


class Kind(NamedTuple):
    """What has a name of its own: how one is made, and where it is added and renamed."""

    make: Callable[[User, str], models.Model]
    add: str
    about: Callable[[], list[Any]] = list  # what the address of `add` names
    rename: str = ""
    answers: dict[str, Any] = {}  # noqa: RUF012
    answers_of: Callable[[], dict[str, Any]] = dict


def workspace_of(user: User) -> Workspace:
    return user.membership.workspace


def folder(user: User, name: str) -> Folder:
    opening, _ = Opening.objects.get_or_create(workspace=workspace_of(user), name="Packer")
    return Folder.objects.create(opening=opening, name=name)


def template(user: User, name: str) -> MessageTemplate:
    texts = {"channel": "sms", "body": "Hello"}
    return MessageTemplate.objects.create(workspace=workspace_of(user), name=name, **texts)


def journey(user: User, name: str) -> Journey:
    draft = Definition().as_json()
    return Journey.objects.create(
        workspace=workspace_of(user), created_by=user, name=name, draft=draft
    )


def saved_filter(user: User, name: str) -> SavedFilter:
    return SavedFilter.objects.create(
        workspace=workspace_of(user), user=user, name=name, query="state=completed"
    )


def candidate(user: User, name: str) -> Candidate:
    opening, is_new = Opening.objects.get_or_create(workspace=workspace_of(user), name="Packer")
    if is_new:
        opening.add_default_folders()
    place = {"workspace": opening.workspace, "opening": opening, "folder": opening.inbox}
    return Candidate.objects.create(**place, full_name=name, email=f"{name}@example.com")


def answers_about_candidate() -> dict[str, Any]:
    opening = Opening.objects.get()
    return {
        "opening": opening.pk,
        "folder": opening.inbox.pk,
        "full_name": TAKEN,
        "email": f"{TAKEN}@example.com",
        "attributes": "{}",
        "reject_reasons": "",
    }


def of(model: Any) -> Callable[[User, str], models.Model]:
    return lambda user, name: model.objects.create(workspace=workspace_of(user), name=name)


CAMPAIGN = {"channel": "phone", "work": "agents", "priority": "2"}
KINDS = {
    "opening": Kind(
        of(Opening), "candidate_settings:openings", rename="candidate_settings:opening"
    ),
    "folder": Kind(
        folder,
        "candidate_settings:folder_add",
        lambda: [Opening.objects.get().pk],
        "candidate_settings:folder_rename",
    ),
    "label": Kind(
        of(Label), "candidate_settings:labels", rename="candidate_settings:labels_rename"
    ),
    "reject reason": Kind(
        of(RejectReason),
        "candidate_settings:reject_reasons",
        rename="candidate_settings:reject_reasons_rename",
    ),
    "template": Kind(
        template,
        "outreach:template_new",
        lambda: ["sms"],
        "outreach:template",
        {"subject": "", "body": "Hi"},
    ),
    "campaign": Kind(
        lambda user, name: Campaign.objects.launch(
            workspace_of(user), name=name, channel="phone", work="agents"
        ),
        "campaigns:new",
        rename="campaigns:edit",
        answers=CAMPAIGN,
    ),
    "journey": Kind(journey, "journeys:new", rename="journeys:rename"),
    "saved filter": Kind(
        saved_filter,
        "past:saved_new",
        rename="past:saved",
        answers={"query": "state=completed"},
    ),
    "member": Kind(
        lambda user, name: User.objects.create_user(f"{name}@example.com"),
        "settings:member_add",
        answers={"first_name": "Mo", "email": f"{TAKEN}@example.com", "role": "agent"},
    ),
    f"label {ADMIN}": Kind(
        of(Label), "admin:candidates_label_add", rename="admin:candidates_label_change"
    ),
    f"candidate {ADMIN}": Kind(
        candidate, "admin:candidates_candidate_add", answers_of=answers_about_candidate
    ),
    f"user {ADMIN}": Kind(
        lambda user, name: User.objects.create_user(f"{name}@example.com"),
        "admin:workspaces_user_add",
        answers={
            "email": f"{TAKEN}@example.com",
            "usable_password": "true",
            "password1": "correct horse battery staple",
            "password2": "correct horse battery staple",
            "membership-TOTAL_FORMS": 0,
            "membership-INITIAL_FORMS": 0,
        },
    ),
}
# What forms compare whatever the case.
IN_ANY_CASE = [name for name in KINDS if ADMIN not in name and name != "member"]


@pytest.fixture
def second(client_of: Any, owner: User) -> Client:
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    client: Client = client_of(owner)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("name", KINDS)
def test_who_adds_what_has_just_been_added_reads_it(name: str, second: Client, owner: User) -> None:
    kind = KINDS[name]
    kind.make(owner, "Another")

    answer = saved_meanwhile(second, reverse(kind.add, args=kind.about()), kind, owner)

    assert_is_said(answer)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.rename])
def test_who_takes_a_name_that_has_just_been_taken_reads_it(
    name: str, second: Client, owner: User
) -> None:
    kind = KINDS[name]
    row = kind.make(owner, "Mine")

    answer = saved_meanwhile(second, reverse(kind.rename, args=[row.pk]), kind, owner)

    assert_is_said(answer)
    row.refresh_from_db()
    assert getattr(row, "name") == "Mine"  # noqa: B009


@pytest.mark.parametrize("name", IN_ANY_CASE)
def test_a_name_in_other_capitals_that_is_saved_at_the_same_moment_is_the_same_name(
    name: str, second: Client, client_of: Any, owner: User
) -> None:
    kind = KINDS[name]
    kind.make(owner, "Another")
    model = type(kind.make(owner, "One more"))
    at = reverse(kind.add, args=kind.about())

    def save() -> None:
        assert client_of(owner).post(at, said_of(kind, owner)).status_code in (200, 204, 302)

    answer = answered_meanwhile(second, at, said_of(kind, owner) | {"name": TAKEN.upper()}, save)

    assert_is_said(answer, TAKEN.upper())
    assert model.objects.filter(name__iexact=TAKEN).count() == 1  # type: ignore[attr-defined]


def saved_meanwhile(second: Client, at: str, kind: Kind, first: User) -> Any:
    """What the second one is answered, who saves the same as the first."""
    said = said_of(kind, first)
    return answered_meanwhile(second, at, said, lambda: kind.make(first, TAKEN))


def said_of(kind: Kind, by: User) -> dict[str, Any]:
    """What a form is sent."""
    return {
        "name": TAKEN,
        "workspace": workspace_of(by).pk,
        **kind.answers,
        **kind.answers_of(),
    }


def answered_meanwhile(
    second: Client, at: str, said: dict[str, Any], save: Callable[[], object]
) -> Any:
    """What the second one is answered: what the first has saved is committed while it waits."""
    answers: list[Any] = []

    def post() -> None:
        try:
            answers.append(second.post(at, said))
        finally:
            connection.close()

    thread = Thread(target=post)
    with transaction.atomic():
        save()
        thread.start()
        while thread.is_alive() and not somebody_waits():
            thread.join(0.02)
    thread.join()
    (answer,) = answers
    return answer


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # Not pg_stat_activity: within a transaction that stays as it was when first looked at.
        cursor.execute(
            "SELECT FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.rowcount)


def assert_is_said(answer: Any, name: str = TAKEN) -> None:
    assert answer.status_code in (200, 422)
    text = " ".join(answer.content.decode().split())
    assert "already" in text
    assert name in text


def test_each_model_with_a_name_of_its_own_is_among_them(owner: User, workspace: Workspace) -> None:
    named = {
        model
        for model in apps.get_models()
        if model.__module__.startswith(("pipeline.", "notifications."))
        and any(is_of_a_name(constraint) for constraint in model._meta.constraints)
    }

    named.remove(FormerName)  # which triggers write
    assert named == {
        type(kind.make(owner, f"{number}")) for number, kind in enumerate(KINDS.values())
    }


def is_of_a_name(constraint: Any) -> bool:
    """Whether it is about what people write, and may be the same at the same moment."""
    if not isinstance(constraint, models.UniqueConstraint):
        return False
    written = {*constraint.fields, *(str(name) for name in constraint.expressions)}
    return any("name" in name or "email" in name for name in written)
