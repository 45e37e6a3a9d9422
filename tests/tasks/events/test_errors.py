"""Every wrong field is named, in a sentence that says what to do; and nothing is kept."""

import json
from typing import Any

import pytest
from django.test import Client

from pipeline.candidates.models import Candidate
from pipeline.tasks.models import Task
from pipeline.tasks.models.event_types import EventType
from pipeline.tasks.models.inbound_event import ApiToken, InboundEvent
from pipeline.workspaces.models import Workspace

from .conftest import ADDRESS, Post

CUSTOM: dict[str, Any] = {"type": "custom", "name": "Check"}
DEEP: Any = 1
for _ in range(7):
    DEEP = [DEEP]

Wrong = list[tuple[str, dict[str, Any]]]


def each(field: str, *values: Any, **others: Any) -> Wrong:
    return [(field, {**others, field: value}) for value in values]


WRONG: Wrong = [
    *each("id", ..., None, "", " ", " a", "a\n", 5, True, [], {}, "x" * 101, "a\u0007b"),
    *each("type", ..., None, "", "call", "INBOUND_CALL", 5, ["x"], {}),
    *each("candidate", ..., None, "5", 0, -1, 1.5, True, [1], {}),
    *each("candidate", 2**53 + 1, 2**63, 10**400, 1e300),
    *each("phone", 447700900123, "call me", "123", "+", [], {"a": 1}, "+44 7700 900123 " * 4),
    *each("email", "ana", "a@b", 5, "a@x.org, b@x.org", "@", ["x"], "a" * 320 + "@example.com"),
    *each("opening", 0, -1, 1.5, False, [], {"id": 1}, "x" * 151),
    *each("occurred_at", "yesterday", "2026-11-01", "2026-11-01T10:00:00", "2026-13-01T10:00:00Z"),
    *each("occurred_at", 1793527200, ["2026-11-01T10:00:00Z"], "0001-01-01T00:00:00+14:00"),
    *each("occurred_at", "1999-12-31T00:00:00Z", "2999-01-01T00:00:00Z"),
    *each("occurred_at", "9999-12-31T23:59:59-12:00", "2026-11-01T25:00:00Z"),
    *each("text", 5, True, ["x"], {"a": 1}, "x" * 50_001, "a\0b", "\ud83d", "\udc00 x"),
    *each("subject", 5, "x" * 501, [], type="inbound_email"),
    *each("recording_url", "javascript:alert(1)", "ftp://example.com/1", "//example.com/1", 5),
    *each("recording_url", "https://", "https://[", "https://example.com/a b", "example.com"),
    *each("recording_url", "https://example.com/\a", "https://example.com/" + "x" * 2000),
    *each("callback_at", "tomorrow", "2020-01-01T00:00:00Z", type="callback_requested"),
    *each("callback_at", "2999-01-01T00:00:00Z", 5, type="callback_requested"),
    *each("campaign", 12, "12", "C", "C-1", "C1x", "Win back", [], "C1234567890", "C\u0661"),
    *each("priority", "asap", "High", 3, True, ["high"]),
    *each("name", ..., None, "", " ", 5, "x" * 101, type="custom"),
    *each("properties", "x", 5, ["x"], True, {"a": DEEP}, {"a": 2**53 + 1}, **CUSTOM),
    *each("properties", {"a": 1e300}, {"a": "\0"}, {"a": "\ud800"}, {"\0": 1}, **CUSTOM),
    *each("properties", {"a": {"b": ["\udfff"]}}, **CUSTOM),
    # What the type does not take.
    *each("name", "x"),
    *each("properties", {"a": 1}),
    *each("subject", "x"),
    *each("callback_at", "2026-12-01T10:00:00Z"),
    *each("recording_url", "https://example.com/1", type="inbound_email"),
    *each("campaign", "C1", **CUSTOM),
    *each("priority", "low", type="callback_canceled"),
    # What no type takes.
    *each("callback_At", "2026-12-01T10:00:00Z", type="callback_requested"),
    *each("workspace", 1),
    *each("", 1),
    *each("a\0", 1),
]


@pytest.mark.parametrize("field", dict.fromkeys(field for field, _ in WRONG))
def test_a_wrong_field_is_named_and_nothing_is_kept(field: str, call: Post, token: ApiToken):
    for fields in [fields for name, fields in WRONG if name == field]:
        answer = call(**fields)

        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), fields
        assert_sentence(answer.json()["errors"][field])
    assert_nothing_was_kept(token)


def assert_sentence(error: str) -> None:
    assert error[0].isupper()
    assert error.endswith((".", "}"))
    assert any(f"{verb} " in error for verb in ("Send", "Say", "Remove"))


def assert_nothing_was_kept(token: ApiToken) -> None:
    token.refresh_from_db()
    assert not Task.objects.exists()
    assert not InboundEvent.objects.exists()
    assert token.last_used_at is None


def test_all_wrong_fields_are_named_at_once(call: Post):
    answer = call(id=5, type="x", candidate="5", phone=7, priority="asap", nonsense=1, text="\0")

    assert sorted(answer.json()["errors"]) == [
        "candidate",
        "id",
        "nonsense",
        "phone",
        "priority",
        "text",
        "type",
    ]


