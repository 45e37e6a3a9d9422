"""What every page says to the browser, with the settings of production."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client

ASK = """
import json
import django
django.setup()
from django.test import Client
page = Client().get("/login/", secure=True, headers={"Origin": "https://evil.example"})
plain = Client().get("/login/", headers={"Host": "localhost"})
print(json.dumps([page.status_code, dict(page.headers), plain.status_code, dict(plain.headers)]))
"""


@pytest.fixture(scope="module")
def answers() -> Any:
    """The login page over https, and over http: status and headers of each."""
    shown = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=project.BASE_DIR,
        env={**os.environ, "HTTPS": "1", "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(shown.stdout)


def test_a_page_is_for_https_for_a_year_and_for_no_other_site(answers: Any) -> None:
    status, headers, _, _ = answers

    assert status == 200
    assert "max-age=31536000; includeSubDomains" in headers["Strict-Transport-Security"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert not [name for name in headers if name.startswith("Access-Control-")]


def test_the_policy_lets_nothing_in_that_is_not_ours(answers: Any) -> None:
    policy = dict(
        each.strip().split(" ", 1) for each in answers[1]["Content-Security-Policy"].split(";")
    )

    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy  # so the default holds: no inline script, no eval
    assert "unsafe" not in str(policy)


def test_over_http_there_is_only_the_way_to_https(answers: Any) -> None:
    _, _, status, headers = answers

    assert (status, headers["Location"]) == (301, "https://localhost/login/")


@pytest.mark.parametrize("address", ["/login/", "/healthz", "/readyz", "/candidates/"])
def test_a_trace_echoes_nothing(address: str, db: None) -> None:
    answer = Client().generic("TRACE", address, headers={"X-Mark": "echo-of-this"})

    assert "echo-of-this" not in answer.content.decode() + str(answer.headers)
