"""Belay does not start with a key that can be guessed."""

import hashlib
import os
import secrets
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as project
from django.core import checks

from config.secret_key import weakness_of

GOOD = hashlib.sha256(b"a key for tests").hexdigest()  # the same in all processes of a run
WEAK = {
    "changeme": "has 8 characters",
    GOOD[:49]: "has 49 characters",
    "benchmark" * 6: "repeats 9 characters",
    "django-insecure-" + GOOD: "is a placeholder",
}


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    """The web process' entry point, up to where it would listen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SECRET_KEY")}
    return subprocess.run(
        [sys.executable, "-c", "import config.asgi"],
        cwd=project.BASE_DIR,
        env={**kept, "DEBUG": "0", "SECRET_KEY": GOOD, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"SECRET_KEY": "changeme"}, "SECRET_KEY has 8 characters; it needs at least 50."),
        ({"SECRET_KEY_FALLBACKS": f"{GOOD},old"}, "SECRET_KEY_FALLBACKS has 3 characters"),
    ],
)
def test_a_process_with_a_weak_key_ends_with_a_sentence(
    variables: dict[str, str], sentence: str
) -> None:
    done = start(**variables)

    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert sentence in last_line
    assert "Create one with:" in last_line


def test_it_starts_with_a_good_key_and_on_a_laptop_with_any() -> None:
    assert start().returncode == 0, start().stderr
    assert start(DEBUG="1", ALLOWED_HOSTS="localhost", SECRET_KEY="x").returncode == 0


@pytest.mark.parametrize(("key", "weakness"), WEAK.items())
def test_what_is_wrong_is_said_without_the_key(key: str, weakness: str) -> None:
    said = weakness_of(key)

    assert said.startswith(weakness)
    assert key not in said


def test_random_keys_of_every_usual_alphabet_are_good() -> None:
    for _ in range(200):
        assert weakness_of(secrets.token_urlsafe(38)) == ""
        assert weakness_of(secrets.token_hex(32)) == ""


def told(settings: Any, **changes: Any) -> list[str]:
    for name, value in changes.items():
        setattr(settings, name, value)
    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    return [str(each.id) for each in found if str(each.id).startswith("belay")]


def test_the_deploy_check_tells_of_weak_secrets_whatever_debug_is(settings: Any) -> None:
    assert told(settings) == []
    assert told(settings, DEBUG=True, SECRET_KEY="x" * 60) == ["belay.E001"]
    assert told(settings, SECRET_KEY=GOOD, SECRET_KEY_FALLBACKS=["old"]) == ["belay.E001"]
    assert told(settings, SECRET_KEY_FALLBACKS=[], READYZ_TOKEN="short") == ["belay.E002"]
