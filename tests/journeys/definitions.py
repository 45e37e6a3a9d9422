"""Definitions for tests: by hand, and random ones."""

import inspect
import random
from collections.abc import Callable
from functools import wraps
from typing import Any

from pipeline.journeys.definition.definition import Definition, Node

WAYS = {
    "wait": ["next"],
    "cancel_task": ["next"],
    "condition": ["yes", "no"],
    "split": ["a", "b"],
    "exit": [],
}


def each_seed(number: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many seeds in one test, as pytest takes longer for one than a seed does; it fails with
    the first one that does, and says which."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        asked = inspect.signature(test)

        @wraps(test)
        def with_each(**fixtures: Any) -> None:
            for seed in range(number):
                try:
                    test(seed=seed, **fixtures)
                except Exception as error:
                    error.add_note(f"with the seed {seed}")
                    raise

        others = [one for name, one in asked.parameters.items() if name != "seed"]
        with_each.__signature__ = asked.replace(parameters=others)  # type: ignore[attr-defined]
        return with_each

    return decorate


def definition(**blocks: tuple[Any, ...]) -> Definition:
    """`definition(b1=("wait", "b2"), b2=("condition", {"yes": "b1", "no": None}, {…options}))`"""
    nodes = {}
    for pk, (type, ways, *options) in blocks.items():
        named = ways if isinstance(ways, dict) else {} if type == "exit" else {"next": ways}
        nodes[pk] = Node(pk, type, options[0] if options else {}, named)
    return Definition(start=next(iter(nodes), None), nodes=nodes)


def random_definition(chance: random.Random, most: int = 8) -> Definition:
    """Any that can be written: ways lead on, back, to an end, and to nothing at all."""
    ids = [f"b{n}" for n in range(1, chance.randint(1, most) + 1)]
    nodes = {}
    for pk in ids:
        type = chance.choice(list(WAYS))
        ways = {way: chance.choice([*ids, None]) for way in WAYS[type]}
        nodes[pk] = Node(pk, type, {}, ways)
    return Definition(start=chance.choice(ids), nodes=nodes)


def garbage(chance: random.Random) -> Any:
    """What JSON may hold, and no option should."""
    values: list[Any] = [
        None, True, -1, 0, 10**30, 1.5, "", "x", "99", "٣", "b1", "2026-02-31", "25:99", [], [1],
        ["x", None], [[]], {}, {"a": {}}, "é" * 3000,
    ]  # fmt: skip
    return chance.choice(values)
