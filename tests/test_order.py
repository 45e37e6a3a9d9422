"""The slow files go first, and are left out of `make quick`."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.order import SLOW, place


def test_each_of_the_list_is_there() -> None:
    """Else a file that was renamed would be among the quick ones, unnoticed."""
    assert [name for name in SLOW if not Path(settings.BASE_DIR, name).exists()] == []


def test_the_longest_come_first_and_the_rest_last(request: pytest.FixtureRequest) -> None:
    places = [place(item) for item in request.session.items]

    assert places == sorted(places)
    assert place(request.node) == len(SLOW)
    assert request.node.get_closest_marker("slow") is None
