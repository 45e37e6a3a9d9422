"""Every reason has a sentence, with its facts and without, and nothing damages a page."""

from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from pipeline.bulk_actions.models import Outcome
from pipeline.bulk_actions.reasons import SENTENCES, Code, as_text, sentence_of

from .followups import hired as hired

pytestmark = pytest.mark.django_db  # whether a day needs its year says the database's clock

FACTS = {
    "text": "The provider said no.",
    "folder": "Hired",
    "opening": "Driver",
    "recruiter": "Ana Ruiz",
    "labels": ["VIP", "Night shift"],
    "most": 100_000,
    "journey": "Welcome",
    "state": "paused",
    "days": 2,
    "why": "Its first block is gone.",
    "by": "Chloe Tan",
    "at": "2026-05-02T23:30:00+00:00",
    "version": 3,
}
DAMAGED: list[Any] = [
    None,
    {},
    [],
    "x",
    7,
    dict.fromkeys(FACTS),
    {name: {"x": 1} for name in FACTS},
    {name: [1] for name in FACTS},
    dict.fromkeys(FACTS, True),
    FACTS | {"at": "yesterday"},
    FACTS | {"at": 5, "days": "many", "state": ["paused"]},
    FACTS | {"at": "9999-12-31T23:59:59+00:00"},
]


def test_every_code_has_its_sentences():
    assert set(SENTENCES) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_with_its_facts_a_reason_is_said_in_full(code: Code):
    said = sentence_of(code, FACTS)
    assert said.endswith((".", "!"))
    assert "%" not in said
    if len(SENTENCES[code]) > 1:
        assert said != str(SENTENCES[code][-1])


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("facts", DAMAGED)
def test_with_damaged_facts_it_is_said_plainly(code: Code, facts: Any):
    said = sentence_of(code, facts)
    assert said.endswith(".")
    assert "%" not in said
    assert "None" not in said


@pytest.mark.parametrize("code", Code)
def test_the_last_sentence_needs_no_fact(code: Code):
    assert "%" not in str(SENTENCES[code][-1])


@pytest.mark.parametrize(
    ("code", "facts", "said"),
    [
        ("", None, ""),
        ("text", {"text": "550 100% full: %(folder)s"}, "550 100% full: %(folder)s"),
        ("No such mailbox.", None, "No such mailbox."),  # as a worker of the release before has it
        ("of_tomorrow", {"folder": "x"}, "of_tomorrow"),
        ("message.opted_out", {"channel": "sms"}, "Has opted out of SMS."),
        ("message.opted_out", None, "Has opted out."),
        ("label_gone", {"labels": ["A", "B"]}, "One of the labels “A”, “B” no longer exists."),
        (
            "not_again_yet",
            {"days": 1},
            "Was in it, and may not come again yet (rule: after 1 day).",
        ),
        (
            "task_accepted",
            {"by": "Chloe Tan", "at": "2026-05-02T23:30:00+00:00"},
            "The task was accepted by Chloe Tan on 3 May 2026, 11:30.",
        ),
    ],
)
def test_sentences(code: str, facts: Any, said: str):
    assert sentence_of(code, facts, ZoneInfo("Pacific/Auckland")) == said


def test_a_sentence_is_made_in_the_readers_language(monkeypatch):
    monkeypatch.setitem(SENTENCES, Code.MOVED_AWAY, (translation.gettext_lazy("Monday"),))
    with translation.override("de"):
        assert sentence_of(Code.MOVED_AWAY) == "Montag"


def test_whose_words_they_are_is_kept_as_text():
    assert as_text("Mailbox full").facts == {"text": "Mailbox full"}
    assert as_text("").code == ""


@pytest.mark.django_db
def test_what_the_release_before_has_stored_is_read_as_before(
    make_candidates, hired, start_move, client_of, recruiter
):
    """Its sentences become the code `text`, its codes stay, and the pages say the same."""
    one, two, three = make_candidates(3)
    action = start_move(hired)
    for candidate, reason in ((one, "The folder Old no longer exists."), (two, "left_out:hired")):
        Outcome.objects.create(action=action, candidate=candidate, result=3, reason=reason)
    Outcome.objects.create(action=action, candidate=three, result=1)
    page = reverse("bulk_actions:review", args=[action.pk]) + "?result=failed"
    before = client_of(recruiter).get(page).content.decode()

    module = import_module("pipeline.bulk_actions.migrations.0007_reasons_are_codes")
    with connection.cursor() as cursor:
        cursor.execute(module.AS_TEXT)

    kept = dict(Outcome.objects.values_list("candidate_id", "facts"))
    assert kept == {
        one.pk: {"text": "The folder Old no longer exists."},
        two.pk: None,
        three.pk: None,
    }
    for text in (before, client_of(recruiter).get(page).content.decode()):
        assert "The folder Old no longer exists." in text
        assert "Left out: is Hired." in text


@pytest.mark.django_db
def test_facts_that_make_no_sense_cost_no_page(
    make_candidates, hired, start_move, client_of, recruiter
):
    (one,) = make_candidates(1)
    action = start_move(hired)
    Outcome.objects.create(
        action=action, candidate=one, result=3, reason="folder_gone", facts=["x"]
    )
    browser = client_of(recruiter)
    review = browser.get(reverse("bulk_actions:review", args=[action.pk]) + "?result=failed")
    assert "The folder no longer exists." in review.content.decode()
    assert browser.get(one.get_absolute_url()).status_code == 200
