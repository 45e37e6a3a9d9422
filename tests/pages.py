"""Pages as their readers have them."""

from typing import Any


def one_line(response: Any) -> str:
    """Its HTML, in which a line break is a blank, as it is to a browser."""
    return " ".join(response.content.decode().split())
