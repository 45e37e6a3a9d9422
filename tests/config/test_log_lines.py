"""What whoever runs Belay finds in the log of a request that was refused, and of one that broke."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.workspaces.models import User


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the log's own handler writes."""
    [console] = [one for one in logging.getLogger().handlers if one.get_name() == "console"]
    assert isinstance(console, logging.StreamHandler)
    written = io.StringIO()
    before = console.setStream(written)
    yield written
    console.setStream(before)


def test_a_403_is_a_line_without_a_traceback(client_of: Any, agent: User, log: io.StringIO) -> None:
    User.objects.filter(pk=agent.pk).update(is_staff=True)

    assert client_of(agent).get("/admin/candidates/label/").status_code == 403

    assert "WARNING django.request: Forbidden" in log.getvalue()
    assert "/admin/candidates/label/" in log.getvalue()
    assert "Traceback" not in log.getvalue()


def test_a_refused_filter_of_the_admin_site_too(client_of: Any, db: None, log: io.StringIO) -> None:
    root = User.objects.create_superuser("root@example.org")

    answer = client_of(root).get("/admin/workspaces/user/?password__startswith=p")

    assert answer.status_code == 400
    assert "password__startswith not allowed" in log.getvalue()
    assert "Traceback" not in log.getvalue()


def test_what_breaks_has_its_traceback(client_of: Any, owner: User, log: io.StringIO) -> None:
    browser = client_of(owner)
    browser.raise_request_exception = False
    session = browser.session
    session["_messages"] = "unreadable"
    session.save()

    assert browser.get("/candidates/").status_code == 500

    assert "ERROR django.request" in log.getvalue()
    assert "Traceback" in log.getvalue()
