"""What has begun and can't go on ends at once, so that its reader knows: the connection is closed.

daphne answers an error with a page of its own. Where an answer has begun it can't, and raises in
the loop that looks after all requests: that loop ends, and the reader waits for ever.
"""

import logging

from daphne.http_protocol import WebRequest

log = logging.getLogger(__name__)
answer_with_error = WebRequest.handle_exception


def handle_exception(request: WebRequest, exception: BaseException) -> None:
    """Called by daphne when an application raised."""
    if not request._response_started:
        answer_with_error(request, exception)
        return
    log.warning("An answer was cut off after %s bytes: %r", request.sentLength, exception)
    request.loseConnection()  # without the mark of an end: a browser says that it is incomplete


def install() -> None:
    """For every request of this process."""
    WebRequest.handle_exception = handle_exception
