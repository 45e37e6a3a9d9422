"""The desk, the past tasks and the campaigns, with work in each state: anything may be sent."""

from random import Random
from typing import Any

from pipeline.workspaces.models import User
from tests.access.table import WHO

from .asking import all_troubles
from .conftest import Clients, Rounds
from .targets import Known
from .work import Work


def test_the_desk_the_past_tasks_and_the_campaigns_take_anything(
    clients: Clients, world: dict[str, Any], owner: User, random: Random, rounds: Rounds
) -> None:
    known = Known([*Work.of(world["candidate"], owner).targets])
    targets = random.sample(known.targets, min(len(known.targets), rounds(50, 1000)))
    for target in targets:
        known.find_out(clients["owner"], target, target.usual)
    readers = [target for target in targets if target.reads]
    read = {name for target in readers for name in target.reads}
    assert {"age", "after", "disposition", "notes", "query", "work"} <= read

    asked = [
        ("owner" if number % 3 else random.choice(WHO), readers[number % len(readers)])
        for number in range(rounds(120, 6000))
    ]

    wrong = all_troubles(
        clients, ((who, known.one_hostile(target, random)) for who, target in asked)
    )
    assert wrong == []
