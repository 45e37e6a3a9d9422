"""Proves to a receiver that a message is ours and new: the Standard Webhooks scheme.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook


def headers_for(message_id: str, at: datetime, body: str, secrets: Iterable[str]) -> dict[str, str]:
    """The three headers, with one signature for each secret. `at` is when it is sent, in UTC."""
    signatures = [Webhook(secret).sign(message_id, at, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
