"""Django admin, all of it: a superuser sees all, staff their workspace, and by their rights."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelChoiceField
from django.test import Client, RequestFactory
from django.urls import reverse
from django_rq.models import Dashboard

from pipeline.candidates.models import Opening
from pipeline.tasks.models.saved_filter import SavedFilter
from pipeline.workspaces.admin_access import SuperusersOnly, WorkspaceModelAdmin
from pipeline.workspaces.models import Membership, Role, User, Workspace
from pipeline.workspaces.models.setback import Setback
from tests.conftest import OnceForAll, join

from .admin_rows import Rows, rows_of_workspace

# Long, as a page's CSRF token is 64 letters drawn at random: one in 15,000 said "zebu".
OWN, FOREIGN = "Quokkaberry", "Zebufinch"
OF_NO_WORKSPACE = {Group, Dashboard, Setback}  # for superusers alone

# What the site lets staff with every right do with the rows of their workspace. Others look.
CHANGED = "add change delete"
EDITABLE = {
    "workspaces.workspace": "change",
    "workspaces.user": CHANGED,
    "workspaces.membership": CHANGED,
    "workspaces.webhookendpoint": "add change",
    "candidates.opening": CHANGED,
    "candidates.folder": CHANGED,
    "candidates.label": CHANGED,
    "candidates.rejectreason": CHANGED,
    "candidates.candidate": CHANGED,
    "candidates.candidateimport": "delete",
    "outreach.campaign": "change",
    "outreach.messagetemplate": CHANGED,
    "outreach.optout": CHANGED,
    "outreach.messagelimit": CHANGED,
    "tasks.taskrules": CHANGED,
    "tasks.agentskills": CHANGED,
    "tasks.savedfilter": "change delete",
    "tasks.apitoken": "change",
    "journeys.journeyrules": CHANGED,
}
# Superusers may, beyond that.
ONLY_SUPERUSERS = {"workspaces.workspace": "add"}


@pytest.fixture(scope="module")
def both(once_for_all: OnceForAll) -> tuple[Rows, Rows]:
    with once_for_all():
        return rows_of_workspace(OWN), rows_of_workspace(FOREIGN)


@pytest.fixture
def copies(both: tuple[Rows, Rows], db: None) -> tuple[Rows, Rows]:
    """Objects of this test's own, for the same rows."""
    return deepcopy(both)


@pytest.fixture
def own(copies: tuple[Rows, Rows]) -> Rows:
    return copies[0]


@pytest.fixture
def foreign(copies: tuple[Rows, Rows]) -> Rows:
    return copies[1]


def staff_of(rows: Rows | None, name: str, *rights: Permission) -> User:
    user = User.objects.create(email=f"{name}@example.org", is_staff=True)
    if rows:
        Membership.objects.create(user=user, workspace=rows[Workspace], role="owner")
    user.user_permissions.set(rights)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def staff(own: Rows, foreign: Rows) -> User:
    """With every right that Django knows, in the own workspace."""
    return staff_of(own, "staff", *Permission.objects.all())


@pytest.fixture
def bare(own: Rows, foreign: Rows) -> User:
    return staff_of(own, "bare")


@pytest.fixture
def homeless(own: Rows, foreign: Rows) -> User:
    """With every right, and in no workspace."""
    return staff_of(None, "homeless", *Permission.objects.all())


@pytest.fixture
def root(own: Rows, foreign: Rows) -> User:
    return User.objects.create_superuser("root@example.org")


def models() -> list[type[Model]]:
    return [model for model in admin.site._registry if model not in OF_NO_WORKSPACE]


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def text(answer: Any) -> str:
    return str(answer.getvalue().decode(errors="replace"))


def may(model: type[Model], what: str, *, is_superuser: bool = False) -> bool:
    label = model._meta.label_lower
    rights = EDITABLE.get(label, "") + (f" {ONLY_SUPERUSERS.get(label)}" if is_superuser else "")
    return what in rights.split()


# --- the rule itself ------------------------------------------------------------------------------


def test_each_model_follows_the_rule_or_is_for_superusers():
    for model, page in admin.site._registry.items():
        kind = SuperusersOnly if model in OF_NO_WORKSPACE else WorkspaceModelAdmin
        assert isinstance(page, kind), f"{model.__name__}: see pipeline/workspaces/admin_access.py"
        for inline in page.inlines:
            assert "OwnChoices" in {base.__name__ for base in inline.__mro__}, inline
        # Its widget names any row that somebody posts the id of.
        assert not page.raw_id_fields, f"{model.__name__}: autocomplete_fields, please"


