"""Placeholders: checked when a template is saved, filled in as text and nothing else."""

import pytest

from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Channel
from pipeline.outreach.placeholders import BadTemplate, MissingValue, check, render


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Dear {first_name} {last_name},", "Dear Maria Santos,"),
        ("{full_name} <{email}>", "Maria Santos <Maria.Santos@example.org>"),
        ("{phone}", "+63 917 123 4567"),
        ("{opening}: {folder}", "Customer Support, Manila: Inbox"),
        ("{workspace}", "Acme"),
        ("{attribute:City} {attribute: city }", "Manila Manila"),
        ("{attribute:Years of experience}", "0"),
        ("{ first_name }", "Maria"),
        ("{{first_name}} {{", "{first_name} {"),
        ("{{{first_name}}}", "{Maria}"),
        ("no placeholder", "no placeholder"),
    ],
)
def test_each_is_filled_in(make_template, candidate, text, filled):
    assert render(make_template(text), candidate).body == filled


def test_the_recruiter(make_template, candidate, recruiter):
    candidate.recruiter = recruiter.membership

    rendered = render(make_template("{recruiter_first_name}: {recruiter}"), candidate)

    assert rendered.body == "Ana: Ana Ruiz"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "Hi {frist_name}",
            ("placeholder {frist_name} does not exist. Use one of {first_name}, {last_name}"),
        ),
        ("Hi {}", "placeholder {} does not exist. Use one of {first_name}"),
        ("{first_name.__class__}", "placeholder {first_name.__class__} does not exist."),
        ("{first_name!r}", "placeholder {first_name!r} does not exist."),
        ("{attribute:}", "placeholder {attribute:} does not exist."),
        ("{attribute}", "{attribute:City}"),
        ("Hi {first_name", "“Hi {first_name” has a { without its partner"),
        ("Hi first_name}", "has a } without its partner"),
        ("{a{first_name}", "has a { without its partner"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(text, named):
    with pytest.raises(BadTemplate) as error:
        check(text)

    assert named in str(error.value)


def test_all_that_is_missing_is_named(make_template, candidate):
    candidate.first_name, candidate.phone = " ", ""
    text = "{first_name} {phone} {first_name} {recruiter} {attribute:Note} {attribute:Shoe}"

    with pytest.raises(MissingValue) as missing:
        render(make_template(text), candidate)

    expected = (
        "The template needs a value that the candidate does not have: first name, phone number,"
        " recruiter, Note, Shoe."
    )
    assert str(missing.value) == expected


def test_what_a_value_says_is_text(make_template, candidate):
    candidate.first_name = "{email} {{ {0.__class__} %s"

    assert render(make_template("Hi {first_name}"), candidate).body == f"Hi {candidate.first_name}"


def test_a_subject_is_one_line(make_template, candidate):
    candidate.first_name = "Maria\r\nBcc: everybody@example.org"

    rendered = render(make_template("x", subject="Hi\n{first_name}"), candidate)

    assert rendered.subject == "Hi Maria Bcc: everybody@example.org"


def test_a_long_subject_is_cut_to_what_is_kept(make_template, candidate):
    candidate.last_name = "y" * 150

    rendered = render(make_template("x", subject="{last_name} " * 10), candidate)

    assert len(rendered.subject) == 400


def test_an_sms_has_no_subject_and_needs_nothing_for_it(make_template, candidate):
    template = make_template("x", subject="{attribute:Shoe}", channel=Channel.SMS)

    assert render(template, candidate).subject == ""


def test_it_asks_for_no_row(make_template, candidate, django_assert_num_queries):
    template = make_template("{opening} {folder} {workspace}", subject="{first_name}")

    with django_assert_num_queries(0):
        render(template, candidate)


def test_values_that_are_no_text(make_template):
    candidate = Candidate(attributes={"Languages": ["de", "fr"], "Remote": True})

    rendered = render(make_template("{attribute:Languages} {attribute:Remote}"), candidate)

    assert rendered.body == "de, fr yes"
