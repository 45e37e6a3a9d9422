"""Workers and the cron outlive Redis, whatever they are at when it goes away."""

import django_rq
import pytest
from django.conf import settings
from redis import Redis
from rq import Queue, Worker

from tests import servers

from .conftest import Crew, alive, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
PROMISED_SECONDS = 15


def known_workers() -> int:
    connection = Redis.from_url(settings.REDIS_URL)
    try:
        return len(Worker.all(queue=Queue("default", connection=connection)))
    finally:
        connection.close()


def test_workers_and_cron_outlive_redis_and_are_known_again(crew: Crew) -> None:
    crew.worker()
    crew.cron()
    wait_for(known_workers)
    assert servers.redis
    servers.redis.kill()

    crew.worker()  # and one that starts meanwhile
    wait_for(
        lambda: all(
            words in crew.log.read_text()
            for words in ("waits for Redis", "The cron waits", "Waiting for Redis")
        ),
        seconds=40,
    )
    servers.redis.start()
    servers.redis.wait_until_ready()

    wait_for(lambda: known_workers() == 2, seconds=PROMISED_SECONDS)
    queue = django_rq.get_queue("default")
    job = queue.enqueue("time.time")
    wait_for(lambda: job.get_status(refresh=True) == "finished", seconds=PROMISED_SECONDS)
    assert all(alive(process) for process in crew.running)


def test_a_worker_that_redis_forgot_registers_again(crew: Crew) -> None:
    worker = crew.worker()
    wait_for(known_workers)

    django_rq.get_connection("default").flushall()

    assert not known_workers()
    wait_for(known_workers, seconds=PROMISED_SECONDS)
    assert alive(worker)