def test_what_does_not_follow_it_is_closed_to_staff(own: Rows, staff: User):
    site = type(admin.site._wrapped)()  # type: ignore[attr-defined]
    site.register(LogEntry)
    request = RequestFactory().get("/")
    request.user = staff

    page = site.get_model_admin(LogEntry)

    assert not page.has_view_permission(request)
    assert not page.has_module_permission(request)


def test_each_model_has_a_row_in_both_workspaces(own: Rows, foreign: Rows):
    assert set(models()) == own.keys() == foreign.keys()


# --- every page of every model --------------------------------------------------------------------


def expected(model: type[Model], who: str) -> Iterator[tuple[str, str, int]]:
    """Each page's name, which row it is of, and the status of the answer to a GET."""
    full = who in ("staff", "root")
    is_root = who == "root"
    yield "changelist", "", 200 if who != "bare" else 403
    adds = who != "bare" and may(model, "add", is_superuser=is_root)
    yield "add", "", 200 if adds else 403
    for page in ("change", "history", "delete") if who != "homeless" else ("change",):
        lacks = page == "delete" and not may(model, "delete")
        if not is_root:
            yield page, "own", 403 if lacks else 200 if full else 302
        if full:  # the others see no row at all
            yield page, "foreign", 403 if lacks else 200 if is_root else 302


@pytest.mark.parametrize("who", ["staff", "bare", "homeless", "root"])
def test_each_page_of_each_model(who: str, own: Rows, foreign: Rows, request: Any, client: Client):
    client.force_login(request.getfixturevalue(who))
    rows = {"own": own, "foreign": foreign}
    wrong = []
    for model in models():
        for page, whose, status in expected(model, who):
            args = [rows[whose][model].pk] if whose else []
            with transaction.atomic():
                answer = client.get(address(model, page, *args))
                transaction.set_rollback(True)
            if who == "bare" and answer.status_code in (302, 403) and status in (302, 403):
                status = answer.status_code  # without a right it makes no difference which
            asked = f"{model._meta.label} {page} {whose} by {who}: "
            if answer.status_code != status:
                wrong.append(f"{asked}{answer.status_code} instead of {status}")
            if who != "root" and FOREIGN.lower() in text(answer).lower():
                wrong.append(f"{asked}tells of {FOREIGN}")
            if who == "homeless" and OWN.lower() in text(answer).lower():
                wrong.append(f"{asked}tells of {OWN}")

    assert wrong == []


def test_staff_find_their_own_rows(staff: User, own: Rows, foreign: Rows, client: Client):
    client.force_login(staff)
    empty = []
    for model in models():
        page = admin.site.get_model_admin(model)
        request = RequestFactory().get("/")
        request.user = staff
        seen = set(page.get_queryset(request).values_list("pk", flat=True))
        if own[model].pk not in seen or foreign[model].pk in seen:
            empty.append(model)
        if page.search_fields:
            found = text(client.get(address(model, "changelist"), {"q": FOREIGN}))
            assert f"{FOREIGN} " not in found, model
            by_id = text(client.get(address(model, "changelist"), {"q": foreign[model].pk}))
            assert FOREIGN not in by_id, model

    assert empty == []


def test_a_limited_member_sees_in_the_admin_what_its_pages_show(
    staff: User, own: Rows, foreign: Rows
):
    Membership.objects.filter(user=staff).update(is_limited=True, role="support")
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=staff.pk)

    seen = {
        model._meta.model_name
        for model in models()
        if admin.site.get_model_admin(model).get_queryset(request).exists()
    }

    of_the_whole_workspace = {"workspace", "user", "membership", "label", "rejectreason"}
    of_the_whole_workspace |= {"journey", "journeyversion", "campaign", "messagetemplate"}
    assert seen == of_the_whole_workspace | {"apitoken"}


# --- choices --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["staff", "homeless"])
def test_no_form_offers_or_takes_a_row_of_another_workspace(
    who: str, own: Rows, foreign: Rows, request: Any
):
    user = request.getfixturevalue(who)
    asked = RequestFactory().get("/")
    asked.user = user
    checked = 0
    for model in models():
        if not may(model, "change"):
            continue
        page = admin.site.get_model_admin(model)
        forms = [page.get_form(asked, None), page.get_form(asked, own[model])]
        forms += [each.form for each, _ in page.get_formsets_with_inlines(asked, own[model])]
        for name, rows in [choice for form in forms for choice in choices_of(form)]:
            assert not rows.filter(pk=foreign[rows.model].pk).exists(), (model, name)
            checked += 1

    assert checked > 30


def choices_of(form: Any) -> Iterator[tuple[str, QuerySet[Any]]]:
    """The fields of a form that name rows, and the rows that they take."""
    for name, field in form.base_fields.items():
        if isinstance(field, ModelChoiceField):
            assert field.queryset is not None
            yield name, field.queryset


