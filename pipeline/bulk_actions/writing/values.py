"""The values that this room's statements name: `%(CHANGED)s`, `%(FOLDER_GONE)s`."""

from pipeline.bulk_actions.models import Result
from pipeline.bulk_actions.reasons import Code

# Passed along by whoever executes a statement: see writing/apply.py and operations/judging.py.
VALUES: dict[str, int | str] = {result.name: result.value for result in Result} | {
    code.name: code.value for code in Code
}
