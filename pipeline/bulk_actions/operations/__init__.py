"""The operations. A new one is one new file here and one line in this list."""

from .assign_recruiter import AssignRecruiter
from .base import Operation as Operation
from .base import OptionsForm as OptionsForm
from .base import Preview as Preview
from .base import Skip as Skip
from .base import Unfinished as Unfinished
from .cancel_tasks import CancelTasks
from .change_labels import ChangeLabels
from .create_application import CreateApplication
from .create_tasks import CreateTasks
from .drafts import SendingOperation as SendingOperation
from .drafts import sends as sends
from .drafts import writes_to_people as writes_to_people
from .export import Export
from .forgotten import Forgotten as Forgotten
from .lookup import OPERATIONS as OPERATIONS
from .lookup import is_on_hold as is_on_hold
from .lookup import kind_of as kind_of
from .lookup import operation_of as operation_of
from .move_to_folder import MoveToFolder
from .reject import Reject
from .send_message import SendMessage
from .set_attribute import SetAttribute
from .share_with_reviewer import ShareWithReviewer
from .stages import Hire, Hold, Shortlist
from .start_journey import StartJourney
from .stop_runs import StopRuns
from .undo import Undo

OPERATIONS |= {
    operation.key: operation
    for operation in (
        MoveToFolder,
        Shortlist,
        Hold,
        Hire,
        Reject,
        SendMessage,
        AssignRecruiter,
        ChangeLabels,
        SetAttribute,
        CreateApplication,
        CreateTasks,
        CancelTasks,
        StartJourney,
        StopRuns,
        Undo,
        ShareWithReviewer,
        Export,
    )
}
