"""What a page shows of bulk actions, read from the HTML that reaches it."""

import re
from dataclasses import dataclass

ROW = re.compile(
    r'<li [^>]*id="bulk-action-(\d+)" data-status="(\w+)" data-version="(\d+)"'
    r'.*?<progress value="(\d+)" max="(\d+)"',
    re.DOTALL,
)
TICK = re.compile(
    r'id="bulk-action-(\d+)-progress" data-version="(\d+)"'
    r'.*?<progress value="(\d+)" max="(\d+)"',
    re.DOTALL,
)
ANY_ACTION = re.compile(r'"bulk-action-(\d+)')


@dataclass(frozen=True)
class Shown:
    """One action as HTML told it; a tick tells no status."""

    action: int
    version: int
    processed: int
    total: int
    status: str = ""


def rows_in(html: str) -> list[Shown]:
    return [
        Shown(int(pk), int(version), int(value), int(most), status)
        for pk, status, version, value, most in ROW.findall(html)
    ]


def ticks_in(html: str) -> list[Shown]:
    """Those of rows, too."""
    return [
        Shown(int(pk), int(version), int(value), int(most))
        for pk, version, value, most in TICK.findall(html)
    ]


def actions_in(html: str) -> set[int]:
    return {int(pk) for pk in ANY_ACTION.findall(html)}
