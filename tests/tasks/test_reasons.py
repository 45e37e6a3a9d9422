"""The codes of reasons: a sentence for each, whatever has become of its facts."""

from typing import Any

import pytest

from pipeline.tasks.reasons import SENTENCES, Code, Reason, sentence_of

FACTS: dict[str, Any] = {
    "type": "outbound_call",
    "campaign": "Win back",
    "channels": ["phone", "sms"],
    "most": 2,
    "days": 14,
    "journey": 12,
    "name": "Converted customers",
    "block": "Cancel Task: Outbound Call",
    "title": "Create tasks: Voicemail",
}
EXPECTED = {
    Code.NEEDS_TIME: "A Outbound Call needs a time. Enter when it is due.",
    Code.NEEDS_AGENT: (
        "Only an agent can create a Outbound Call, and it is assigned to that agent at once."
    ),
    Code.CAMPAIGN_GONE: "The campaign “Win back” no longer exists.",
    Code.CAMPAIGN_AUTOMATED: (
        "Win back is automated: it sends messages automatically and has no tasks."
    ),
    Code.CAMPAIGN_DRAFT: "Win back is a draft. Make it ready first.",
    Code.CAMPAIGN_UNFIT: "Outbound Call does not fit Win back."
    " Choose a campaign with the channel Phone call / SMS.",
    Code.NO_PHONE: "Has no phone number.",
    Code.NO_EMAIL: "Has no e-mail address.",
    Code.CALL_OPT_OUT: "Has opted out of calls.",
    Code.SMS_OPT_OUT: "Has opted out of SMS.",
    Code.EMAIL_OPT_OUT: "Has opted out of e-mails.",
    Code.ENOUGH_WAITING: "The candidate already has 2 waiting tasks of the type Outbound Call, the"
    " most your workspace allows. Complete or cancel one, or raise the limit in Settings → Tasks.",
    Code.TIMED_OUT: "No agent accepted it for 14 days.",
    Code.CALLBACK_NOT_WANTED: "The candidate no longer wants to be called back.",
    Code.JOURNEY_BLOCK: "Journey 12 “Converted customers”: Cancel Task: Outbound Call.",
    Code.UNDONE: "Undo of “Create tasks: Voicemail”.",
}
DAMAGED: tuple[Any, ...] = (
    None,
    "",
    7,
    1.5,
    True,
    [],
    ["x", None, {}],
    {},
    {"a": 1},
    "%(x)s",
    "{}",
    float("nan"),
)


@pytest.mark.parametrize("code", Code)
def test_each_code_is_worded(code: Code):
    assert code in SENTENCES
    assert code.startswith("task.")
    assert sentence_of(code, FACTS) == EXPECTED[code] == str(Reason(code, FACTS))


@pytest.mark.parametrize("code", Code)
def test_damaged_facts_never_raise(code: Code):
    for damaged in DAMAGED:
        assert sentence_of(code, damaged)
        for name in FACTS:
            assert sentence_of(code, FACTS | {name: damaged}), (name, damaged)
            assert sentence_of(code, {name: damaged})


@pytest.mark.parametrize(
    ("code", "facts", "sentence"),
    [
        (Code.TIMED_OUT, {"days": 1}, "No agent accepted it for 1 day."),
        (Code.TIMED_OUT, {}, "No agent accepted it in time."),
        (
            Code.CAMPAIGN_UNFIT,
            {"type": "reminder", "campaign": "Win back", "channels": []},
            "Reminder does not fit Win back: tasks of this type can’t belong to a campaign.",
        ),
        (Code.CAMPAIGN_GONE, {}, "The campaign “…” no longer exists."),
        (
            Code.NEEDS_TIME,
            {"type": "a_later_type"},
            "A a_later_type needs a time. Enter when it is due.",
        ),
    ],
)
def test_what_is_missing_or_one_is_said_like_that(code: Code, facts: Any, sentence: str):
    assert sentence_of(code, facts) == sentence


@pytest.mark.parametrize("code", ["task.of_a_later_release", "Moved away", ""])
def test_an_unknown_code_stands_for_itself(code: str):
    assert sentence_of(code, {"days": 3}) == code
