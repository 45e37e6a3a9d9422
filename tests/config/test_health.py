import json
import signal
import time
from collections.abc import Iterator

import psutil
import pytest
from django.test import Client
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from rq.worker import Worker

from config.health import WORKERS
from tests import servers

TOKEN = "probe-" + "0123456789abcdef" * 2
ALL_FINE = dict.fromkeys(("database", "redis", *WORKERS), "ok")


@pytest.fixture(autouse=True)
def token(settings) -> None:
    settings.READYZ_TOKEN = TOKEN


@pytest.fixture
def workers(settings) -> Iterator[dict[str, Worker]]:
    """As far as Redis knows, workers that live."""
    connection = Redis.from_url(settings.REDIS_URL)
    connection.flushall()
    workers = {
        name: Worker([Queue(name, connection=connection)], connection=connection)
        for name in WORKERS.values()
    }
    for worker in workers.values():
        worker.register_birth()
    yield workers
    connection.flushall()
    connection.close()


def ask(path: str) -> tuple[int, dict[str, str]]:
    """As the operator's probe, which has the token."""
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    response = Client().get(path, HTTP_HOST="10.0.0.7:8000", headers=bearer)
    return response.status_code, json.loads(response.content)


def test_healthz_needs_no_host_login_https_or_server(settings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    response = Client().get("/healthz", HTTP_HOST="10.0.0.7:8000")

    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_readyz_is_200_while_all_answer(workers: dict[str, Worker]) -> None:
    assert ask("/readyz") == (200, ALL_FINE)


@pytest.mark.django_db
@pytest.mark.parametrize(("queue", "name"), [(queue, name) for name, queue in WORKERS.items()])
def test_readyz_names_a_missing_worker(queue: str, name: str, workers: dict[str, Worker]) -> None:
    workers[queue].register_death()

    assert ask("/readyz") == (503, ALL_FINE | {name: "does not answer"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    [None, "", TOKEN, f"Bearer {TOKEN}x", "Bearer", "Bearer ", f"Basic {TOKEN}", "Bearer é€"],
)
@pytest.mark.parametrize("is_fine", [True, False])
def test_readyz_says_nothing_else_to_whoever_has_no_token(
    workers: dict[str, Worker], header: str | None, is_fine: bool
) -> None:
    if not is_fine:
        workers["periodic"].register_death()

    response = Client().get("/readyz", headers={} if header is None else {"Authorization": header})

    expected = (200, b"ok") if is_fine else (503, b"not ok")
    assert (response.status_code, response.content) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer", "Bearer ", f"Bearer {TOKEN}"])
def test_without_a_token_in_the_settings_nobody_is_told_more(
    workers: dict[str, Worker], settings, header: str
) -> None:
    settings.READYZ_TOKEN = ""

    response = Client().get("/readyz", headers={"Authorization": header})

    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["database", "redis"])
def test_readyz_says_within_seconds_that_a_server_hangs(
    workers: dict[str, Worker], name: str
) -> None:
    server = {"database": servers.postgres, "redis": servers.redis}[name]
    assert server
    assert server.process
    hung = psutil.Process(server.process.pid)

    hung.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    try:
        code, answers = ask("/readyz")
    finally:
        hung.send_signal(signal.SIGCONT)

    assert (code, answers[name]) == (503, "does not answer")
    assert time.monotonic() - started < 5


def test_the_cron_writes_jobs_that_json_workers_can_read(workers: dict[str, Worker]) -> None:
    from django_rq.cron import DjangoCronScheduler

    scheduler = DjangoCronScheduler()
    scheduler.load_config_from_file("config.cron")

    scheduler.enqueue_jobs()

    names = {
        name: {
            str(job.func_name).rpartition(".")[2]: job.args
            for job in Queue(name, connection=scheduler.connection, serializer=JSONSerializer).jobs
        }
        for name in ("default", "periodic", "webhooks", "journeys")
    }
    assert names == {
        "default": {},
        "periodic": {
            "reconcile": [],
            "resume_lost_imports": [],
            "catch_up": [],
            "cancel_overdue": [],
            "clear_abandoned_files": [],
            "clear_exports": [],
            "clear_deliveries": [],
            "clear_setbacks": [],
        },
        "webhooks": {"send_due": []},
        "journeys": {"work": []},
    }
