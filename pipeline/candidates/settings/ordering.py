"""The order of an opening's folders, as a form posts it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from pipeline.candidates.models import Folder, Opening
from pipeline.workspaces.models import User
from pipeline.workspaces.models.audit import record


class OrderChanged(ValueError):
    """The folders are no longer those, or not in the order, that the form began with."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The folders were changed on another page, so nothing was moved. This is "
                "the current order."
            )
        )


@dataclass(frozen=True)
class Wanted:
    ids: list[int]
    seen: list[int]  # the order that the page showed
    button: str  # the id of the button that was pressed, so that it keeps the focus


def wanted_order(data: QueryDict) -> Wanted:
    """`folder` repeated, and where `up` or `down` names one of them, that one a place further.

    Raises OrderChanged for what is no list of ids.
    """
    try:
        ids = [int(value) for value in data.getlist("folder")]
        seen = [int(value) for value in data.getlist("seen")]
        for button, step in (("up", -1), ("down", 1)):
            if button in data:
                pk = int(str(data[button]))
                at = ids.index(pk)
                ids.insert(max(0, at + step), ids.pop(at))
                return Wanted(ids, seen, f"{button}-{pk}")
    except ValueError:
        raise OrderChanged from None
    return Wanted(ids, seen, "")


@transaction.atomic
def put_in_order(opening: Opening, ids: Sequence[int], seen: Sequence[int], by: User) -> None:
    """Make `ids` the order of the opening's folders. Raises OrderChanged when `seen` is not it.

    A folder of another opening among them is refused in the same way: the lists differ.
    """
    folders = list(opening.folders.select_for_update(no_key=True).order_by("pk"))
    folders.sort(key=lambda folder: (folder.position, folder.pk))
    now = [folder.pk for folder in folders]
    if list(seen) != now or sorted(ids) != sorted(now):
        raise OrderChanged
    if list(ids) == now:
        return
    for folder in folders:
        folder.position = ids.index(folder.pk)
    Folder.objects.bulk_update(folders, ["position"])
    names = {folder.pk: folder.name for folder in folders}
    subject = f"{opening}: {', '.join(names[pk] for pk in ids)}"
    record(opening.workspace, by, "put in order the folders of", subject)
