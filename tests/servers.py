"""A pytest plugin: a real PostgreSQL and Redis of this run's own, before Django reads a setting.

Loaded by `-p tests.servers` in pyproject.toml, so start the tests as `python -m pytest`.
Servers named by DATABASE_URL and REDIS_URL are used instead, where both are set; fault tests,
which kill and restart them, need the embedded ones.
"""

import atexit
import gc
import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.embedded import PostgreSQL, Redis
from tests import order, ready_made

# Only a machine that dies would miss what was not flushed to its disk; a PostgreSQL that is killed
# and starts again finds all that was committed.
NO_FLUSH_TO_DISK = {"fsync": "off", "full_page_writes": "off"}
# So that the nemesis can tell what was committed after a cancel.
COMMIT_TIMES = {"track_commit_timestamp": "on"}
# For tests whose client vanishes; each run has an address of its own, so no port is in the way.
TCP_ADDRESS = ".".join(["127", *(str(secrets.randbelow(250) + 2) for _ in range(3))])

# The servers of this run, for tests that kill and restart them.
postgres: PostgreSQL | None = None
redis: Redis | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long rounds (marker `soak`)")
    parser.addoption("--seed", type=int, help="of the nemesis' first round")
    parser.addoption("--rounds", type=int, help="of the nemesis: 200 with --soak, else one")


@pytest.hookimpl(wrapper=True)  # before pytest-django's own, which reads the settings
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    # Without xdist (-p no:xdist) there is no such option.
    if not is_worker and getattr(early_config.known_args_namespace, "numprocesses", None):
        with ThreadPoolExecutor() as threads:  # xdist's controller runs no test
            both = [threads.submit(make) for make in (make_ready, ready_made.cluster)]
        for made in both:
            made.result()
    else:
        gc.disable()  # until all is imported and collected: conftest.py
        prepare_environment(is_worker)
    return (yield)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return order.is_left_out(collection_path, config) or None


@pytest.hookimpl(tryfirst=True)  # before -m is looked at
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    order.arrange(items)
    if config.getoption("--soak"):
        return
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.skip(reason="a long one: `make soak`"))


def pytest_unconfigure() -> None:
    stop()


def child_environment() -> dict[str, str]:
    """The environment for a process that a test starts and that shares the test database."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"]
    return {**os.environ, "DATABASE_URL": url.replace("@/belay?", f"@/{name}?")}


def make_ready() -> None:
    """The static files; a process that has servers asks for the cluster as well."""
    if not (ready_made.BASE / "static" / "node_modules").is_dir():
        pytest.exit("static/node_modules is missing: `make test` fetches it (npm ci).", 1)
    ready_made.static_files()


def prepare_environment(is_worker: bool) -> None:
    make_ready()
    folder = Path(tempfile.mkdtemp(prefix="belay-test-"))
    folder.chmod(0o711)  # as root, PostgreSQL's user passes through
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # A worker of xdist inherits its controller's; some tests kill theirs, so each has its own.
    if is_worker or not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        start(folder)
    os.environ |= {
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "BELAY_DATA": str(folder),
        "HTTPS": "0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "STATIC_ROOT": str(ready_made.static_files()),
    }


def start(folder: Path) -> None:
    global postgres, redis
    options = {**NO_FLUSH_TO_DISK, **COMMIT_TIMES, "listen_addresses": TCP_ADDRESS}
    postgres = PostgreSQL(folder / "postgres", folder / "postgres.log", options)
    redis = Redis(folder / "redis", folder / "redis.log")
    ready_made.put_cluster_into(postgres)
    atexit.register(stop)
    for server in (postgres, redis):
        server.start()
    for server in (postgres, redis):
        server.wait_until_ready()
    os.environ |= {"DATABASE_URL": postgres.address, "REDIS_URL": redis.address}


def stop() -> None:
    """Stop both servers; harmless when they are stopped."""
    if redis:
        redis.stop()
    if postgres:
        postgres.stop("immediate")  # the data goes with the folder
