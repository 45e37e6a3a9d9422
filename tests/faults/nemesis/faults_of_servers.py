"""What happens to PostgreSQL, Redis and the mail server."""

import time
from contextlib import suppress
from random import Random

import django_rq
import psutil
import psycopg
from redis.exceptions import RedisError

from config.embedded.server import Server
from tests import servers

from .fault import fault, freeze, own_dsn
from .house import House

STEPS = ("greeting", "mail", "rcpt", "data", "after_data")


@fault("PostgreSQL restarts")
def _(house: House, chance: Random, seconds: float) -> None:
    assert servers.postgres
    with house.outage("postgres"):
        servers.postgres.restart("fast")


@fault("PostgreSQL stops at once")
def _(house: House, chance: Random, seconds: float) -> None:
    assert servers.postgres
    with house.outage("postgres"):
        servers.postgres.stop("immediate")
        time.sleep(seconds)
        servers.postgres.start()
        servers.postgres.wait_until_ready()


@fault("PostgreSQL is killed")
def _(house: House, chance: Random, seconds: float) -> None:
    kill(house, "postgres", servers.postgres, seconds)


@fault("PostgreSQL is frozen")
def _(house: House, chance: Random, seconds: float) -> None:
    with house.outage("postgres"):
        freeze(house, family(servers.postgres), seconds)


@fault("PostgreSQL has no connection left")
def _(house: House, chance: Random, seconds: float) -> None:
    with house.outage("postgres"):
        taken: list[psycopg.Connection] = []
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                taken.append(psycopg.connect(own_dsn(), connect_timeout=2))
            except psycopg.Error:
                time.sleep(0.05)
        for connection in taken:
            connection.close()


@fault("a lane's session is terminated")
def _(house: House, chance: Random, seconds: float) -> None:
    terminate("pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')", chance.random())


@fault("all sessions are terminated")
def _(house: House, chance: Random, seconds: float) -> None:
    with house.outage("postgres"):
        terminate("true", 1)


def terminate(which: str, share: float) -> None:
    with suppress(psycopg.Error), psycopg.connect(own_dsn(), autocommit=True) as mine:
        mine.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND {which}"
            " AND random() < %s",
            [share],
        )


@fault("Redis restarts")
def _(house: House, chance: Random, seconds: float) -> None:
    assert servers.redis
    with house.outage("redis"):
        servers.redis.restart()


@fault("Redis is killed")
def _(house: House, chance: Random, seconds: float) -> None:
    kill(house, "redis", servers.redis, seconds)


@fault("Redis is frozen")
def _(house: House, chance: Random, seconds: float) -> None:
    with house.outage("redis"):
        freeze(house, family(servers.redis), seconds)


@fault("Redis forgets everything")
def _(house: House, chance: Random, seconds: float) -> None:
    with house.outage("redis"), suppress(RedisError):
        django_rq.get_connection("default").flushall()


@fault("all horses are killed while a mail is taken")
def _(house: House, chance: Random, seconds: float) -> None:
    """Nobody can know then whether it went: so it must never be sent again."""
    with house.outage("mail"):
        before = house.mail.misbehaved
        house.mail.misbehave("after_data", "hang", times=1)
        ends = time.monotonic() + 3  # until there is one
        while house.mail.misbehaved == before and time.monotonic() < ends:
            time.sleep(0.01)
        for worker in house.workers:
            for horse in worker.horses:
                with suppress(psutil.Error):
                    horse.kill()
        house.mail.behave()


@fault("the mail server hangs")
def _(house: House, chance: Random, seconds: float) -> None:
    misbehave(house, chance, "hang", seconds)


@fault("the mail server hangs up")
def _(house: House, chance: Random, seconds: float) -> None:
    misbehave(house, chance, chance.choice(["reset", "close"]), seconds)


@fault("the mail server refuses")
def _(house: House, chance: Random, seconds: float) -> None:
    misbehave(house, chance, chance.choice(["421 Later", "550 No", "451 Busy"]), seconds)


def misbehave(house: House, chance: Random, how: str, seconds: float) -> None:
    with house.outage("mail"):
        house.mail.misbehave(chance.choice(STEPS), how)
        time.sleep(seconds)
        house.mail.behave()


def kill(house: House, name: str, server: Server | None, seconds: float) -> None:
    assert server
    with house.outage(name):
        server.kill()
        time.sleep(seconds)
        server.start()
        server.wait_until_ready()


def family(server: Server | None) -> list[psutil.Process]:
    assert server
    assert server.process
    with suppress(psutil.Error):
        leader = psutil.Process(server.process.pid)
        return [leader, *leader.children(recursive=True)]
    return []
