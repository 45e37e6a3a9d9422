"""The models of this room, one file each."""

from .candidate import Candidate, CandidateLabel, CandidateQuerySet, CandidateSearch
from .candidate_import import CandidateImport, ImportedCandidate
from .former_name import FormerName
from .label import Label
from .opening import Folder, FolderKind, Opening
from .reject_reason import RejectReason
from .share import Share, SharedCandidate

__all__ = [
    "Candidate",
    "CandidateImport",
    "CandidateLabel",
    "CandidateQuerySet",
    "CandidateSearch",
    "Folder",
    "FolderKind",
    "FormerName",
    "ImportedCandidate",
    "Label",
    "Opening",
    "RejectReason",
    "Share",
    "SharedCandidate",
]
