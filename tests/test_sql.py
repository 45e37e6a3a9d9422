"""SQL in Python: over a room's own tables, without English, and with names for its numbers."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOMS = ("pipeline", "notifications")
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|JOIN|WHEN|RETURNING)\b|\|\|")
COMMENT = re.compile(r"--.*$", re.MULTILINE)
NOT_SAID = re.compile(r"to_char\([^()]*(\([^()]*\))?[^()]*\)|interval '[^']*'")
LITERAL = re.compile(r"'((?:[^']|'')*)'")
ENGLISH = re.compile(r"[A-Za-z]{2}[^A-Za-z]* | [^A-Za-z]*[A-Za-z]{2}")
OF_POSTGRESQL = {"idle in transaction%%"}
NUMBER = re.compile(r"\bTHEN\s+\d|\b(result|status|state)\s*(=|<>)\s*\d")

# Known to break a rule, for now. Take a file out when it keeps it; add none.
FOREIGN_TABLES = {
    "notifications/hub/viewers.py",  # all that a viewer may see, every few seconds: one statement
    "pipeline/outreach/limits.py",  # the workspace's row alone, by its key
}
SPEAKS = {
    "pipeline/bulk_actions/operations/start_journey.py",  # a run's `entered_by`, which is text
    "pipeline/candidates/demo/load.py",  # demo data: the name of an attribute
}
NUMBERS: set[str] = set()


@cache
def sources() -> dict[str, list[str]]:
    """The SQL of each file, without comments."""
    found = {}
    for room in ROOMS:
        for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
            if "migrations" not in path.parts:
                name = path.relative_to(settings.BASE_DIR).as_posix()
                found[name] = list(statements(path))
    return found


def statements(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    inner = {id(part) for node in joined for part in node.values}
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = "" if id(node) in docstrings | inner else node.value
        if SQL.search(text):
            yield COMMENT.sub("", text)


def room_of(name: str) -> str:
    parts = name.split("/")
    return parts[1] if parts[0] == "pipeline" else parts[0]


@cache
def tables() -> dict[str, str]:
    """The room of each table."""
    rooms = {config.label for config in apps.get_app_configs() if config.name.startswith(ROOMS)}
    models = apps.get_models(include_auto_created=True)
    return {
        model._meta.db_table: model._meta.app_label
        for model in models
        if model._meta.app_label in rooms
    }


def foreign_tables(name: str) -> set[str]:
    words = {
        word
        for sql in sources()[name]
        if "\n" in sql.strip()
        for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", sql)
    }
    return {word for word in words if tables().get(word, room_of(name)) != room_of(name)}


def english(name: str) -> list[str]:
    return [said for sql in sources()[name] for said in sentences(sql)]


def sentences(sql: str) -> list[str]:
    said = LITERAL.findall(NOT_SAID.sub("", sql))
    return [text for text in said if ENGLISH.search(text) and text not in OF_POSTGRESQL]


def numbers(name: str) -> list[str]:
    return [found[0] for sql in sources()[name] for found in NUMBER.finditer(sql)]


@pytest.mark.parametrize(
    ("breaks", "known"),
    [(foreign_tables, FOREIGN_TABLES), (english, SPEAKS), (numbers, NUMBERS)],
    ids=["own tables", "no English", "no numbers"],
)
def test_sql_keeps_to_the_house(breaks, known):
    found = {name: breaks(name) for name in sources() if name not in known}
    assert {name: what for name, what in found.items() if what} == {}
    assert known <= sources().keys(), "gone: take it out of the list"


def test_the_rules_see_what_they_are_for():
    assert tables()["candidates_candidate"] == "candidates"
    assert sum(map(len, sources().values())) > 100
    assert sentences("SELECT 'The task was accepted by ' || name, 'x'") != []
    assert sentences("CASE WHEN x THEN 'Is in it.' END") != []
    assert sentences("first_name || ' ' || last_name, ', ', 'in_queue', 'left_out:'") == []
    assert sentences("to_char(at AT TIME ZONE %s, 'FMDD Mon'), interval '1 day'") == []
    assert NUMBER.search("CASE WHEN x THEN 3 END")
    assert not NUMBER.search("CASE WHEN x THEN %(FAILED)s END")
