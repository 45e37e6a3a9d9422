"""The rules of a Condition: what each kind asks for, and which candidates of a batch it is true of.

A kind is one small class and one line in RULES. Each asks one query for the whole batch.
"""

from .base import Rule
from .candidates import (
    Attribute,
    HasLabel,
    HasNoLabel,
    HasNoRecruiter,
    HasRecruiter,
    InFolder,
    InKind,
    OfOpening,
    OfRecruiter,
    Source,
)
from .history import (
    HadTask,
    HasNoTask,
    HasTask,
    LastDisposition,
    OptedOut,
    WasNotSent,
    WasSent,
)

RULES: dict[str, type[Rule]] = {
    "label": HasLabel,
    "not_label": HasNoLabel,
    "folder": InFolder,
    "folder_kind": InKind,
    "opening": OfOpening,
    "attribute": Attribute,
    "source": Source,
    "recruiter": OfRecruiter,
    "has_recruiter": HasRecruiter,
    "no_recruiter": HasNoRecruiter,
    "had_task": HadTask,
    "has_task": HasTask,
    "has_no_task": HasNoTask,
    "disposition": LastDisposition,
    "sent": WasSent,
    "not_sent": WasNotSent,
    "opted_out": OptedOut,
}
