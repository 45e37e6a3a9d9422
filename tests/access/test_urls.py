"""Every address of the site, asked for by everybody: who gets what stands in table.py."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib import admin as admin_site
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from pipeline.workspaces.models import User

from .table import TABLE, WHO, Page

# What of Acme's nobody else may read; of its opening in Manila nobody who sees only Leeds.
OF_MANILA = ("Customer Support, Manila", "Inger Svärd", "Phone screen", "leads.csv")
OF_ACME = (*OF_MANILA, "Acme", "Warehouse, Leeds", "Night shift", "Too far away", "Ana Ruiz")
THIRD_PARTY = ("admin/",)


def names(patterns: Any, route: str = "", space: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}" if pattern.name else f"/{here}"
        elif isinstance(pattern, URLResolver) and not here.startswith(THIRD_PARTY):
            yield from names(
                pattern.url_patterns,
                here,
                space + (f"{pattern.namespace}:" if pattern.namespace else ""),
            )


def test_each_url_has_a_line_in_the_table():
    urls = set(names(get_resolver().url_patterns))

    assert urls - TABLE.keys() == set(), "Say in tests/access/table.py who may open these."
    assert TABLE.keys() - urls == set(), "These are gone from the site."


@pytest.mark.parametrize("name", WHO)
def test_everybody_gets_what_the_table_says(name: str, world: dict[str, Any], request: Any):
    for who in WHO[:-1]:
        request.getfixturevalue(who)
    client = browser(request.getfixturevalue(name))

    wrong = [
        trouble
        for url in TABLE
        for method in ("get", "post")
        for trouble in troubles(client, name, url, method, world)
    ]

    assert wrong == []


def browser(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def troubles(
    client: Client, name: str, url: str, method: str, world: dict[str, Any]
) -> Iterator[str]:
    """What is wrong with the answer to one request, which leaves no trace in the database."""
    page = TABLE[url]
    word = getattr(page, method).split()[WHO.index(name)]
    expected = {"ok": getattr(page, f"{method}_ok"), "login": 302}.get(word) or int(word)
    cookies = SimpleCookie(client.cookies)  # a logout takes them
    with transaction.atomic():
        before = writes()
        answer = getattr(client, method)(address(url, page, world), data(page, method, world))
        body = answer.getvalue().decode(errors="replace") + answer.get("Location", "")
        has_written = writes() != before
        transaction.set_rollback(True)
    client.cookies = cookies
    asked = f"{method.upper()} {url} by {name}: "
    if answer.status_code != expected:
        yield f"{asked}{answer.status_code} instead of {expected}"
    if word == "login" and not answer["Location"].startswith(("/login/", "/candidates/")):
        yield f"{asked}sent to {answer['Location']}"
    if has_written and (expected >= 400 or (method == "get" and not page.writes)):
        yield f"{asked}wrote rows"
    secrets = {"stranger": OF_ACME, "nobody": OF_ACME, "elsewhere": OF_MANILA}.get(name, ())
    yield from (f"{asked}tells of {secret}" for secret in secrets if secret in body)


def address(url: str, page: Page, world: dict[str, Any]) -> str:
    if url.startswith("/"):
        return url
    if not page.of:
        return reverse(url)
    thing = world[page.of]
    names = thing if isinstance(thing, dict) else {"pk": thing.pk}
    return reverse(url, kwargs=names) + page.query


def data(page: Page, method: str, world: dict[str, Any]) -> dict[str, Any]:
    if method == "get":
        return {}
    return {key: world[value].pk if value in world else value for key, value in page.data.items()}


def writes() -> int:
    """How many rows this transaction has written so far, sessions aside."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            " WHERE relname <> 'django_session'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("name", WHO)
def test_the_admin_site_lets_no_member_in(name: str, request: Any, db: None, workspace: Any):
    client = browser(request.getfixturevalue(name))
    pages = ["admin:index", "django_rq:home"]
    pages += [
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
        for model in admin_site.site._registry
        for page in ("changelist", "add")
    ]

    for page in pages:
        answer = client.get(reverse(page))
        assert answer.status_code == 302, page
        assert "login" in answer["Location"], page
