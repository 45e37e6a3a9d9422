"""Whatever anybody sends to any address: no 500, no answer over 10 s, no stream without an end.

Everyday a few hundred requests, always the same; with --soak thousands, by a seed that is told.
"""

from random import Random
from typing import Any

from django.contrib.admin import site
from django.urls import reverse

from pipeline.tasks.events.forms import EventForm
from pipeline.tasks.models.event_types import EventType
from pipeline.tasks.models.inbound_event import ApiToken
from pipeline.workspaces.models import User, Workspace
from tests.access.table import WHO

from . import hostile
from .asking import Ask, all_troubles
from .conftest import Clients, Rounds
from .targets import Known, paths

# Headers that anything of ours or Django's looks at.
READ = [
    *("HX-Request", "HX-Current-URL", "HX-Target", "HX-Trigger", "X-Forwarded-For", "Cookie"),
    *("Authorization", "Referer", "Origin", "Accept", "Accept-Language", "If-Modified-Since"),
    *("Range", "X-CSRFToken", "X-Forwarded-Proto", "X-Requested-With", "Content-Language"),
]
# What has once been a 500, or had no end.
NAMED = [
    ("candidates:list", {"opening": "1", "folder": hostile.FOREVER}),
    ("candidates:list", {"q": "\0"}),
    ("past:list", {"until": "9999-12-31"}),
    ("past:csv", {"until": "9999-12-31"}),
    ("past:csv", {"since": "0001-01-01"}),
    ("past:list", {"after": "99999999999999999-1"}),
    ("journeys:list", {"after": "\0"}),
    ("journeys:list", {"after": "x\0y"}),
]

LOOKUPS = ["", "__exact", "__in", "__gte", "__isnull", "__regex", "__contains", "__unaccent"]


def test_what_was_once_an_error_is_none(clients: Clients) -> None:
    asked = [
        (name, Ask("GET", reverse(url), query=[*fields.items()]))
        for url, fields in NAMED
        for name in WHO
    ]

    assert all_troubles(clients, asked) == []


def test_every_field_that_is_read_takes_anything(
    clients: Clients, known: Known, random: Random, rounds: Rounds
) -> None:
    """With --soak of every address, and with what the pages have offered for the other fields."""
    targets = random.sample(known.targets, min(len(known.targets), rounds(70, 10_000)))
    for target in targets:
        known.find_out(clients["owner"], target, target.usual)
    for target in targets[: rounds(0, 10_000)]:
        known.find_out(clients["owner"], target, known.offered(target, random))
    read = {name for target in targets for name in target.reads}
    assert {"opening", "after", "key", "operation"} <= read
    assert "logout" not in read  # the name of an address, which pages look up
    assert "HX-Request" in known.headers

    wrong = []
    readers = [target for target in targets if target.reads]
    for number in range(rounds(160, 8000)):
        target = readers[number % len(readers)]
        who = "owner" if number % 2 else random.choice(WHO)
        wrong += all_troubles(clients, [(who, known.one_hostile(target, random))])

    assert wrong == []


def test_every_address_takes_any_id_header_body_and_unknown_field(
    clients: Clients, known: Known, random: Random, rounds: Rounds
) -> None:
    asked = []
    every = sorted(set(paths()))
    for path in random.sample(every, min(len(every), rounds(40, 100_000))):
        asked += [(random.choice(WHO), Ask(method, path)) for method in ("GET", "POST")]
        asked.append(("owner", Ask("GET", path)))
    for target in random.choices(known.targets, k=rounds(10, 500)):
        asked.append(("owner", target.ask.with_fields([(random.choice(hostile.NAMES), "x")])))
    for target in random.choices(known.targets, k=rounds(30, 1500)):
        headers = {random.choice(READ): random.choice(hostile.HEADERS) for _ in range(2)}
        ask = Ask(target.ask.method, target.ask.path, headers=headers)
        asked.append((random.choice(WHO), ask))
    posts = [target.ask.path for target in known.targets if target.ask.method == "POST"]
    for body in hostile.BODIES * rounds(1, 40):
        asked.append(("owner", Ask("POST", random.choice(posts), body=body)))

    assert all_troubles(clients, asked) == []


def test_a_file_may_have_any_name_and_content(clients: Clients, world: dict[str, Any]) -> None:
    contents = [b"", b"\0", b"\xff\xfe", b"PK\x03\x04", b'"', b"a;b\n" * 3, b"\n" * 1000]
    bodies = [hostile.file_named(name, "file") for name in hostile.FILE_NAMES]
    bodies += [hostile.file_named(b"x.csv", "file", content) for content in contents]
    opening = f'--b\r\nContent-Disposition: form-data; name="opening"\r\n\r\n{world["opening"].pk}'
    path = reverse("candidates:import")

    asked = [
        ("recruiter", Ask("POST", path, body=(hostile.BOUNDARY, f"{opening}\r\n".encode() + body)))
        for body in bodies
    ]

    assert all_troubles(clients, asked) == []


def test_an_event_may_say_anything(
    clients: Clients, workspace: Workspace, owner: User, random: Random, rounds: Rounds
) -> None:
    _, secret = ApiToken.objects.issue(workspace, "Phone", owner)
    headers = {"Authorization": f"Bearer {secret}"}
    bodies = list(hostile.JSON_BODIES)
    pairs = [(name, value) for name in EventForm.base_fields for value in hostile.JSON_VALUES]
    for number, (name, value) in enumerate(random.sample(pairs, min(len(pairs), rounds(40, 9999)))):
        usual = {
            "id": f'"event {number}"',
            "type": f'"{random.choice(EventType.values)}"',
            "email": '"person@example.org"',
        }
        fields = ", ".join(f'"{key}": {said}' for key, said in (usual | {name: value}).items())
        bodies.append(f"{{{fields}}}".encode())

    path = reverse("events:receive")
    kind = "application/json"
    asked = [("nobody", Ask("POST", path, headers=headers, body=(kind, one))) for one in bodies]
    asked += [("nobody", Ask("POST", path, headers=headers, body=one)) for one in hostile.BODIES]

    assert all_troubles(clients, asked) == []


def test_the_admin_site_takes_anything(
    clients: Clients, owner: User, random: Random, rounds: Rounds
) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    models = sorted(site._registry, key=lambda model: model._meta.label)
    asked = []
    for _ in range(rounds(30, 1500)):
        meta = random.choice(models)._meta
        fields = [field.attname for field in meta.concrete_fields]
        lookup = random.choice(["", "__id", "__year", "__month"]) + random.choice(LOOKUPS)
        name = random.choice([*"qpoe", "all", "_to_field", random.choice(fields) + lookup])
        path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        path += random.choice(["", "", "add/", "autocomplete/", "x/", f"{hostile.FOREVER}/change/"])
        value = random.choice(hostile.VALUES)
        asked.append(("owner", Ask("GET", path, query=[(name, value)])))
        asked.append(("owner", Ask("POST", path, form=[(name, value), ("action", value)])))
        field = random.choice(fields).removesuffix("_id")
        form = [(field, value), ("action", "delete_selected"), ("_selected_action", value)]
        asked.append(("owner", Ask("POST", path, form=[*form, ("index", "0")])))

    assert all_troubles(clients, asked) == []
