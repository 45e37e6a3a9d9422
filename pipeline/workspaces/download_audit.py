"""Each download in the audit: who took what, how many rows of it, and from where."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from .models import User, audit
from .requests import MemberRequest

Row = TypeVar("Row")


def recorded(
    request: MemberRequest, what: str, link: str, rows: Iterable[Row], number: int | None
) -> Iterable[Row]:
    """The rows of a download, which stands in the audit before the first of them goes out.

    Where their number is not known before (None), it is a second entry at the end.
    """
    if request.method == "GET":
        audit.record_download(request.user, what, link, number)
        if number is None:
            return counted(request.user, what, link, rows, audit.origin.get())
    return rows


def counted(
    by: User, what: str, link: str, rows: Iterable[Row], address: str | None
) -> Iterator[Row]:
    """Yield the rows, and record their number at the end or when the reader goes away."""
    number, is_whole = 0, False
    try:
        for row in rows:
            number += 1
            yield row
        is_whole = True
    finally:
        verb = "finished the download of" if is_whole else "broke off the download of"
        token = audit.origin.set(address)  # the request itself has ended
        audit.record_download(by, what, link, number, verb)
        audit.origin.reset(token)
