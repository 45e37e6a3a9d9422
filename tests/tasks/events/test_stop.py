"""An SMS that says STOP opts the number out at once; what comes in is always kept and shown."""

from typing import Any

import pytest
from django.test import Client

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import MessagingRules, OptOut
from pipeline.tasks.models import Task
from pipeline.tasks.models.inbound_event import InboundEvent
from pipeline.tasks.models.rules import TaskRules
from pipeline.workspaces.models import User, Workspace

from .conftest import Post

PHONE = "+447700900123"


def timeline(client_of: Any, who: User, candidate: Candidate) -> str:
    return str(client_of(who).get(candidate.get_absolute_url()).content.decode())


def test_stop_opts_the_number_out_and_start_lets_it_in_again(
    call: Post, ana: Candidate, client_of: Any, recruiter: User
) -> None:
    stopped = call(type="inbound_sms", text="Stop!\nSent from my iPhone")

    assert stopped.status_code == 201
    assert stopped.json() == {
        "task": None,
        "type": "inbound_sms",
        "candidate": ana.pk,
        "sms": "stopped",
    }
    assert list(OptOut.objects.values_list("channel", "address")) == [("sms", PHONE)]
    assert not Task.objects.exists()
    assert "Answered STOP: gets no more SMS" in timeline(client_of, recruiter, ana)

    again = call(id="sms-2", type="inbound_sms", text="START")

    assert again.json()["sms"] == "allowed"
    assert not OptOut.objects.exists()
    assert "Answered START: gets SMS again" in timeline(client_of, recruiter, ana)


def test_a_sentence_with_the_word_makes_a_task(call: Post) -> None:
    assert call(type="inbound_sms", text="Can we stop by at 5?").json()["task"]
    assert not OptOut.objects.exists()


def test_a_workspace_has_stop_words_of_its_own(
    call: Post, workspace: Workspace, client_of: Any, owner: User
) -> None:
    page = "/settings/messages/"
    client: Client = client_of(owner)
    limits = {"email-period": "day", "sms-period": "day"}
    refused = client.post(page, {**limits, "stop_words": "start"})
    assert refused.status_code == 422
    assert (
        client.post(page, {**limits, "stop_words": "Basta\r\nBASTA\r\n no más "}).status_code == 302
    )
    assert MessagingRules.of(workspace).stop_words == ["BASTA", "no más"]

    assert call(type="inbound_sms", text="No mas").json()["sms"] == "stopped"


def test_a_number_that_nobody_has_is_opted_out_too(post: Post, workspace: Workspace) -> None:
    answer = post({"id": "1", "type": "inbound_sms", "phone": "+447700900999", "text": "STOP"})

    assert answer.status_code == 422
    assert OptOut.objects.get().address == "+447700900999"


@pytest.mark.parametrize(
    "type", ["inbound_call", "inbound_sms", "inbound_email", "voicemail", "callback_requested"]
)
def test_what_comes_in_is_kept_and_shown_though_the_queue_has_enough(
    type: str, call: Post, workspace: Workspace, ana: Candidate, client_of: Any, recruiter: User
) -> None:
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    assert call(type=type).json()["task"]

    answer = call(id="second", type=type, text="My very important words")

    assert (answer.status_code, answer.json()["task"]) == (201, None)
    assert answer.json()["reason"] == "task.enough_waiting"
    assert InboundEvent.objects.get(event_id="second").payload["text"] == "My very important words"
    assert "My very important words" in timeline(client_of, recruiter, ana)
    assert call(id="second", type=type, text="My very important words").status_code == 200


def test_stop_is_heard_though_the_queue_has_enough(call: Post, workspace: Workspace) -> None:
    TaskRules.objects.create(workspace=workspace, most_waiting=1)
    call(type="inbound_sms", text="Hello")

    assert call(id="2", type="inbound_sms", text="STOP").json()["sms"] == "stopped"
    assert OptOut.objects.get().address == PHONE
