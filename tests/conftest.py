"""The cast: a workspace with everybody who works in it, and a stranger with one of her own."""

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker

from pipeline.candidates.models import (
    Candidate,
    CandidateLabel,
    CandidateQuerySet,
    Folder,
    Label,
    Opening,
)
from pipeline.workspaces.models import Membership, Role, User, Workspace

from . import servers
from .emptying import empty_tables

# Slow by design: a tenth of a second and more for each password that is set or checked.
PBKDF2PasswordHasher.iterations = 1
PASSWORD = "correct horse battery staple"
HASHED = make_password(PASSWORD)


@pytest.fixture(scope="session", autouse=True)
def soon_done() -> Iterator[None]:
    """What thousands of tests would each wait for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        # Else each test client reads all the static files: 0.1 s.
        patch.setattr(settings, "WHITENOISE_AUTOREFRESH", True, raising=False)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The test database begins as a copy of `belay`, which is migrated."""
    if servers.postgres:
        connection.settings_dict["TEST"]["TEMPLATE"] = "belay"


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """All that is there now stays until the end, and need not be looked through now and then.

    What pages leave behind is looked for less often than by default: that took a fifth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.enable()  # servers.py had it wait
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A test that ended the server, or this session, leaves a connection that no test can use."""
    if connection.connection is not None and not connection.is_usable():
        connection.close()


OnceForAll = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def once_for_all(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[OnceForAll]:
    """`with once_for_all():` in a fixture of module scope, what is written is there for each test.

    A test takes back what it writes itself, and gets rows, not the objects that others changed. Not
    for modules with a test that commits.
    """
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
    yield django_db_blocker.unblock
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


def join(workspace: Workspace, role: Role, name: str, **fields: Any) -> User:
    """A new user with that name, who logs in as ana@example.com, in that role."""
    first_name, last_name = name.split(" ", 1)
    user = User.objects.create(
        email=f"{first_name.lower()}@example.com",
        first_name=first_name,
        last_name=last_name,
        password=HASHED,
    )
    Membership.objects.create(user=user, workspace=workspace, role=role, **fields)
    return user


def open_up(workspace: Workspace, name: str) -> Opening:
    opening = Opening.objects.create(workspace=workspace, name=name)
    opening.add_default_folders()
    return opening


@pytest.fixture
def workspace(db: None) -> Workspace:
    return Workspace.objects.create(name="Acme", phone_region="GB")


@pytest.fixture
def owner(workspace: Workspace) -> User:
    return join(workspace, Role.OWNER, "Olga Berg")


@pytest.fixture
def admin_member(workspace: Workspace) -> User:
    return join(workspace, Role.ADMIN, "Adam Nowak")


@pytest.fixture
def recruiter(workspace: Workspace) -> User:
    return join(workspace, Role.RECRUITER, "Ana Ruiz")


@pytest.fixture
def colleague(workspace: Workspace) -> User:
    return join(workspace, Role.RECRUITER, "Ben Okafor")


@pytest.fixture
def agent(workspace: Workspace) -> User:
    return join(workspace, Role.AGENT, "Chloe Tan")


@pytest.fixture
def support(workspace: Workspace) -> User:
    return join(workspace, Role.SUPPORT, "Dara Singh")


@pytest.fixture
def limited(workspace: Workspace, opening: Opening) -> User:
    """A recruiter who sees `opening` and no other."""
    user = join(workspace, Role.RECRUITER, "Liv Holm", is_limited=True)
    opening.members.add(user.membership)
    return user


@pytest.fixture
def opening(workspace: Workspace) -> Opening:
    return open_up(workspace, "Customer Support, Manila")


@pytest.fixture
def other_opening(workspace: Workspace) -> Opening:
    return open_up(workspace, "Warehouse, Leeds")


@pytest.fixture
def labels(workspace: Workspace) -> list[Label]:
    names = ("Night shift", "German", "Re-hire")
    return [Label.objects.create(workspace=workspace, name=name) for name in names]


@pytest.fixture
def stranger(make_candidates: "MakeCandidates") -> User:
    """The owner of another workspace, with an opening, a label and three candidates."""
    workspace = Workspace.objects.create(name="Globex")
    user = join(workspace, Role.OWNER, "Zoe Stone")
    label = Label.objects.create(workspace=workspace, name="Secret")
    make_candidates(3, open_up(workspace, "Night Porter, Oslo"), labels=[label])
    return user


MakeCandidates = Callable[..., CandidateQuerySet]
numbers = count(1)


@pytest.fixture
def make_candidates(db: None, request: pytest.FixtureRequest) -> MakeCandidates:
    """`make_candidates(n, opening, folder, labels=[…], recruiter=membership, **columns)`.

    Writes them in one statement, as imports do, and returns them as a queryset, newest first.
    Without an opening it is the fixture `opening`; without a folder that opening's inbox.
    """

    def make(
        n: int,
        opening: Opening | None = None,
        folder: Folder | None = None,
        labels: list[Label] | None = None,
        recruiter: Membership | None = None,
        **columns: Any,
    ) -> CandidateQuerySet:
        opening = opening or request.getfixturevalue("opening")
        values = columns | {
            "workspace_id": opening.workspace_id,
            "opening_id": opening.pk,
            "folder_id": (folder or opening.inbox).pk,
            "recruiter_id": recruiter and recruiter.pk,
        }
        ids = insert_candidates(n, values)
        CandidateLabel.objects.bulk_create(
            CandidateLabel(label=label, candidate_id=pk) for label in labels or () for pk in ids
        )
        return Candidate.objects.filter(pk__in=ids)

    return make


def insert_candidates(n: int, values: dict[str, Any]) -> list[int]:
    last = 0
    for _ in range(n):
        last = next(numbers)
    made_up = {
        "first_name": "'Person'",
        "last_name": "number::text",
        "full_name": "'Person ' || number",
        "email": "'person' || number || '@example.org'",
        "phone": "'+4477009' || lpad(number::text, 5, '0')",
        "attributes": "'{}'",
        "source": "''",
    }
    made_up |= dict.fromkeys(values, "%s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO candidates_candidate ({', '.join(made_up)})"
            f" SELECT {', '.join(made_up.values())}"
            " FROM generate_series(%s::int, %s::int) AS number RETURNING id",
            [*(values[name] for name in made_up if name in values), last - n + 1, last],
        )
        return [pk for (pk,) in cursor.fetchall()]


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """`client_of(user)`: a browser in which that user is logged in."""

    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of
