"""What the page tells senders is what happens: each example is sent as it stands there."""

import html
import json
import re
from typing import Any

import pytest

from pipeline.candidates.models import Candidate, Opening
from pipeline.tasks.events.forms import ALSO, EVERY, EventForm
from pipeline.tasks.models import Task
from pipeline.tasks.models.event_types import EventType
from pipeline.tasks.models.inbound_event import InboundEvent
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User

from .conftest import ADDRESS, Post

MAKES = {
    "inbound_call": TaskType.INBOUND_CALL,
    "inbound_sms": TaskType.INBOUND_SMS,
    "inbound_email": TaskType.INBOUND_EMAIL,
    "voicemail": TaskType.VOICEMAIL,
    "callback_requested": TaskType.SCHEDULED_CALLBACK,
    "callback_canceled": None,
    "custom": TaskType.CUSTOM_TASK,
    "custom_journeys": None,
}


@pytest.fixture
def page(client_of: Any, owner: User) -> str:
    content: str = client_of(owner).get("/settings/events/").content.decode()
    return content


def examples(page: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Of each type what curl posts, and the answer."""
    section = (
        r'<section[^>]* id="event-(\w+)".*?<code>curl (.*?)</code>.*?class="answer">(.*?)</code>'
    )
    return {
        type: (html.unescape(command), json.loads(html.unescape(answer)))
        for type, command, answer in re.findall(section, page, re.DOTALL)
    }


def test_each_type_has_an_example(page: str):
    assert list(examples(page)) == [*EventType.values, "custom_journeys"]


@pytest.mark.parametrize("example", MAKES)
def test_an_example_does_what_it_says(example: str, page: str, post: Post, ana: Candidate):
    command, documented = examples(page)[example]
    type, makes = example.removesuffix("_journeys"), MAKES[example]
    body = re.search(r"-d '(.*)'$", command, re.DOTALL)
    assert body
    assert command.startswith(f"http://testserver{ADDRESS} \\\n")
    if opening := json.loads(body[1]).get("opening"):
        Opening.objects.filter(pk=ana.opening_id).update(name=opening)

    answer = post(body[1].encode())

    assert answer.status_code == 201
    assert answer.json().keys() == documented.keys()
    assert answer.json()["type"] == documented["type"] == (makes or type)
    assert answer.json()["candidate"] == ana.pk
    made = list(Task.objects.values_list("pk", "type"))
    assert made == ([(answer.json()["task"], makes)] if makes else [])
    assert InboundEvent.objects.get().type == type


def test_the_example_of_a_cancel_takes_back_the_one_of_a_request(
    page: str, post: Post, ana: Candidate
):
    for type in ("callback_requested", "callback_canceled"):
        body = re.search(r"-d '(.*)'$", examples(page)[type][0], re.DOTALL)
        assert body
        answer = post(body[1].encode())

    task = Task.objects.get()
    assert answer.json()["canceled"] == [task.pk]
    assert task.is_canceled


def test_every_field_is_explained(page: str):
    told = html.unescape(page.split('id="for-senders"')[1])

    assert [name for name in EventForm.base_fields if f"<code>{name}</code>" not in told] == []
    assert {*EVERY, *(name for names in ALSO.values() for name in names)} == {
        *EventForm.base_fields
    }


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 405, 409, 413, 415, 422])
def test_every_status_is_explained(status: int, page: str):
    assert f"<dt>{status}</dt>" in page
