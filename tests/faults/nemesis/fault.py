"""Faults by the name that plan.py has for them: each breaks something, and mends it in the end."""

import time
from collections.abc import Callable
from random import Random

import psutil
from django.db import connection

from tests import servers

from .house import House
from .plan import Step

Fault = Callable[[House, Random, float], None]
FAULTS: dict[str, Fault] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    def keep(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return keep


def let_it_happen(house: House, step: Step) -> None:
    began = time.time()
    FAULTS[step.what](house, step.chance, step.seconds)
    house.told.append(f"{began:.2f} to {time.time():.2f}: {step.what}")


def freeze(house: House, processes: list[psutil.Process], seconds: float) -> None:
    house.freeze(processes)
    time.sleep(seconds)
    house.thaw(processes)


def own_dsn() -> str:
    assert servers.postgres
    return servers.postgres.dsn(str(connection.settings_dict["NAME"]))
