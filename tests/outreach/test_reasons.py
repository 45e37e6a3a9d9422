"""Why a message does not go: a code with facts, and its sentence."""

import json

import pytest

from pipeline.outreach.placeholders import PLACEHOLDERS
from pipeline.outreach.reasons import (
    CALLED,
    SENTENCES,
    CantSend,
    Code,
    Reason,
    no_address,
    no_values,
    opted_out,
    said_of_provider,
    sentence_of,
)

LIMIT = Reason(
    Code.LIMIT_REACHED,
    {
        "channel": "sms",
        "number": 1000,
        "period": "month",
        "resets_on": "2027-01-01",
        "on": "2026-12-24",
    },
)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (no_address("email"), "Has no e-mail address."),
        (no_address("sms"), "Has no phone number."),
        (opted_out("sms"), "Has opted out of SMS."),
        (
            no_values(["first_name", "attribute:City"]),
            "The template needs a value that the candidate does not have: first name, City.",
        ),
        (
            LIMIT,
            "The SMS limit of 1,000 a calendar month is used up. It resets on 1 January 2027.",
        ),
        (said_of_provider("100 % refused: %(why)s"), "100 % refused: %(why)s"),
        (opted_out("email").within(Code.NONE), "No message: Has opted out of e-mails."),
        (
            said_of_provider("Refused.").within(Code.NOT_CONFIRMED),
            "Message not confirmed: Refused.",
        ),
    ],
)
def test_a_sentence_is_made_of_what_is_stored(reason: Reason, sentence: str):
    stored = json.loads(json.dumps([reason.code, reason.facts]))

    assert str(reason) == sentence_of(*stored) == sentence
    assert str(CantSend(reason)) == sentence


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize(
    "facts", [None, [], {}, {"channel": "fax", "values": 1, "why": "message.none"}, {"why": {}}]
)
def test_whatever_its_facts_are_a_code_has_a_sentence(code: Code, facts: object):
    sentence = sentence_of(code, facts)

    assert sentence.endswith(".")
    assert "%" not in sentence


def test_each_code_has_a_sentence_and_each_placeholder_a_name():
    assert set(SENTENCES) == set(Code)
    assert set(CALLED) == set(PLACEHOLDERS)


def test_what_is_not_a_code_stays_as_it_is():
    assert sentence_of("Has moved away.") == "Has moved away."
