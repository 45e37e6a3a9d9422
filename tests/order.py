"""Which test files take longest: they go first in `make test`, and `make quick` leaves them out.

A single test that takes seconds among many quick ones has the marker `slow` itself.
"""

from pathlib import Path

import pytest

# By processor time and waiting, the longest first. What starts all of Belay, breaks its servers,
# opens a browser, asks for every address as everybody or tries every file or combination takes its
# time by nature.
SLOW = (
    "tests/faults/nemesis/test_nemesis.py",
    "tests/config/test_up.py",
    "tests/browser/test_main_job.py",
    "tests/browser/test_operations.py",
    "tests/faults/",
    "tests/browser/",
    "tests/access/test_admin_site.py",
    "tests/access/test_hidden_openings.py",
    "tests/access/fuzz/",
    "tests/access/test_foreign_ids.py",
    "tests/access/test_admin_input.py",
    "tests/access/test_urls.py",
    "tests/notifications/",
    "tests/config/test_dev.py",
    "tests/config/test_secret_key.py",
    "tests/config/test_bodies.py",
    "tests/config/test_connections.py",
    "tests/config/test_cut_answers.py",
    "tests/tasks/events/test_ten_thousand.py",
    "tests/candidates/importing/test_samples.py",
    "tests/candidates/importing/test_hostile.py",
    "tests/candidates/importing/test_field_containers.py",
    "tests/candidates/importing/test_limits_hold.py",
    "tests/bulk_actions/operations/test_previews_of_many.py",
    "tests/tasks/test_cancel_table.py",
    "tests/config/test_many_downloads.py",
    "tests/workspaces/webhooks/test_senders.py",
    "tests/foundation/test_fence.py",
)
BASE = Path(__file__).resolve().parent.parent


def arrange(items: list[pytest.Item]) -> None:
    """The longest first, so that no process is left alone with one in the end."""
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=place)


def is_left_out(path: Path, config: pytest.Config) -> bool:
    """Whether a file need not even be imported, as none of its tests is asked for."""
    if config.getoption("markexpr") != "not slow" or not path.is_relative_to(BASE):
        return False
    return path.is_file() and path.relative_to(BASE).as_posix().startswith(SLOW)


def place(item: pytest.Item) -> int:
    return next((n for n, start in enumerate(SLOW) if item.nodeid.startswith(start)), len(SLOW))
