"""What a line in the log needs: the traceback of a mistake, not of a refusal."""

import logging


class RefusalsInOneLine(logging.Filter):
    """Leaves the traceback out where a request was answered 4xx.

    Django adds one to each 403, and to each 400 that it raises itself, as for a refused filter of
    the admin site. Nothing is broken there.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True
