"""A candidate's imports, in what happened to the candidate."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from pipeline.candidates.models import Candidate
from pipeline.candidates.sight import sight_of
from pipeline.candidates.timeline import MOST, SOURCES, Event
from pipeline.workspaces.models import User


def imports(candidate: Candidate, user: User) -> Iterator[Event]:
    """The candidate's imports; without the file's name where the user can't see the opening."""
    sight = sight_of(user)
    brought = candidate.imports.select_related("candidate_import__created_by")
    for row in brought.order_by("-candidate_import_id")[:MOST]:
        imported = row.candidate_import
        what = "Imported from" if row.is_new else _("Updated from")
        by = str(imported.created_by or "")
        if not sight.sees_all([imported.opening_id]):
            yield Event(imported.ended_at or imported.created_at, ELSEWHERE, by=by)
            continue
        yield Event(
            imported.ended_at or imported.created_at,
            f"{what} {imported.name}",
            link=imported.get_absolute_url(),
            by=by,
        )


ELSEWHERE = "Imported into another opening"
SOURCES.append(imports)
