"""Senders for a laptop: messages go nowhere but into a file, or to the terminal."""

import json
import os

from django.conf import settings

from pipeline.foundation import database_clock
from pipeline.outreach.models import Message

from .base import Sender, Unavailable, Unconfirmed


def as_line(message: Message) -> str:
    return json.dumps(
        {
            "message": message.pk,
            "at": database_clock.now().isoformat(),
            "to": message.address,
            "subject": message.subject,
            "body": message.body,
        },
        ensure_ascii=False,
    )


class FileSender(Sender):
    """Appends each message as a line of JSON to outbox/email.jsonl or sms.jsonl of the data folder.

    One write each, with O_APPEND: many processes may do so at once, and no line is torn.
    """

    def __init__(self) -> None:
        self.files: dict[str, int] = {}

    def open(self) -> None:
        if self.files:
            return
        try:
            (settings.DATA_DIR / "outbox").mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"The outbox can't be written: {error.strerror}.")

    def send(self, message: Message) -> str:
        line = f"{as_line(message)}\n".encode()
        try:
            written = os.write(self.file_of(message.channel), line)
        except OSError as error:
            raise Unavailable(f"The outbox can't be written: {error.strerror}.")
        if written < len(line):
            raise Unconfirmed("The disk was full: it is in the outbox only in part.")
        return f"file-{message.pk}"

    def file_of(self, channel: str) -> int:
        if channel not in self.files:
            self.open()
            path = settings.DATA_DIR / "outbox" / f"{channel}.jsonl"
            self.files[channel] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return self.files[channel]

    def close(self) -> None:
        while self.files:
            os.close(self.files.popitem()[1])


class ConsoleSender(Sender):
    def open(self) -> None:
        pass

    def send(self, message: Message) -> str:
        print(f"{message.get_channel_display()}: {as_line(message)}", flush=True)
        return f"console-{message.pk}"

    def close(self) -> None:
        pass
