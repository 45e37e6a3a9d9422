"""The blocks. A new one is one new file here and one line in this list."""

from .base import Block as Block
from .cancel_task import CancelTask
from .condition import Condition
from .create_task import CreateTask
from .exit import Exit
from .send_message import SendEmail, SendSMS
from .split import Split
from .start_journey import StartJourney
from .stop_journey import StopJourney
from .update_candidate import UpdateCandidate
from .wait import Wait
from .webhook import Webhook

BLOCKS: dict[str, type[Block]] = {
    block.key: block
    for block in (
        CreateTask,
        SendSMS,
        SendEmail,
        Wait,
        Condition,
        Split,
        UpdateCandidate,
        CancelTask,
        StartJourney,
        StopJourney,
        Webhook,
        Exit,
    )
}