def test_a_posted_foreign_id_changes_nothing(staff: User, own: Rows, foreign: Rows, client: Client):
    client.force_login(staff)
    for model in models():
        if not may(model, "change"):
            continue
        page = admin.site.get_model_admin(model)
        asked = RequestFactory().get("/")
        asked.user = staff
        for name, rows in choices_of(page.get_form(asked, own[model])):
            pk = foreign[rows.model].pk
            answer = client.post(address(model, "change", own[model].pk), {name: pk})
            assert answer.status_code == 200, (model, name)
            assert name in answer.context["adminform"].form.errors, (model, name)
            assert FOREIGN not in text(answer), (model, name)


@pytest.mark.filterwarnings("error::django.core.paginator.UnorderedObjectListWarning")
def test_autocomplete_and_popups_name_no_foreign_row(
    staff: User, own: Rows, foreign: Rows, client: Client
):
    client.force_login(staff)
    asked = 0
    for model in models():
        page = admin.site.get_model_admin(model)
        for name in page.autocomplete_fields:
            related: Any = model._meta.get_field(name).related_model
            source = {
                "app_label": model._meta.app_label,
                "model_name": str(model._meta.model_name),
                "field_name": name,
                "term": "",
            }
            answer = client.get(reverse("admin:autocomplete"), source)
            found = {int(row["id"]) for row in answer.json()["results"]}
            assert foreign[related].pk not in found, (model, name)
            asked += 1
    popup = client.get(address(Opening, "changelist"), {"_popup": "1", "_to_field": "id"})
    assert OWN in text(popup)
    assert FOREIGN not in text(popup)
    assert asked > 15


def test_the_filters_name_no_other_workspace(staff: User, root: User, client: Client):
    pages = [address(model, "changelist") for model in models()]

    client.force_login(root)
    assert any(f"{FOREIGN} Ltd" in filters_of(client.get(page)) for page in pages)
    client.force_login(staff)
    assert not any(f"{FOREIGN} Ltd" in filters_of(client.get(page)) for page in pages)


def filters_of(answer: Any) -> str:
    cl = answer.context["cl"]
    return str([choice["display"] for spec in cl.filter_specs for choice in spec.choices(cl)])


# --- actions and deletions ------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["staff", "bare", "homeless"])
def test_no_action_reaches_a_foreign_row(
    who: str, own: Rows, foreign: Rows, request: Any, client: Client
):
    client.force_login(request.getfixturevalue(who))
    before = values(foreign)
    for model in models():
        for name in ("delete_selected", *(admin.site.get_model_admin(model).actions or ())):
            data = {"action": name, "_selected_action": [foreign[model].pk], "post": "yes"}
            answer = client.post(address(model, "changelist"), data | {"reason": "x"})
            assert FOREIGN not in text(answer), (model, name)

    assert values(foreign) == before


def values(rows: Rows) -> dict[type[Model], Any]:
    return {
        model: model._default_manager.filter(pk=row.pk).values().get()
        for model, row in rows.items()
    }


def test_a_deletion_names_and_takes_nothing_of_another_workspace(
    staff: User, own: Rows, foreign: Rows, client: Client
):
    """What would go along with a user who worked elsewhere before."""
    moved = join(own[Workspace], Role.RECRUITER, "Mo Moved")
    SavedFilter.objects.filter(pk=foreign[SavedFilter].pk).update(user=moved)
    client.force_login(staff)

    page = client.get(address(User, "delete", moved.pk))
    posted = client.post(address(User, "delete", moved.pk), {"post": "yes"})

    assert page.status_code == 200
    assert FOREIGN not in text(page)
    assert posted.status_code == 403
    assert SavedFilter.objects.filter(pk=foreign[SavedFilter].pk).exists()


def test_the_way_to_a_rows_own_page_is_no_oracle(
    staff: User, own: Rows, foreign: Rows, client: Client
):
    client.force_login(staff)
    for model in models():
        if hasattr(model, "get_absolute_url"):
            kind = ContentType.objects.get_for_model(model).pk
            answers = [
                client.get(reverse("admin:view_on_site", args=[kind, row.pk])).status_code
                for row in (own[model], foreign[model])
            ]
            assert answers == [302, 404], model
    for made_up in ("x", "0", "9" * 40):
        assert client.get(f"/admin/r/{made_up}/1/").status_code == 404


# --- queues and flags -----------------------------------------------------------------------------


def pages_of_queues() -> list[str]:
    index = ("home", "home_json", "jobs", "workers", "failed_jobs", "queue_details", "clear")
    pages = [
        reverse(name.format(page), args=[] if "home" in page else [0])
        for name in ("django_rq:{}", "admin:django_rq_{}")
        for page in index
    ]
    pages.append(reverse("admin:django_rq_dashboard_changelist"))
    return [*pages, reverse("django_rq:delete_job", args=[0, "x"])]


