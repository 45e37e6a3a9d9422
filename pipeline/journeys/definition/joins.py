"""Where the ways of a block come together again, whichever of them a candidate went."""

from collections.abc import Iterable

from .definition import Definition


def meetings_of(definition: Definition) -> dict[str, str]:
    """For each block with several ways the first block that all of them come to, if there is one.

    By post-dominators: what every way from here to an end passes.
    """
    order = [node.id for node in definition]
    passed = dict.fromkeys(order, frozenset(order))  # of each block: itself, and what all ways pass
    ending = leads_out(definition)
    changed = True
    while changed:
        changed = False
        for pk in reversed(order):
            after = common(
                passed[to] if to else frozenset() for to in definition.nodes[pk].ways.values()
            )
            now = after | {pk}
            if now != passed[pk]:
                passed[pk], changed = now, True
    return {
        pk: max(passed[pk] - {pk}, key=lambda one: len(passed[one]))
        for pk in order
        if len(definition.nodes[pk].ways) > 1 and pk in ending and passed[pk] - {pk}
    }


def common(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    found: frozenset[str] | None = None
    for one in sets:
        found = one if found is None else found & one
    return found or frozenset()


def leads_out(definition: Definition) -> set[str]:
    """The blocks from which some way comes to an end."""
    ending: set[str] = set()
    changed = True
    while changed:
        new = {
            pk
            for pk, node in definition.nodes.items()
            if pk not in ending
            and (not node.ways or any(to is None or to in ending for to in node.ways.values()))
        }
        changed = bool(new)
        ending |= new
    return ending
