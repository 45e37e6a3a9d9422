"""Where Belay's own letters go on a laptop: into the outbox, beside the messages to candidates."""

import json
import os
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from pipeline.foundation import database_clock


class OutboxBackend(BaseEmailBackend):
    """Appends each e-mail as a line of JSON to outbox/email.jsonl. Raises OSError when it can't."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = settings.DATA_DIR / "outbox"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(folder / "email.jsonl", flags, 0o600), "ab", buffering=0) as file:
            for mail in email_messages:
                file.write(as_line(mail))  # one write each: no line is torn
        return len(email_messages)


def as_line(mail: EmailMessage) -> bytes:
    letter = {
        "message": None,
        "at": database_clock.now().isoformat(),
        "to": ", ".join(mail.to),
        "subject": mail.subject,
        "body": str(mail.body),
    }
    return f"{json.dumps(letter, ensure_ascii=False)}\n".encode()
