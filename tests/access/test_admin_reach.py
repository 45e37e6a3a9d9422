"""Staff with every right of Django admin give nobody more than they have, and take over nobody.

They may well know the password of whoever they add, so that a role given away is a role taken.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from pipeline.candidates.models import Opening
from pipeline.workspaces.models import Membership, Role, User, Workspace
from pipeline.workspaces.models.webhook import WebhookEndpoint
from tests.conftest import join

WORD = "a new long passphrase"
NEW = "new@example.net"
ClientOf = Callable[[User], Client]


@pytest.fixture
def staff_as(workspace: Workspace, client_of: ClientOf) -> Callable[..., Client]:
    """`staff_as(role, *openings, **fields)`: the browser of a staff member with every right."""

    def staff_as(role: Role, *openings: Opening, **fields: Any) -> Client:
        user = join(workspace, role, "Stan Staff", **fields)
        user.membership.openings.set(openings)
        User.objects.filter(pk=user.pk).update(is_staff=True)
        user.user_permissions.set(Permission.objects.all())
        return client_of(User.objects.get(pk=user.pk))

    return staff_as


def place(workspace: Workspace, role: str, **fields: Any) -> dict[str, Any]:
    """A membership as the form of a user sends it; `fields` are those of the membership."""
    values = {"workspace": workspace.pk, "role": role} | fields
    sent: dict[str, Any] = {f"membership-0-{name}": value for name, value in values.items()}
    return sent | {"membership-TOTAL_FORMS": 1, "membership-INITIAL_FORMS": 0}


def add_user(client: Client, membership: dict[str, Any]) -> Membership | None:
    """What came of adding a user with a password that the staff member knows."""
    word = {"usable_password": "true", "password1": WORD, "password2": WORD}
    page = reverse("admin:workspaces_user_add")
    answer = client.post(page, {"email": NEW} | word | membership)
    assert answer.status_code in (200, 302)
    return Membership.objects.filter(user__email=NEW).first()


def change_user(client: Client, user: User, **membership: Any) -> int:
    member = user.membership
    known = {"id": member.pk, "user": user.pk} | membership
    sent = place(member.workspace, known.pop("role", member.role), **known)
    sent |= {"membership-INITIAL_FORMS": 1, "email": user.email, "is_active": "on"}
    page = reverse("admin:workspaces_user_change", args=[user.pk])
    return client.post(page, sent).status_code


def change_member(client: Client, user: User, **fields: Any) -> int:
    member = user.membership
    data = {"user": user.pk, "workspace": member.workspace_id, "role": member.role} | fields
    page = reverse("admin:workspaces_membership_change", args=[member.pk])
    return client.post(page, data).status_code


def set_password(client: Client, user: User) -> bool:
    data = {"password1": WORD, "password2": WORD, "usable_password": "true"}
    client.post(reverse("admin:auth_user_password_change", args=[user.pk]), data)
    return bool(User.objects.get(pk=user.pk).check_password(WORD))


# --- adding users ---------------------------------------------------------------------------------

ORDER = list(Role)  # from Owner, who may everything, to Support


@pytest.mark.parametrize("own", ORDER)
def test_staff_add_users_up_to_their_own_role(
    own: Role, workspace: Workspace, staff_as: Callable[..., Client]
):
    client = staff_as(own)
    given = []
    for role in ORDER:
        member = add_user(client, place(workspace, role))
        if member:
            given.append(member.role)
            member.user.delete()

    assert given == ORDER[ORDER.index(own) :]


def test_the_form_says_which_role_is_too_much(
    workspace: Workspace, staff_as: Callable[..., Client]
):
    client = staff_as(Role.SUPPORT)
    data = {"email": NEW, "usable_password": "false"} | place(workspace, "owner")

    page = client.post(reverse("admin:workspaces_user_add"), data).content.decode()

    assert "The role Owner has more permissions than your own, Support." in page


def test_limited_staff_add_only_limited_users(
    workspace: Workspace, opening: Opening, staff_as: Callable[..., Client]
):
    client = staff_as(Role.ADMIN, opening, is_limited=True)

    assert add_user(client, place(workspace, "agent")) is None
    added = add_user(client, place(workspace, "agent", is_limited="on"))

    assert added is not None
    assert added.is_limited


@pytest.mark.parametrize(
    ("role", "may_export"),
    [("agent", "true"), ("recruiter", "unknown")],  # said, and by the role
)
def test_who_may_not_export_lets_nobody_export(
    role: str, may_export: str, workspace: Workspace, staff_as: Callable[..., Client]
):
    client = staff_as(Role.RECRUITER, may_export=False)

    assert add_user(client, place(workspace, role, may_export=may_export)) is None
    assert add_user(client, place(workspace, role, may_export="false")) is not None


def test_a_superuser_adds_an_owner(workspace: Workspace, client_of: ClientOf):
    client = client_of(User.objects.create_superuser("root@example.org"))

    added = add_user(client, place(workspace, "owner"))

    assert added is not None
    assert added.is_owner


# --- changing members -----------------------------------------------------------------------------


@pytest.mark.parametrize("change", [change_user, change_member])
def test_staff_raise_nobody_above_themselves(
    change: Callable[..., int], agent: User, staff_as: Callable[..., Client]
):
    client = staff_as(Role.RECRUITER)

    assert change(client, agent, role="owner") == 200  # the form again, with its error
    assert Membership.objects.get(user=agent).role == Role.AGENT
    assert change(client, agent, role="recruiter") == 302
    assert Membership.objects.get(user=agent).role == Role.RECRUITER


@pytest.mark.parametrize("change", [change_user, change_member])
def test_limited_staff_take_no_limit_away(
    change: Callable[..., int], opening: Opening, limited: User, staff_as: Callable[..., Client]
):
    client = staff_as(Role.ADMIN, opening, is_limited=True)

    assert change(client, limited) == 200
    assert Membership.objects.get(user=limited).is_limited
    assert change(client, limited, is_limited="on", role="agent") == 302
    assert Membership.objects.get(user=limited).role == Role.AGENT


@pytest.mark.parametrize("change", [change_user, change_member])
def test_staff_change_nobody_who_may_more(
    change: Callable[..., int], owner: User, staff_as: Callable[..., Client]
):
    """Neither the e-mail, to which a new link would go, nor the role."""
    assert change(staff_as(Role.ADMIN), owner, role="agent") == 403
    assert Membership.objects.get(user=owner).is_owner


# --- passwords ------------------------------------------------------------------------------------


def test_staff_set_no_password_of_a_stronger_role(
    owner: User,
    admin_member: User,
    recruiter: User,
    agent: User,
    support: User,
    staff_as: Callable[..., Client],
):
    client = staff_as(Role.RECRUITER)
    cast = (owner, admin_member, recruiter, agent, support)

    assert [user for user in cast if set_password(client, user)] == [recruiter, agent, support]


def test_limited_staff_set_no_password_of_whoever_sees_more(
    workspace: Workspace,
    opening: Opening,
    other_opening: Opening,
    agent: User,
    limited: User,
    staff_as: Callable[..., Client],
):
    client = staff_as(Role.ADMIN, opening, is_limited=True)
    elsewhere = join(workspace, Role.AGENT, "Elsa Where", is_limited=True)
    elsewhere.membership.openings.set([opening, other_opening])

    cast = (agent, elsewhere, limited)
    assert [user for user in cast if set_password(client, user)] == [limited]


def test_who_may_not_export_sets_no_password_of_who_may(
    workspace: Workspace, agent: User, staff_as: Callable[..., Client]
):
    client = staff_as(Role.RECRUITER, may_export=False)
    exporter = join(workspace, Role.AGENT, "Exa Port", may_export=True)

    cast = (exporter, agent)
    assert [user for user in cast if set_password(client, user)] == [agent]


# --- what shows more than the one who adds it sees ------------------------------------------------


def test_limited_staff_add_no_webhook_which_would_tell_of_all_openings(
    workspace: Workspace, opening: Opening, staff_as: Callable[..., Client]
):
    client = staff_as(Role.ADMIN, opening, is_limited=True)
    page = reverse("admin:workspaces_webhookendpoint_add")

    answer = client.post(page, {"workspace": workspace.pk, "url": "https://example.com/hook"})

    assert answer.status_code == 403
    assert not WebhookEndpoint.objects.exists()


def test_each_role_may_what_the_ones_after_it_may():
    """On which comparing two of them by their order relies."""
    powers = ("is_owner", "can_manage", "can_start", "can_work", "can_export")
    for stronger, weaker in pairwise(ORDER):
        for power in powers:
            assert getattr(Membership(role=stronger), power) >= getattr(
                Membership(role=weaker), power
            ), (stronger, power)
