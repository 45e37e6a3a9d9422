"""One list of locked packages for every Python that Belay runs on: 3.11 to 3.14."""

import importlib.metadata
import re

import pytest
import redis
from django.conf import settings
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKED = re.compile(r"^([\w.-]+)==", re.MULTILINE)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_the_locked_list_is_complete_on_every_python(python: str) -> None:
    """Some packages need another one only below or above a version; pip then wants its hash."""
    text = (settings.BASE_DIR / "requirements-dev.txt").read_text()
    locked = {canonicalize_name(name) for name in LOCKED.findall(text)}
    environment: dict[str, str | set[str]] = {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": python,
        "python_full_version": f"{python}.0",
        "extra": "",
    }

    missing = {
        f"{requirement} for {name}"
        for name in locked
        for requirement in map(Requirement, importlib.metadata.requires(name) or [])
        if requirement.marker is None or requirement.marker.evaluate(environment)
        if canonicalize_name(requirement.name) not in locked
    }

    assert missing == set()


def test_the_embedded_redis_is_one_that_still_gets_security_updates() -> None:
    info = redis.Redis.from_url(settings.REDIS_URL).info("server")

    version = info.get("valkey_version", info["redis_version"])

    assert tuple(map(int, version.split(".")[:2])) >= (7, 2)
