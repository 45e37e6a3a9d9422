"""Which fields and headers the views really read, and what the pages offer for them.

A parameter that somebody adds tomorrow is read, so it is recorded, so it is fuzzed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.http.request import HttpHeaders, QueryDict
from django.utils.datastructures import MultiValueDict

NOT_OURS = {"csrfmiddlewaretoken"}


class Reads:
    def __init__(self) -> None:
        self.fields: set[str] = set()
        self.headers: set[str] = set()


@contextmanager
def recorded() -> Iterator[Reads]:
    """What is asked of request.GET, POST and headers meanwhile, by whatever code."""
    reads = Reads()

    def recording(cls: type, method: str, names: set[str]) -> Any:
        real = getattr(cls, method)

        def read(self: Any, name: Any, *rest: Any, **options: Any) -> Any:
            # Django looks up the names of addresses in a MultiValueDict, too.
            if isinstance(name, str) and isinstance(self, QueryDict | HttpHeaders):
                names.add(name)
            return real(self, name, *rest, **options)

        return read

    with pytest.MonkeyPatch.context() as patch:
        for cls, names in ((MultiValueDict, reads.fields), (HttpHeaders, reads.headers)):
            for method in ("__getitem__", "__contains__", "getlist"):
                if hasattr(cls, method):
                    patch.setattr(cls, method, recording(cls, method, names))
        yield reads
    reads.fields -= NOT_OURS


class Offers(HTMLParser):
    """The values that pages offer for each name: in forms, and in the addresses of links."""

    LINKS = ("href", "action", "formaction", "hx-get", "hx-post")

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, set[str]] = {}
        self.select = ""

    def add(self, name: str, value: str) -> None:
        self.values.setdefault(name, set()).add(value)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "select":
            self.select = given.get("name", "")
        elif tag == "option":
            self.add(self.select, given.get("value", ""))
        elif name := given.get("name"):
            self.add(name, given.get("value", "on"))
        for link in self.LINKS:
            for name, value in parse_qsl(urlsplit(given.get(link, "")).query):
                self.add(name, value)
