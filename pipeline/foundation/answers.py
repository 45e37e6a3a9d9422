"""Answers to htmx."""

from typing import Literal

from django.http import HttpResponse
from django_htmx.http import reswap, retarget

Place = Literal["innerHTML", "outerHTML"]


def put_into(response: HttpResponse, selector: str, how: Place = "innerHTML") -> HttpResponse:
    """Have htmx put the response into *selector*, whatever the link or form asked for."""
    return reswap(retarget(response, selector), how)
