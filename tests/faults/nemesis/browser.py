"""What one user's browser asks, and what it is answered; written down for the checks."""

import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from .world import Someone

PATIENCE = 40  # seconds until somebody gives up on a page


@dataclass(frozen=True)
class Answer:
    who: str
    method: str
    path: str
    began: float  # time.time(), as the database's clock is this machine's
    seconds: float
    status: int  # 0: none came
    text: str = ""
    location: str = ""
    events: str = ""  # that htmx is to trigger

    @property
    def ended(self) -> float:
        return self.began + self.seconds

    @property
    def was_done(self) -> bool:
        return 200 <= self.status < 400

    def __str__(self) -> str:
        return (
            f"{self.who}: {self.method} {self.path} answered {self.status} in {self.seconds:.2f} s"
        )


@dataclass(frozen=True)
class Promise:
    """What an answer told a user, so that it must be so: "started", {"action": 5, "key": …}."""

    what: str
    facts: dict[str, Any]
    answer: Answer


@dataclass
class Records:
    """Shared by all users of a round."""

    answers: list[Answer] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    probes: list[Answer] = field(default_factory=list)  # of /healthz, all the time
    over: threading.Event = field(default_factory=threading.Event)


class Browser:
    def __init__(self, url: str, who: Someone, records: Records) -> None:
        self.url = url
        self.who = who
        self.records = records
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = secrets.token_hex(16)
        self.started: dict[int, dict[str, Any]] = {}  # what was posted, by action
        self.held: list[int] = []  # tasks
        self.session.cookies.update({"sessionid": who.session, "csrftoken": self.token})

    def get(self, path: str, **options: Any) -> Answer:
        return self.ask("GET", path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Answer:
        return self.ask("POST", path, data=data, **options)

    def ask(self, method: str, path: str, is_htmx: bool = False, **options: Any) -> Answer:
        headers = {"X-CSRFToken": self.token} | ({"HX-Request": "true"} if is_htmx else {})
        began, monotonic = time.time(), time.monotonic()
        status, text = 0, ""
        told: Mapping[str, str] = {}
        try:
            response = self.session.request(
                method,
                f"{self.url}{path}",
                headers=headers,
                timeout=PATIENCE,
                allow_redirects=False,
                **options,
            )
            status, text = response.status_code, response.text
            told = response.headers
        except requests.RequestException as error:
            text = repr(error)
        seconds = time.monotonic() - monotonic
        location, events = told.get("Location", ""), told.get("HX-Trigger", "")
        answer = Answer(self.who.name, method, path, began, seconds, status, text, location, events)
        self.records.answers.append(answer)
        return answer

    def insist(self, path: str, data: Any, **options: Any) -> Answer:
        """POST again what got no answer, or that Belay is away, as people do."""
        for _ in range(3):
            answer = self.post(path, data, **options)
            if answer.status not in (0, 500, 502, 503) or self.records.over.wait(0.7):
                break
        return answer

    def promise(self, what: str, answer: Answer, **facts: Any) -> None:
        facts |= {"by": self.who.pk}
        self.records.promises.append(Promise(what, facts, answer))


def number_in(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text)
    return int(found[1]) if found else None
