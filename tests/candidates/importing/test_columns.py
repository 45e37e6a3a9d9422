"""Headings as people write them, and what their columns become."""

from datetime import UTC, datetime

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from pipeline.candidates.addresses import normal_email
from pipeline.candidates.importing.columns import guess, guess_opt_outs
from pipeline.candidates.importing.opt_outs import says_yes
from pipeline.candidates.importing.people import Person, Plan, Reader, attribute_names


def reader_of(*columns: str, kept: list[str] | None = None) -> Reader:
    plan = Plan(
        columns=columns,
        mapping=guess(columns),
        kept=kept or [],
        separator=";",
        region="GB",
        zone=UTC,
        day_first={},
        now=datetime.now(UTC),
        opt_outs=guess_opt_outs(columns),
        header_width=len(columns),
    )
    return Reader(plan)


def read(columns: list[str], row: list[str], **more: list[str]) -> Person:
    person = reader_of(*columns, **more).read(row)
    assert isinstance(person, Person), person
    return person


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Candidate's full name *", "full_name"),
        ("Candidate’s Full Name (required)", "full_name"),
        ("What is your e-mail address?", "email"),
        ("Please enter your phone number (with country code)", "phone"),
        ("E-mail 1 - Value", "email"),
        ("Phone 1 - Value", "phone"),
        ("Your first name", "first_name"),
    ],
)
def test_wordy_headings_are_understood(heading: str, field: str) -> None:
    assert guess([heading, "Team"]) == {field: heading}


@pytest.mark.parametrize(
    "heading",
    [
        "E-mail 1 - Label",
        "Phone (emergency contact)",
        "Name of school",
        "Reference's e-mail",
        "Fax",
    ],
)
def test_headings_of_something_else_are_left_alone(heading: str) -> None:
    assert guess([heading]) == {}


def test_an_exact_heading_goes_before_a_wordy_one() -> None:
    assert guess(["Your e-mail", "Email"])["email"] == "Email"


@pytest.mark.parametrize(
    ("heading", "opt_out"),
    [
        ("Email Opt Out", "no_email"),  # Zoho
        ("Unsubscribed from all email", "no_email"),  # HubSpot
        ("HasOptedOutOfEmail", "no_email"),  # Salesforce
        ("UNSUB_TIME", "no_email"),  # Mailchimp
        ("Do Not Call", "no_calls"),
        ("Opted out of SMS", "no_sms"),
        ("Do not contact", "no_contact"),
    ],
)
def test_opt_out_columns_are_found(heading: str, opt_out: str) -> None:
    assert guess_opt_outs(["Name", heading]) == {heading: opt_out}


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        *((cell, True) for cell in ("true", "1", "YES", "x", "Unsubscribed", "2024-05-01 10:00")),
        *((cell, False) for cell in ("", "0", "No", "FALSE", "-", "n/a", "Subscribed", "Opted In")),
        ("perhaps", None),
    ],
)
def test_what_an_opt_out_cell_says(cell: str, answer: bool | None) -> None:
    assert says_yes(cell) is answer


def test_an_unclear_opt_out_counts_as_one_and_is_told() -> None:
    person = read(["Name", "Email", "Email opt-out"], ["Ana", "a@x.org", "ask first"])

    assert person.opt_outs == ["email"]
    assert person.noticed == ["opt_out_unclear"]


def test_whoever_must_not_be_called_gets_no_sms_unless_the_file_tells_of_these() -> None:
    columns = ["Name", "Phone", "Do not call", "SMS opt-out"]

    assert read(columns[:3], ["Ana", "07700900001", "1"]).opt_outs == ["sms", "call"]
    assert read(columns, ["Ana", "07700900001", "1", "no"]).opt_outs == ["call"]


def test_a_long_name_is_cut_and_told() -> None:
    person = read(["First name", "Last name", "Email"], ["A" * 200, "Ruiz", "a@x.org"])

    assert person.first_name == "A" * 150
    assert person.noticed == ["name_cut"]


def test_a_full_name_serves_where_first_and_last_are_empty() -> None:
    columns = ["First name", "Last name", "Full name", "E-mail"]

    assert read(columns, ["", "", "Ana Ruiz", "a@x.org"]).full_name == "Ana Ruiz"


def test_kept_columns_whose_headings_begin_alike_stay_apart() -> None:
    first, second = f"{'Question ' * 8}one", f"{'Question ' * 8}two"

    assert len(set(attribute_names([first, second]))) == 2
    person = read(["Name", "Email", first, second], ["Ana", "a@x.org", "yes", "no"],
                  kept=[first, second])  # fmt: skip
    assert sorted(person.attributes.values()) == ["no", "yes"]


def test_what_can_not_be_read_is_kept_as_written() -> None:
    columns = ["Name", "Email", "Phone", "Applied on"]

    person = read(columns, ["Ana", "a@x.org", "ask her", "some day"])

    assert person.attributes == {
        "Phone as written": "ask her",
        "Applied on as written": "some day",
    }
    assert person.noticed == ["phone_unreadable", "date_unreadable"]


PIECE = st.text("abz09.-_+'@xn", max_size=12)


@given(PIECE, PIECE, st.sampled_from(["com", "co.uk", "local", "c", "x--y.org", "1"]))
def test_the_short_way_agrees_with_the_library(local: str, domain: str, end: str) -> None:
    written = f"{local}@{domain}.{end}"
    try:
        validate_email(written, check_deliverability=False, test_environment=True)
        is_valid = True
    except EmailNotValidError:
        is_valid = False

    assert bool(normal_email(written)) == is_valid