@pytest.mark.parametrize("who", ["staff", "bare", "homeless"])
def test_queues_are_for_superusers(who: str, request: Any, client: Client):
    client.force_login(request.getfixturevalue(who))

    for page in pages_of_queues():
        assert client.get(page).status_code == 403, page
        assert client.post(page, {"post": "yes"}).status_code == 403, page
    assert "django_rq" not in text(client.get(reverse("admin:index")))


def test_a_superuser_sees_the_queues(root: User, client: Client):
    client.force_login(root)

    assert client.get(reverse("django_rq:home")).status_code == 200
    assert client.get(reverse("django_rq:home_json")).status_code == 200
    assert client.get(reverse("admin:django_rq_home")).status_code == 200


def user_form(user: User, **fields: Any) -> dict[str, Any]:
    membership = user.membership
    return {
        "email": user.email,
        "first_name": "New",
        "is_active": "on",
        "membership-TOTAL_FORMS": 1,
        "membership-INITIAL_FORMS": 1,
        "membership-0-id": membership.pk,
        "membership-0-user": user.pk,
        "membership-0-workspace": membership.workspace_id,
        "membership-0-role": membership.role,
        **fields,
    }


def test_staff_make_nobody_superuser_or_staff(staff: User, own: Rows, client: Client):
    client.force_login(staff)
    group = Group.objects.create(name="Everything")
    flags = {"is_staff": "on", "is_superuser": "on", "groups": [group.pk], "user_permissions": [1]}

    by_staff = client.post(address(User, "change", staff.pk), user_form(staff, **flags))
    theirs = client.post(address(User, "change", own[User].pk), user_form(own[User], **flags))
    groups = client.post(address(Group, "add"), {"name": "Mine"})

    assert (by_staff.status_code, theirs.status_code, groups.status_code) == (403, 302, 403)
    assert not User.objects.filter(is_superuser=True).exists()
    changed = User.objects.get(pk=own[User].pk)
    assert (changed.first_name, changed.is_staff, changed.groups.count()) == ("New", False, 0)
    assert changed.user_permissions.count() == 0
    assert Group.objects.count() == 1


def test_staff_set_no_password_of_people_elsewhere_or_with_more_rights(
    staff: User, bare: User, root: User, own: Rows, foreign: Rows, client: Client
):
    Membership.objects.create(user=root, workspace=own[Workspace], role="owner")
    word = "a new long passphrase"
    data = {"password1": word, "password2": word, "usable_password": "true"}
    client.force_login(staff)

    answers = {}
    for user in (foreign[User], root, bare, own[User]):
        page = reverse("admin:auth_user_password_change", args=[user.pk])
        answers[user] = client.post(page, data).status_code

    changed = [user for user in answers if User.objects.get(pk=user.pk).check_password(word)]
    assert changed == [own[User]]
    assert answers[root] == answers[bare] == 403
    entry = own[Workspace].audit.first()
    assert (entry.verb, entry.actor) == ("set the password of", staff)


def test_staff_delete_no_superuser(staff: User, root: User, own: Rows, client: Client):
    Membership.objects.create(user=root, workspace=own[Workspace], role="owner")
    client.force_login(staff)

    answer = client.post(address(User, "delete", root.pk), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    client.post(address(User, "changelist"), chosen)

    assert answer.status_code == 403
    assert User.objects.filter(pk=root.pk).exists()


def test_a_user_whom_staff_add_is_of_their_workspace(staff: User, own: Rows, client: Client):
    client.force_login(staff)
    word = "a new long passphrase"
    data: dict[str, Any] = {"email": "new@example.net", "password1": word, "password2": word}
    data |= {"usable_password": "true", "membership-INITIAL_FORMS": 0}
    member = {"membership-0-workspace": own[Workspace].pk, "membership-0-role": "agent"}

    without = client.post(address(User, "add"), data | {"membership-TOTAL_FORMS": 0})
    client.post(address(User, "add"), data | member | {"membership-TOTAL_FORMS": 1})

    assert without.status_code == 200
    assert User.objects.get(email="new@example.net").membership.workspace == own[Workspace]


def test_a_history_shows_no_other_rows(staff: User, root: User, own: Rows, client: Client):
    opening = own[Opening]
    LogEntry.objects.create(
        user=root,
        content_type=ContentType.objects.get_for_model(opening),
        object_id=str(opening.pk),
        object_repr=str(opening),
        action_flag=ADDITION,
        change_message="By hand",
    )
    client.force_login(staff)

    assert "By hand" in text(client.get(address(Opening, "history", opening.pk)))
