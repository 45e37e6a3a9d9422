"""What a seed stands for: who orders what when, and what breaks when. Nothing else decides it."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

SECONDS = 5.0  # in which the users are at work, and things break

# How often a user of that kind gives each order; the names are those of orders.py and desk.py.
STARTER_ORDERS = {
    "move": 6, "label": 3, "attribute": 1, "send": 3, "make_tasks": 2, "withdraw_tasks": 1,
    "enroll": 3, "stop_runs": 1, "cancel": 7, "cancel_all": 1, "undo": 2, "rest": 2, "retry": 1,
    "import_file": 1, "look": 3, "trespass": 1, "browse": 2,
}  # fmt: skip
AGENT_ORDERS = {
    "accept": 6, "next_task": 3, "complete": 5, "release": 1, "cancel_task": 2, "look_at_desk": 2,
    "look": 1,
}  # fmt: skip

# How likely each fault is, and how many seconds it stays at most; the names are those of
# faults_of_processes.py and faults_of_servers.py.
FAULTS = {
    "a horse is killed": (4, 0.0),
    "a worker is killed": (3, 1.0),
    "a worker is killed with its horse": (2, 1.0),
    "a horse is frozen": (5, 4.0),
    "a lane is frozen in its transaction": (4, 4.0),
    "a worker is frozen with its horse": (2, 4.0),
    "a worker's machine is gone": (4, 4.0),
    "all workers are frozen": (1, 4.0),
    "the cron is killed": (1, 2.0),
    "the cron is frozen": (1, 4.0),
    "the web is killed": (2, 1.0),
    "the web is stopped in good order": (1, 1.0),
    "the web is frozen": (2, 4.0),
    "PostgreSQL restarts": (2, 0.0),
    "PostgreSQL stops at once": (2, 2.0),
    "PostgreSQL is killed": (2, 1.0),
    "PostgreSQL is frozen": (2, 3.0),
    "PostgreSQL has no connection left": (2, 2.0),
    "a lane's session is terminated": (3, 0.0),
    "all sessions are terminated": (1, 0.0),
    "Redis restarts": (1, 0.0),
    "Redis is killed": (2, 2.0),
    "Redis is frozen": (2, 4.0),
    "Redis forgets everything": (2, 0.0),
    "all horses are killed while a mail is taken": (3, 0.0),
    "the mail server hangs": (2, 2.0),
    "the mail server hangs up": (2, 2.0),
    "the mail server refuses": (1, 1.0),
}


@dataclass(frozen=True)
class Step:
    """Something to be done `at` that many seconds after the beginning, with luck of its own."""

    at: float
    what: str
    luck: int
    seconds: float = 0.0

    @property
    def chance(self) -> Random:
        return Random(self.luck)


@dataclass(frozen=True)
class Plan:
    seed: int
    orders: Mapping[str, list[Step]]  # by the user's name
    faults: list[list[Step]]  # two hands, each of which does one thing at a time

    def __str__(self) -> str:
        steps = sorted((step for hand in self.faults for step in hand), key=lambda step: step.at)
        planned = ", ".join(f"{step.at:.1f} s {step.what} ({step.seconds:.1f} s)" for step in steps)
        return f"seed {self.seed}: {planned}"


def plan_of(seed: int, starters: list[str], agents: list[str], seconds: float = SECONDS) -> Plan:
    chance = Random(seed)
    orders = {name: steps(chance, STARTER_ORDERS, 0.5, seconds) for name in starters}
    orders |= {name: steps(chance, AGENT_ORDERS, 0.4, seconds) for name in agents}
    return Plan(seed, orders, [hand(chance, seconds), hand(chance, seconds)])


def steps(chance: Random, weights: Mapping[str, int], pause: float, seconds: float) -> list[Step]:
    """One order after the other, `pause` seconds apart on average."""
    found: list[Step] = []
    at = chance.uniform(0, pause)
    while at < seconds:
        (what,) = chance.choices(list(weights), list(weights.values()))
        found.append(Step(at, what, chance.getrandbits(32)))
        at += chance.expovariate(1 / pause)
    return found


def hand(chance: Random, seconds: float) -> list[Step]:
    found: list[Step] = []
    at = chance.uniform(0.5, 2)
    while at < seconds:
        (what,) = chance.choices(list(FAULTS), [weight for weight, _ in FAULTS.values()])
        most = FAULTS[what][1]
        lasts = chance.uniform(min(0.3, most), most)
        found.append(Step(at, what, chance.getrandbits(32), lasts))
        at += lasts + chance.uniform(0.3, 2)
    return found