def test_a_national_number_needs_the_workspaces_country(call: Post, workspace: Workspace):
    Workspace.objects.filter(pk=workspace.pk).update(phone_region="")

    answer = call(candidate=..., phone="07700 900123")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["phone"])
    assert "+447700900123" in answer.json()["errors"]["phone"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b" ", "body"),
        (b"{", "body"),
        (b"id=1&type=inbound_call", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b'"x"', "body"),
        (b'[{"id": "1"}]', "body"),
        (b'{"id": "\xff"}', "body"),
        ('{"id": "1"}'.encode("utf-16"), "body"),
        (b'{"id": "1"} {"id": "2"}', "body"),
        (b"[" * 60_000, "body"),
        (b'{"a":' * 10_000, "body"),
        (b'{"properties": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "body"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_json_object_is_refused(body: bytes, field: str, post: Post, token: ApiToken):
    answer = post(body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert_sentence(answer.json()["errors"][field])
    assert_nothing_was_kept(token)


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (b'"properties": {"a": ' + b"[" * 400 + b"]" * 400 + b"}", "properties"),
        (b'"candidate": ' + b"9" * 10_000, "candidate"),
        (b'"candidate": NaN', "candidate"),
        (b'"candidate": -Infinity', "candidate"),
        (b'"candidate": 1e999', "candidate"),
        (b'"id": "b"', "id"),
        (b'"properties": {"a": 1, "a": 2}', "properties"),
        (b'"text": "\\ud800"', "text"),
        (b'"text": "\\u0000"', "text"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_two_programs_would_read_differently_is_refused(
    broken: bytes, field: str, post: Post, ana: Candidate, token: ApiToken
):
    fine = b'{"id": "a", "type": "custom", "name": "Check", "phone": "+447700900123"'

    answer = post(fine + b", " + broken + b"}")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert_sentence(answer.json()["errors"][field])
    assert_nothing_was_kept(token)


def test_the_largest_event_is_taken_and_a_larger_one_is_not(post: Post, ana: Candidate):
    event = {"id": "1", "type": "inbound_call", "candidate": ana.pk, "text": "x"}
    padding = 64 * 1024 - len(json.dumps(event))

    fits = post(json.dumps(event).encode() + b" " * padding)
    too_large = post(json.dumps(event).encode() + b" " * (padding + 1))

    assert (fits.status_code, too_large.status_code) == (201, 413)
    assert list(too_large.json()["errors"]) == ["body"]


@pytest.mark.parametrize(
    ("type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("text/plain", 415),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_only_json_is_taken_and_only_as_such(
    type: str, status: int, post: Post, ana: Candidate, token: ApiToken
):
    event = {"id": "1", "type": "inbound_call", "candidate": ana.pk}

    answer = post(event, content_type=type)

    assert answer.status_code == status
    if status == 415:
        assert list(answer.json()["errors"]) == ["Content-Type"]
        assert_nothing_was_kept(token)


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("address", [ADDRESS, "/api/events"])
def test_other_methods_are_told_which_one(method: str, address: str, db: None):
    answer = getattr(Client(), method)(address)

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer["Content-Type"] == "application/json"


def test_every_answer_is_json_without_a_session(call: Post, post: Post, token: ApiToken):
    answers = [
        call(),
        call(),
        call(text="x"),
        call(id=5),
        call(candidate=4_000_000_000, id="2"),
        post(b" "),
        post({}, secret=None),
        post({}, secret="belay_wrong"),
        post({}, content_type="text/plain"),
        post(b" " * 70_000),
        Client().get(ADDRESS),
    ]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [201, 200, 409, 400, 422, 400, 401, 401, 415, 413, 405]
    assert {answer["Content-Type"] for answer in answers} == {"application/json"}
    assert not any(answer.cookies for answer in answers)


def test_the_last_slash_may_be_missing(issued: Any, ana: Candidate):
    event = {"id": "1", "type": "inbound_call", "candidate": ana.pk}
    headers = {"Authorization": f"Bearer {issued[1]}"}

    answer = Client().post(
        "/api/events", json.dumps(event), content_type="application/json", headers=headers
    )

    assert answer.status_code == 201


def test_a_defect_of_ours_is_no_page_and_keeps_nothing(
    call: Post, token: ApiToken, monkeypatch: Any, caplog: Any
):
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("pipeline.tasks.events.receiving.notes_of", broken)

    answer = call()

    assert (answer.status_code, list(answer.json()["errors"])) == (500, ["body"])
    assert "secret" not in answer.content.decode()
    assert "secret detail" in caplog.text
    assert_nothing_was_kept(token)


def test_over_http_it_is_refused_and_not_sent_on(call: Post, token: ApiToken, settings: Any):
    settings.SECURE_SSL_REDIRECT = True

    answer = call()

    assert (answer.status_code, list(answer.json()["errors"])) == (403, ["body"])
    assert_nothing_was_kept(token)
    assert Client().get("/candidates/").status_code == 301


@pytest.mark.parametrize("type", EventType.values)
def test_every_type_takes_nulls_and_empty_texts_for_nothing(type: str, call: Post):
    fields: dict[str, Any] = {
        "text": "",
        "subject": None,
        "callback_at": "",
        "campaign": None,
        "properties": None,
    }

    answer = call(type=type, **fields, name="Check" if type == "custom" else "")

    assert answer.status_code == 201
