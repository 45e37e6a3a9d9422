"""Every address with every kind of thing in it, and the fields that its view reads."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from pipeline.bulk_actions.operations import OPERATIONS
from pipeline.journeys.models import Journey
from tests.access.table import TABLE
from tests.access.test_urls import address, data

from .asking import Ask, Fields, trouble
from .hostile import ONLY_IN_FORMS, SEGMENTS, VALUES
from .reads import Offers, recorded

METHODS = ("GET", "POST")
OF_BLOCK = "journey_block"
PART = re.compile(r"<(?:(\w+):)?\w+>")


@dataclass(eq=False)
class Target:
    """An address and a method, with the fields that it is asked with where all is well."""

    name: str
    ask: Ask
    usual: dict[str, str]
    reads: set[str] = field(default_factory=set)


class Known:
    def __init__(self, targets: list[Target]) -> None:
        self.targets = targets
        self.offers = Offers()
        self.headers: set[str] = set()

    @classmethod
    def of(cls, world: dict[str, Any], every_block: Journey) -> "Known":
        return cls([*of_table(world), *of_blocks(every_block), *of_operations(world)])

    def find_out(self, client: Client, target: Target, fields: dict[str, str]) -> None:
        """Ask as a page would, and note what is read and what the page offers."""
        with recorded() as reads:
            wrong, text = trouble(client, target.ask.with_fields([*fields.items()]))
        assert not wrong
        target.reads |= reads.fields
        self.headers |= reads.headers
        self.offers.feed(text)

    def offered(self, target: Target, random: Random) -> dict[str, str]:
        """A likely value for most of the fields, so that the view gets far."""
        fields = dict(target.usual)
        for name in sorted(target.reads - fields.keys()):
            values = sorted(self.offers.values.get(name, ()))
            if values and random.random() < 0.7:
                fields[name] = random.choice(values)
        return fields

    def one_hostile(self, target: Target, random: Random) -> Ask:
        """What a page sends, but for one field; now and then as htmx sends it."""
        value = random.choice(VALUES)
        if target.ask.method == "POST" and random.random() < 0.02:
            value = random.choice(ONLY_IN_FORMS)
        usual = self.offered(target, random)
        name, how = random.choice(sorted(target.reads)), random.choice(HOW)
        ask = target.ask.with_fields(hostile_fields(usual, name, value, how))
        return ask.by_htmx() if random.random() < 0.3 else ask


def of_table(world: dict[str, Any]) -> Iterator[Target]:
    for url, page in TABLE.items():
        parts = urlsplit(address(url, page, world))
        for method in METHODS:
            usual = dict(parse_qsl(parts.query)) if method == "GET" else {}
            usual |= {name: str(value) for name, value in data(page, method.lower(), world).items()}
            yield Target(f"{method} {url}", Ask(method, parts.path), usual)


def of_blocks(journey: Journey) -> Iterator[Target]:
    for url in (url for url, page in TABLE.items() if page.of == OF_BLOCK):
        for block in journey.draft["blocks"]:
            path = reverse(url, kwargs={"pk": journey.pk, "block": block})
            usual = {"revision": str(journey.revision)}
            yield Target(f"POST {url} {block}", Ask("POST", path), usual)


def of_operations(world: dict[str, Any]) -> Iterator[Target]:
    for key in OPERATIONS:
        usual = {"operation": key, "candidate": str(world["candidate"].pk)}
        for path in (reverse("bulk_actions:new"), reverse("bulk_actions:history")):
            yield Target(f"POST {path} {key}", Ask("POST", path), usual)


def paths(patterns: Any = None, route: str = "/") -> Iterator[str]:
    """Every address of ours with hostile parts instead of its ids and names."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not here.startswith("/admin/"):
                yield from paths(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern) and (kinds := PART.findall(here)):
            for number in range(max(len(SEGMENTS[kind or "str"]) for kind in kinds)):
                yield PART.sub(partial(segment, number), here)


def segment(number: int, part: re.Match[str]) -> str:
    values = SEGMENTS[part[1] or "str"]
    return values[number % len(values)]


def hostile_fields(usual: dict[str, str], name: str, value: str | bytes, how: str) -> Fields:
    """`value` in the place of the usual one, before or after it, or many times."""
    others: Fields = [(other, text) for other, text in usual.items() if other != name]
    known = usual.get(name, "1")
    repeated: dict[str, Fields] = {
        "instead": [(name, value)],
        "after": [(name, known), (name, value)],
        "before": [(name, value), (name, known)],
        "often": [(name, value)] * 50,
    }
    return [*others, *repeated[how]]


HOW = ("instead", "instead", "instead", "after", "before", "often")
