"""The operations. A new one is one new file here and one line in this list."""

from .base import Operation as Operation
from .base import OptionsForm as OptionsForm
from .base import Preview as Preview
from .base import Skip as Skip
from .base import Unfinished as Unfinished
from .change_labels import ChangeLabels
from .drafts import CantSend as CantSend
from .drafts import Draft as Draft
from .drafts import SendingOperation as SendingOperation
from .move_to_folder import MoveToFolder

OPERATIONS: dict[str, type[Operation]] = {
    operation.key: operation
    for operation in (
        MoveToFolder,
        ChangeLabels,
    )
}
