"""The desk as a browser gets it."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from pipeline.workspaces.models import User

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())
