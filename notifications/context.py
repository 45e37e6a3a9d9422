from typing import Any

from django.http import HttpRequest


def panel(request: HttpRequest) -> dict[str, Any]:
    return {}
