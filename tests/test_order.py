"""The slow files go first, and are left out of `make quick`."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.order import BASE, SLOW, is_left_out, place


def test_each_of_the_list_is_there() -> None:
    """Else a file that was renamed would be among the quick ones, unnoticed."""
    assert [name for name in SLOW if not Path(settings.BASE_DIR, name).exists()] == []


def test_the_longest_come_first_and_the_rest_last(request: pytest.FixtureRequest) -> None:
    places = [place(item) for item in request.session.items]

    assert places == sorted(places)
    assert place(request.node) == len(SLOW)
    assert request.node.get_closest_marker("slow") is None


@pytest.mark.parametrize(
    ("asked", "path", "is_left"),
    [
        ("not slow", BASE / "tests/faults/test_crashes.py", True),
        ("not slow", BASE / "tests/faults", False),  # a folder is entered
        ("not slow", BASE / "tests/test_order.py", False),
        ("not slow", Path("/elsewhere/test_order.py"), False),
        ("", BASE / "tests/faults/test_crashes.py", False),
        ("slow", BASE / "tests/faults/test_crashes.py", False),
    ],
)
def test_only_the_quick_ones_leave_out_files(
    asked: str,
    path: Path,
    is_left: bool,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    monkeypatch.setattr(pytestconfig.option, "markexpr", asked)

    assert is_left_out(path, pytestconfig) is is_left
