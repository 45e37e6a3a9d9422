"""Django admin asked for what its pages do not offer: a 400, `?e=1` or a form's error, no 500."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client

from pipeline.workspaces.models import Membership, Role, User, Workspace
from tests.conftest import join

from .admin_rows import Rows, rows_of_workspace
from .test_admin_site import EDITABLE, address, models, staff_of

FOREVER = "9" * 80
NOT_OFFERED = [
    *("workspaces/auditentry/?at__year=99999999999", "workspaces/auditentry/?address=xx"),
    "workspaces/auditentry/?actor_name__trigram_similar=x",
    *("workspaces/user/?date_joined__year=0", "workspaces/user/?email__regex=("),
    "tasks/inboundevent/?received_at__year=999999999",
    *("tasks/task/?due_at__year=99999999999", "candidates/candidate/?created_at__year__gte=-5"),
    *("candidates/opening/?name__unaccent=x", "tasks/agentskills/?types__contains=zz"),
    "tasks/agentskills/?types__99999999999=1",
    "bulk_actions/bulkaction/?opening_ids__contains=9999999999999999999999",
    "candidates/label/?no_such_field=1",
]
UNREADABLE = [
    *("workspaces/auditentry/?at__gte=x", "candidates/label/?workspace__gte=x"),
    "candidates/candidateimport/?created_at__year=99999999999",
    "candidates/candidateimport/?created_at__year=0",
    "candidates/candidateimport/?created_at__year=9999",
    "candidates/candidateimport/?created_at__month=x",
    "candidates/candidateimport/?created_at__year=2026&created_at__day=40",
]
OFFERED = [
    "workspaces/auditentry/?at__gte=9999-12-31+23:59:59-12:00",
    "workspaces/auditentry/?at__gte=2026-01-01+00:00Z&at__lt=2026-02-01+00:00Z",
    "workspaces/membership/?role__exact=agent&is_limited__exact=0",
    "candidates/label/?workspace__id__exact=1&e=1",
    "candidates/candidateimport/?opening__workspace__id__exact=1&created_at__year=2026",
    "candidates/opening/?_popup=1&_to_field=id&q=x&o=1&all=",
    "bulk_actions/bulkaction/?operation=move&created_at__isnull=False",
]


@pytest.fixture
def own(db: None) -> Rows:
    return rows_of_workspace("Quokka")


@pytest.fixture
def staff(own: Rows, client: Client) -> User:
    """Logged in, with every right that Django knows, in the own workspace."""
    user = staff_of(own, "staff", *Permission.objects.all())
    client.force_login(user)
    return user


def statuses(client: Client, asked: list[str]) -> dict[str, tuple[int, str]]:
    """For each the status, and where to."""
    client.raise_request_exception = False
    found = {}
    for lookup in asked:
        with transaction.atomic():
            answer = client.get(f"/admin/{lookup}")
            found[lookup] = (answer.status_code, answer.headers.get("Location", "")[-4:])
            transaction.set_rollback(True)
    return found


def test_a_list_is_filtered_by_nothing_that_it_does_not_offer(staff: User, client: Client):
    assert statuses(client, NOT_OFFERED) == dict.fromkeys(NOT_OFFERED, (400, ""))


def test_a_filter_with_an_unreadable_value_is_taken_off(staff: User, client: Client):
    assert statuses(client, UNREADABLE) == dict.fromkeys(UNREADABLE, (302, "?e=1"))


def test_the_filters_that_a_list_offers_work(staff: User, client: Client):
    assert statuses(client, OFFERED) == dict.fromkeys(OFFERED, (200, ""))


def test_each_list_takes_what_its_filters_put_into_their_links(own: Rows, client: Client):
    rows_of_workspace("Zebu")  # with one workspace alone no list can be filtered by it
    client.force_login(User.objects.create_superuser("root@example.org"))
    checked = 0
    for model in models():
        answer = client.get(address(model, "changelist"))
        for spec in answer.context["cl"].filter_specs:
            for name in spec.expected_parameters():
                page = admin.site.get_model_admin(model)
                assert page.lookup_allowed(name, "1", answer.wsgi_request), (model, name)
                checked += 1

    assert checked > 50


@pytest.mark.parametrize("pk", ["abc", "", "1.5", FOREVER, "9" * 5000])
def test_an_action_on_what_is_no_id_does_nothing(pk: str, staff: User, client: Client):
    for model in models():
        for name in ("delete_selected", *(admin.site.get_model_admin(model).actions or ())):
            data = {"action": name, "_selected_action": [pk], "index": 0, "post": "yes"}
            with transaction.atomic():
                answer = client.post(address(model, "changelist"), data)
                transaction.set_rollback(True)
            is_taken = answer.status_code in (200, 302, 403)  # no such row, or no such action
            assert is_taken or (pk != FOREVER and answer.status_code == 400), model
            assert model._default_manager.exists(), model
    refused = client.post(address(Membership, "changelist"), data | {"action": "delete_selected"})
    assert (refused.status_code == 400) == (pk != FOREVER)


@pytest.mark.parametrize("given", ["abc", FOREVER, "9" * 5000])
def test_a_choice_that_is_no_id_is_an_error_of_its_field(given: str, staff: User, client: Client):
    asked = 0
    for model in models():
        page = admin.site.get_model_admin(model)
        for name in page.autocomplete_fields if "add" in may(model) else ():
            offered = client.get(address(model, "add"), {name: given})
            answer = client.post(address(model, "add"), {name: given})
            assert answer.status_code == 200, (model, name)
            # Far too long for an address, it is refused before the page is asked.
            assert offered.status_code == (400 if len(given) > 2000 else 200), (model, name)
            assert name in answer.context["adminform"].form.errors, (model, name)
            asked += 1

    assert asked > 10


def may(model: Any) -> list[str]:
    return EDITABLE.get(model._meta.label_lower, "").split()


def test_a_choice_in_an_inline_that_is_no_id_is_an_error_of_its_field(staff: User, client: Client):
    word = "a new long passphrase"
    data = {"email": "new@example.net", "password1": word, "password2": word}
    data |= {"usable_password": "true", "membership-TOTAL_FORMS": "1"}
    data |= {"membership-INITIAL_FORMS": "0", "membership-0-role": "agent"}

    answer = client.post(address(User, "add"), data | {"membership-0-workspace": "x"})

    assert answer.status_code == 200
    assert not User.objects.filter(email="new@example.net").exists()


# --- memberships of those who may enter the admin site --------------------------------------------


def membership_form(member: Membership, **fields: Any) -> dict[str, Any]:
    return {"user": member.user_id, "workspace": member.workspace_id, "role": "owner"} | fields


def test_staff_change_no_membership_of_their_own_or_of_people_with_rights(
    staff: User, own: Rows, client: Client
):
    root = User.objects.create_superuser("root@example.org")
    Membership.objects.create(user=root, workspace=own[Workspace], role="support")
    other = staff_of(own, "other")
    agent = join(own[Workspace], Role.AGENT, "Ada Agent", is_limited=True)
    Membership.objects.filter(user=staff).update(is_limited=True)

    answers = {}
    for user in (staff, root, other, agent):
        member = Membership.objects.get(user=user)
        page = address(Membership, "change", member.pk)
        assert client.get(page).status_code == 200
        form = membership_form(member, role="recruiter", is_limited="on" if user == agent else "")
        answers[user] = client.post(page, form).status_code

    assert [*answers.values()] == [403, 403, 403, 302]
    assert Membership.objects.get(user=staff).is_limited
    assert Membership.objects.get(user=agent).role == "recruiter"
    assert not Membership.objects.filter(user__in=[staff, root, other], role="recruiter").exists()


def test_staff_delete_no_membership_of_their_own_or_of_people_with_rights(
    staff: User, own: Rows, client: Client
):
    own_pk = Membership.objects.get(user=staff).pk
    chosen = {"action": "delete_selected", "_selected_action": [own_pk], "post": "yes"}

    answer = client.post(address(Membership, "delete", own_pk), {"post": "yes"})
    client.post(address(Membership, "changelist"), chosen)

    assert answer.status_code == 403
    assert Membership.objects.filter(pk=own_pk).exists()


def test_a_superuser_changes_every_membership(staff: User, own: Rows, client: Client):
    root = User.objects.create_superuser("root@example.org")
    client.force_login(root)
    member = Membership.objects.get(user=staff)

    client.post(address(Membership, "change", member.pk), membership_form(member))

    assert Membership.objects.get(user=staff).role == "owner"
