"""What keeps a draft from being published, each problem at its block."""

from pipeline.workspaces.models import Workspace

from .blocks import BLOCKS
from .definition import Definition, Node

TRIGGER = ""  # the key of the trigger's problems
ENDLESS = "This way never ends: no block after it leads out of the circle, and none waits."


def problems_of(definition: Definition, workspace: Workspace) -> dict[str, list[str]]:
    """The sentences for each block with a problem, by the block's id; TRIGGER for the trigger."""
    found = {node.id: problems_at(node, definition, workspace) for node in definition}
    if not definition.nodes:
        found[TRIGGER] = ["The journey has no block yet: add the first one."]
    return {place: sentences for place, sentences in found.items() if sentences}


def problems_at(node: Node, definition: Definition, workspace: Workspace) -> list[str]:
    if node.type not in BLOCKS:
        return [f"Belay no longer knows the block “{node.type}”. Delete it."]
    block = BLOCKS[node.type](node.options)
    problems = block.problems(workspace)
    if set(node.ways) != set(block.ways):
        problems.append("Its ways are not those that it has now. Save it once more.")
    if never_ends(node.id, definition):
        problems.append(ENDLESS)
    return problems


def never_ends(start: str, definition: Definition) -> bool:
    """Whether whoever comes here goes round for ever, without ever a wait."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        pk = ahead.pop()
        if pk in seen:
            continue
        seen.add(pk)
        node = definition.nodes[pk]
        if node.type == "wait" or not node.ways or None in node.ways.values():
            return False
        ahead.extend(target for target in node.ways.values() if target)
    return True
