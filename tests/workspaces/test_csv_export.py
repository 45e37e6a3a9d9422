"""A spreadsheet program finds no formula in a CSV of ours, whichever sign it splits at."""

import csv
from io import StringIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.foundation.exports.csv_export import csv_lines
from pipeline.foundation.exports.formulas import formula_safe, without_guards

SIGNS = "=+-@＝＋－＠"
DANGEROUS = [
    "=1+1",
    "@SUM(A1)",
    "＝1+1",
    " =1+1",
    "\t=1+1",
    "\r=1+1",
    "x;=1+1;y",
    "x; =1+1",
    "x,=1+1",
    "x\t+1",
    "x|-1",
    "x\n=1+1",
    'x;"=1+1"',
    "x;'\"=1+1",
    "x;＋1",
    "x;=cmd|' /C calc'!A0",
    '";=1+1;"',
]
TEXTS = st.text(alphabet=f"{SIGNS}'\",;|\t\r\n ab1", max_size=12)


def formulas_in(file: str, separator: str) -> list[str]:
    """The cells that a lenient program would evaluate: to it, what stands behind a closed quote
    still belongs to the cell, and a quote within an unquoted cell is a letter."""
    lines = StringIO(file.replace("\r", "\n"))
    cells = [cell for row in csv.reader(lines, delimiter=separator) for cell in row]
    return [cell for cell in cells if cell.strip(' \t\r\n"').startswith(tuple(SIGNS))]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_is_a_formula_whichever_sign_a_program_splits_at(text: str, separator: str):
    file = "".join(csv_lines(["Name", "Notes"], [[text, text], ["a", text]])).lstrip("\ufeff")

    assert formulas_in(file, separator) == []


def test_every_cell_is_quoted():
    file = "".join(csv_lines(["Name", "Age"], [['Ana "A" Ruiz', None], [5, -2.5]]))

    assert file == '\ufeff"Name","Age"\r\n"Ana ""A"" Ruiz",""\r\n"5","-2.5"\r\n'


@pytest.mark.parametrize("number", ["+447700900012", "+44 7700 900012", "-12.5"])
def test_a_sign_and_digits_are_a_number_and_stay_as_they_are(number: str):
    assert formula_safe(number) == number
    assert without_guards(f"'{number}") == number  # as releases before this one wrote it


@settings(max_examples=500, deadline=None)
@given(TEXTS)
@example("'=1")
@example("-a\n- b\n- c")
@example("\t=x")
@example("it's; '-5'")
def test_the_importer_gets_back_what_was_exported(text: str):
    assert without_guards(formula_safe(text)) == text


@pytest.mark.parametrize(
    ("theirs", "read"),
    [
        ("'=1+1", "=1+1"),  # a guard as OWASP advises it
        ("'-5; -6", "-5; -6"),  # of which others write only the first
        ("rock 'n' roll; it's -5", "rock 'n' roll; it's -5"),
        ("'quoted'", "'quoted'"),
        ("a, '-5', =6", "a, '-5', =6"),
    ],
)
def test_a_text_of_others_keeps_its_apostrophes(theirs: str, read: str):
    assert without_guards(theirs) == read
