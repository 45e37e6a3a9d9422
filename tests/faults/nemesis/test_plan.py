"""A seed is all that decides what is ordered and what breaks."""

from . import desk, faults_of_processes, faults_of_servers, orders  # noqa: F401  # their names
from .fault import FAULTS
from .plan import AGENT_ORDERS, STARTER_ORDERS, plan_of
from .plan import FAULTS as PLANNED

CAST = (["Olga Berg", "Zoe Stone"], ["Chloe Tan"])


def test_a_seed_repeats_a_round() -> None:
    assert plan_of(7, *CAST) == plan_of(7, *CAST)
    assert plan_of(7, *CAST) != plan_of(8, *CAST)


def test_whatever_is_planned_can_be_done() -> None:
    assert PLANNED.keys() == FAULTS.keys()
    assert all(hasattr(orders, name) or hasattr(desk, name) for name in STARTER_ORDERS)
    assert all(hasattr(orders, name) or hasattr(desk, name) for name in AGENT_ORDERS)
