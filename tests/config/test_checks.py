"""A setting that can't be right is told before anything starts, with what to do."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as project
from django.core.checks import run_checks

from config.checks import BELAY

PRODUCTION = {
    "HTTPS": True,
    "PUBLIC_URL": "https://belay.acme.example",
    "SUPPORT_URL": "https://help.acme.example",
    "EMAIL_SENDER": "email",
    "DEFAULT_FROM_EMAIL": "Acme <jobs@acme.example>",
}
ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"SECRET_KEY": "changeme"}, "belay.E001"),
    ({"ALLOWED_HOSTS": ["belay.acme.example", "*"]}, "belay.E003"),
    ({"EMAIL_SENDER": "smtp"}, "belay.E004"),
    ({"SMS_SENDER": "twillio"}, "belay.E004"),
    ({"SMS_SENDER": "twilio", "TWILIO_ACCOUNT_SID": ""}, "belay.E005"),
    ({"WEBHOOK_PRIVATE_NETWORKS": ["10.0.0.0/8", "10.0.0.1/8"]}, "belay.E006"),
    ({"TRUSTED_PROXIES": -1}, "belay.E007"),
    ({"DEBUG": True}, "belay.E008"),
]
WARNINGS: list[tuple[dict[str, Any], str]] = [
    ({"PUBLIC_URL": ""}, "belay.W001"),
    ({"SUPPORT_URL": "mailto:support@example.com"}, "belay.W002"),
    ({"DEFAULT_FROM_EMAIL": "Belay <belay@localhost>"}, "belay.W003"),
    ({"EMAIL_SENDER": "file"}, "belay.W004"),
]


@pytest.fixture
def told(settings: Any) -> Any:
    """The ids that are told of a deployment in good order with these changes."""

    def run(**changes: Any) -> list[str]:
        for name, value in {**PRODUCTION, **changes}.items():
            setattr(settings, name, value)
        found = run_checks(tags=[BELAY])
        assert all(each.hint for each in found)
        return [str(each.id) for each in found]

    return run


def test_a_deployment_in_good_order_is_told_nothing(told: Any) -> None:
    assert told() == []


@pytest.mark.parametrize(("changes", "problem"), [*ERRORS, *WARNINGS])
def test_what_is_wrong_is_told(changes: dict[str, Any], problem: str, told: Any) -> None:
    assert problem in told(**changes)


def test_a_laptop_is_not_bothered(told: Any) -> None:
    assert told(HTTPS=False, PUBLIC_URL="", EMAIL_SENDER="file") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import config.asgi"],
        ["manage.py", "rqworker", "default"],
        ["manage.py", "rqcron", "x"],
    ],
)
def test_no_process_starts_with_a_setting_that_cannot_be_right(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=project.BASE_DIR,
        env={**os.environ, "ALLOWED_HOSTS": "*"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "ALLOWED_HOSTS is '*'" in done.stderr
    assert "Name the hosts: ALLOWED_HOSTS=belay.example.com" in done.stderr
