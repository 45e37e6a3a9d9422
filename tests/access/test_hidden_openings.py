"""A limited member reads the name of an opening or folder that it may not see nowhere at all."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from notifications import live
from notifications.hub.audience import Audience
from notifications.hub.bells import bells_of
from notifications.hub.viewers import logins_of, watching
from pipeline.bulk_actions.models import FollowUp, Status
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import AuditEntry

from .hidden import NAMES, HiddenWorld, names_in
from .table import NO_SUCH_METHOD, TABLE

IN_PARTS = ("/new/", "/cancel/", "/cancel-all/", "/edit/")  # asked for as fragments, too


@pytest.fixture
def hidden(
    owner: User,
    other_opening: Opening,
    make_candidates: Any,
    elsewhere: User,
    settings: Any,
    tmp_path: Path,
) -> HiddenWorld:
    settings.MEDIA_ROOT = tmp_path / "media"
    return HiddenWorld(owner, other_opening, make_candidates, elsewhere)


@pytest.fixture
def things(hidden: HiddenWorld, world: dict[str, Any]) -> dict[str, list[Any]]:
    """All that an address can name, by the names of the table; of ours and of theirs."""
    journey = hidden.journey
    ours: dict[str, list[Any]] = {
        "action": hidden.actions,
        "candidate": [hidden.here, *hidden.leeds.candidates.exclude(pk=hidden.here.pk)[:3]],
        "journey": [journey],
        "journey_block": [{"pk": journey.pk, "block": block} for block in journey.draft["blocks"]],
        "run": [{"pk": journey.pk, "run": hidden.run.pk}],
        "task": [hidden.task],
        "past_task": [hidden.past_task],
        "imported": [hidden.imported],
        "uploaded": [hidden.imported],
        "opening": [hidden.vault],
        "folder": [hidden.hangar],
        "opt_out": [{"pk": hidden.here.pk, "channel": "email"}],
    }
    return {name: [one, *ours.get(name, [])] for name, one in world.items()}


def addresses(things: dict[str, list[Any]]) -> Iterator[str]:
    """Each line of the table with each of the things; and what else their pages lead to."""
    for url, page in TABLE.items():
        if page.get == NO_SUCH_METHOD:
            continue
        if url.startswith("/"):
            yield url
        elif not page.of:
            yield reverse(url) + page.query
        else:
            for thing in things[page.of]:
                names = thing if isinstance(thing, dict) else {"pk": thing.pk}
                yield reverse(url, kwargs=names) + page.query
    for action in things["action"]:
        review = reverse("bulk_actions:review", args=[action.pk])
        yield f"{review}?result=failed"
        yield f"{reverse('bulk_actions:outcomes', args=[action.pk])}?result=failed"
        for which in (FollowUp.REST, FollowUp.UNDO):
            yield f"{reverse('bulk_actions:new')}?of={action.pk}&select={which}"
    for operation in (
        "move_to_folder",
        "create_application",
        "share_with_reviewer",
        "start_journey",
    ):
        yield f"{reverse('bulk_actions:new')}?operation={operation}&select=all"
    for run in things["run"][1:]:
        compare = reverse("journeys:compare", args=[run["pk"]])
        test_run = reverse("journeys:test_run", args=[run["pk"]])
        yield f"{compare}?old=1&new=draft"
        for candidate in things["candidate"][1:]:
            yield f"{test_run}?candidate={candidate.pk}&steps=9"
            yield f"{reverse('tasks:new')}?candidate={candidate.pk}"


def read(client: Client, method: str, address: str, data: Any = None, **headers: str) -> str:
    """The whole answer, headers too; what it did is undone."""
    with transaction.atomic():
        answer = getattr(client, method)(address, data or {}, headers=headers)
        text = f"{answer.getvalue().decode(errors='replace')} {dict(answer.items())}"
        transaction.set_rollback(True)
    assert answer.status_code < 500, address
    return " ".join(text.split())


def test_no_address_names_them(
    elsewhere: User, client_of: Any, things: dict[str, list[Any]]
) -> None:
    client = client_of(elsewhere)
    found = set()

    for address in addresses(things):
        is_in_parts = address.partition("?")[0].endswith(IN_PARTS)
        for headers in ({}, {"HX-Request": "true"}) if is_in_parts else ({},):
            if names := names_in(read(client, "get", address, **headers)):
                found.add(f"GET {address}: {names}")

    assert found == set()


def test_no_page_of_the_admin_site_names_them(
    elsewhere: User, client_of: Any, hidden: HiddenWorld
) -> None:
    elsewhere.user_permissions.set(Permission.objects.all())
    User.objects.filter(pk=elsewhere.pk).update(is_staff=True)
    client = client_of(User.objects.get(pk=elsewhere.pk))
    found, seen = set(), set()

    for address in admin_addresses(elsewhere):
        text = read(client, "get", address)
        seen.update(re.findall("another opening", text))
        if names := names_in(text):
            found.add(f"GET {address}: {names}")

    assert found == set()
    assert seen == {"another opening"}


def test_such_staff_cannot_guess_them_by_a_search_in_the_admin_site(
    elsewhere: User, client_of: Any, hidden: HiddenWorld
) -> None:
    elsewhere.user_permissions.set(Permission.objects.all())
    User.objects.filter(pk=elsewhere.pk).update(is_staff=True)
    client = client_of(User.objects.get(pk=elsewhere.pk))
    found = {}

    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        answers = [client.get(address, {"q": word}) for word in (*NAMES, "Xyzzy")]
        if answers[0].status_code != 200:
            continue  # not for staff
        *hits, none = [answer.context["cl"].result_count for answer in answers]
        if hits != [none] * len(NAMES):
            found[address] = hits

    assert found == {}


def test_what_such_staff_cancel_in_the_admin_site_keeps_its_name(
    elsewhere: User, client_of: Any, hidden: HiddenWorld
) -> None:
    elsewhere.user_permissions.set(Permission.objects.all())
    User.objects.filter(pk=elsewhere.pk).update(is_staff=True)
    chosen = {"action": "cancel_selected", "_selected_action": [hidden.active.pk]}

    client_of(elsewhere).post(reverse("admin:bulk_actions_bulkaction_changelist"), chosen)

    title = hidden.active.title
    hidden.active.refresh_from_db()
    assert hidden.active.status == Status.CANCELED
    assert hidden.active.title == title
    assert AuditEntry.objects.get(verb="canceled").subject.startswith(title)


def admin_addresses(staff: User) -> Iterator[str]:
    """Each list, and what leads from it: each row's page, its history and the question whether to
    delete it."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=staff.pk)
    yield reverse("admin:index")
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if not page.has_view_permission(request):
            continue
        yield reverse(f"{name}_changelist")
        for row in page.get_queryset(request):
            for view in ("change", "history", "delete"):
                yield reverse(f"{name}_{view}", args=[row.pk])


