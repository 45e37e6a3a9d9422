"""The list of past tasks, as a browser gets it."""

import re
from typing import Any

import pytest

LIST = "/tasks/past/"


def shown(response: Any) -> list[int]:
    """The ids of the tasks on the page."""
    return [int(pk) for pk in re.findall(r'href="/tasks/past/(\d+)/"', response.content.decode())]


@pytest.fixture
def get(client_of, support):
    """`get(type="…")`: the list with these filters, as support sees it."""
    return lambda address=LIST, **filters: client_of(support).get(address, filters)
