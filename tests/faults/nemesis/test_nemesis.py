"""Users at work while everything breaks: every promise of DESIGN.md holds in each round.

`make soak` runs 200 rounds. One seed again: `python -m tests.faults.nemesis --seed 7`, and so many
from there on with `--rounds`. A seed repeats what was ordered and what broke, not how the processes
of the machine took turns.
"""

from collections.abc import Iterator

import pytest

from tests import servers
from tests.emptying import empty_tables

from . import witness
from .house import House
from .round import Round

pytestmark = pytest.mark.django_db(transaction=True)
EVERYDAY = (24, 26, 28)  # among them: senders, a machine, Redis, PostgreSQL, the web
SOAK = 200


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" not in metafunc.fixturenames:
        return
    first, rounds, is_soak = map(metafunc.config.getoption, ("--seed", "--rounds", "--soak"))
    if first is None and rounds is None and not is_soak:
        metafunc.parametrize("seed", EVERYDAY)
        return
    first = first or 1
    metafunc.parametrize("seed", range(first, first + (rounds or (SOAK if is_soak else 1))))


@pytest.fixture
def _django_db_helper() -> None:
    """Not pytest-django's: a round empties the database itself, among living processes."""


@pytest.fixture(scope="module")
def house(
    django_db_setup: None,
    django_db_blocker: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """All processes, for all rounds; with the database, which no round's end empties."""
    if not (servers.postgres and servers.redis):
        pytest.skip("it breaks the servers, which takes those of the test run itself")
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        witness.install()
        house = House.open(tmp_path_factory.mktemp("house"))
        yield house
        house.heal()
        house.close()
        witness.remove()
        empty_tables()


def test_all_promises_hold(house: House, seed: int) -> None:
    played = Round(seed, house)

    found = played.violations()

    print(played)
    assert not found, "\n".join([f"{len(found)} violations:", *found])