def test_no_answer_to_an_order_names_them(
    elsewhere: User, client_of: Any, things: dict[str, list[Any]], hidden: HiddenWorld
) -> None:
    client = client_of(elsewhere)
    found = set()
    orders = [
        *((reverse("bulk_actions:cancel", args=[action.pk]), {}) for action in things["action"]),
        (reverse("bulk_actions:cancel-all"), {}),
        (reverse("bulk_actions:cancel-all"), {"action": [action.pk for action in hidden.actions]}),
        (reverse("tasks:cancel", args=[hidden.past_task.pk]), {"reason": "x", "seen": "assigned"}),
        (reverse("tasks:accept", args=[hidden.past_task.pk]), {}),
    ]

    for address, data in orders:
        for headers in ({}, {"HX-Request": "true"}):
            text = read(client, "post", address, data, **headers)
            text += read(client, "get", reverse("notifications:history"))  # what was flashed
            if names := names_in(text):
                found.add(f"POST {address}: {names}")

    assert found == set()


def test_whoever_sees_all_reads_the_names(client_of: Any, owner: User, hidden: HiddenWorld) -> None:
    client = client_of(owner)

    pages = [action.get_absolute_url() for action in hidden.actions]
    pages += [hidden.journey.get_absolute_url(), hidden.here.get_absolute_url()]
    text = " ".join(read(client, "get", page) for page in pages)

    assert set(names_in(text)) == set(NAMES)


def test_no_push_and_no_bell_names_them(
    hidden: HiddenWorld, elsewhere: User, client_of: Any
) -> None:
    openings = frozenset(elsewhere.membership.openings.values_list("pk", flat=True))
    audience = Audience(hidden.workspace.pk, openings)
    logins = logins_of([client_of(elsewhere).cookies["sessionid"].value])

    rows = [*audience.find_rows([action.pk for action in hidden.actions]).html.values()]
    panel = audience.find_panel().html
    ticks = [audience.take(live.message_about(action, False)) or "" for action in hidden.actions]
    whole = [audience.take(live.message_about(action, True)) for action in hidden.actions]
    bell = bells_of(set(watching(logins.values()).values()))[elsewhere.pk]

    assert names_in(" ".join([*rows, panel, *ticks, *filter(None, whole), bell])) == []
    assert "bulk-progress" in " ".join(ticks)
    assert None in whole, "to be looked up, as each such member sees another row"
    assert "Import of mine.csv into another opening" in bell


def test_another_opening_stands_in_their_place_with_the_numbers_of_what_is_seen(
    client_of: Any, elsewhere: User, owner: User, hidden: HiddenWorld, monkeypatch: Any
) -> None:
    client = client_of(elsewhere)
    failed = read(client, "get", f"{hidden.actions[0].get_absolute_url()}?result=failed")
    assert "Move to another opening" in failed
    assert "The folder is in another opening." in failed
    assert "Already in another opening with the same e-mail." in failed

    action = next(found for found in hidden.actions if found.operation == "set_attribute")
    count = hidden.leeds.candidates.count()
    assert 0 < count < action.total
    page = read(client, "get", action.get_absolute_url())
    whole = read(client_of(owner), "get", action.get_absolute_url())
    assert f'data-count="changed">{count}<' in page
    assert f"{count} selected candidates that you can see" in page
    assert f'data-count="changed">{action.changed}<' in whole

    runs = hidden.journey.runs.running()
    seen, total = runs.visible_to(elsewhere).count(), runs.count()
    assert 0 < seen < total
    journey = hidden.journey.get_absolute_url()
    assert f"<strong>{seen}</strong> run" in read(client, "get", journey)
    assert f"<strong>{total}</strong> run" in read(client_of(owner), "get", journey)

    monkeypatch.setattr("pipeline.bulk_actions.seen.COUNTED_FOR_ONE", 1)
    page = read(client, "get", action.get_absolute_url())
    assert "too many candidates to count" in page
    assert "data-count" not in page
