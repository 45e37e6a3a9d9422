"""The blocks. A new one is one new file here and one line in this list."""

from .base import Block as Block
from .cancel_task import CancelTask
from .create_task import CreateTask
from .exit import Exit
from .split import Split
from .wait import Wait

BLOCKS: dict[str, type[Block]] = {
    block.key: block
    for block in (
        CreateTask,
        Wait,
        Split,
        CancelTask,
        Exit,
    )
}
