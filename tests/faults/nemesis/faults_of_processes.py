"""What happens to workers, the cron and the web."""

import time
from contextlib import suppress
from random import Random

import psutil
import psycopg

from .fault import fault, freeze, own_dsn
from .house import House
from .member import Member


@fault("a horse is killed")
def _(house: House, chance: Random, seconds: float) -> None:
    for worker in busy(house, chance):
        for horse in worker.horses:
            with suppress(psutil.Error):
                horse.kill()


@fault("a worker is killed")
def _(house: House, chance: Random, seconds: float) -> None:
    worker = chance.choice(house.workers)
    worker.end()
    time.sleep(seconds)
    worker.start()


@fault("a worker is killed with its horse")
def _(house: House, chance: Random, seconds: float) -> None:
    for worker in busy(house, chance):
        worker.is_ours = True
        for process in worker.family:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(seconds)
        worker.start()


@fault("a horse is frozen")
def _(house: House, chance: Random, seconds: float) -> None:
    for worker in busy(house, chance):
        freeze(house, worker.horses, seconds)


@fault("a worker is frozen with its horse")
def _(house: House, chance: Random, seconds: float) -> None:
    for worker in busy(house, chance):
        freeze(house, worker.family, seconds)


@fault("a worker's machine is gone")
def _(house: House, chance: Random, seconds: float) -> None:
    for _ in range(25):
        if house.remote.horses:
            break
        time.sleep(0.02)
    with house.outage("machine"):
        house.lose_machine()
        time.sleep(seconds)
        house.replace_machine()


@fault("all workers are frozen")
def _(house: House, chance: Random, seconds: float) -> None:
    freeze(house, [process for worker in house.workers for process in worker.family], seconds)


@fault("a lane is frozen in its transaction")
def _(house: House, chance: Random, seconds: float) -> None:
    """Whoever is in the middle of a statement of its own, by chance; else nobody."""
    horses = [horse for worker in house.workers for horse in worker.horses]
    for _ in range(60):
        with suppress(psycopg.Error), psycopg.connect(own_dsn(), autocommit=True) as mine:
            held = mine.execute(
                "SELECT 1 FROM pg_locks AS lock JOIN pg_stat_activity USING (pid)"
                " WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted"
            ).fetchone()
            if held:
                break
        time.sleep(0.02)
    freeze(house, horses, seconds)


@fault("the cron is killed")
def _(house: House, chance: Random, seconds: float) -> None:
    house.cron.end()
    time.sleep(seconds)
    house.cron.start()


@fault("the cron is frozen")
def _(house: House, chance: Random, seconds: float) -> None:
    freeze(house, house.cron.family, seconds)


@fault("the web is killed")
def _(house: House, chance: Random, seconds: float) -> None:
    with house.outage("web"):
        house.web.end()
        time.sleep(seconds)
        house.web.start()
        house.wait_until_alive()


@fault("the web is stopped in good order")
def _(house: House, chance: Random, seconds: float) -> None:
    with house.outage("web"):
        house.web.end(kill=False)
        process = house.web.process
        assert process
        began = time.monotonic()
        try:
            process.wait(5)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
            house.complaints.append("the web had not stopped 5 s after a SIGTERM")
        time.sleep(max(0, seconds - (time.monotonic() - began)))
        house.web.start()
        house.wait_until_alive()


@fault("the web is frozen")
def _(house: House, chance: Random, seconds: float) -> None:
    with house.outage("web"):
        freeze(house, house.web.family, seconds)


def busy(house: House, chance: Random) -> list[Member]:
    """One worker, if possible with something in hand: patient for half a second."""
    for _ in range(25):
        if at_work := [worker for worker in house.workers if worker.horses]:
            return [chance.choice(at_work)]
        time.sleep(0.02)
    return [chance.choice(house.workers)]
