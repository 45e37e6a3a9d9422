"""The table in .github/ASVS.md leaves no requirement out, and what it names is there."""

import re
from collections import Counter

from django.conf import settings

TABLE = (settings.BASE_DIR / ".github" / "ASVS.md").read_text()
# Each section of ASVS 5.0.0 with its requirements of levels 1 and 2.
SECTIONS = """
1.1:1-2 1.2:1-9 1.3:1-11 1.4:1-3 1.5:1-2 2.1:1-3 2.2:1-3 2.3:1-4 2.4:1 3.2:1-2 3.3:1-4 3.4:1-6
3.5:1-5 3.7:1-2 4.1:1-3 4.2:1 4.3:1-2 4.4:1-4 5.1:1 5.2:1-3 5.3:1-2 5.4:1-3 6.1:1-3 6.2:1-12
6.3:1-4 6.4:1-4 6.5:1-5 6.6:1-3 6.8:1-4 7.1:1-3 7.2:1-4 7.3:1-2 7.4:1-5 7.5:1-2 7.6:1-2 8.1:1-2
8.2:1-3 8.3:1 8.4:1 9.1:1-3 9.2:1-4 10.1:1-2 10.2:1-2 10.3:1-4 10.4:1-11 10.5:1-5 10.6:1-2
10.7:1-3 11.1:1-2 11.2:1-3 11.3:1-3 11.4:1-4 11.5:1 11.6:1 12.1:1-3 12.2:1-2 12.3:1-4 13.1:1
13.2:1-5 13.3:1-2 13.4:1-5 14.1:1-2 14.2:1-4 14.3:1-3 15.1:1-3 15.2:1-3 15.3:1-7 16.1:1 16.2:1-5
16.3:1-4 16.4:1-3 16.5:1-3 17.1:1 17.2:1-4 17.3:1-2
"""
STATES = {"met", "in part", "not yet", "operator", "n/a"}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.splitlines()
    if re.match(r"\| \d", line)
]
NAMED = sorted(
    {
        name
        for name in re.findall(r"`([^`\s]+)`", TABLE)
        if "/" in name and re.search(r"\.\w+(::\w+)?$", name) and not name.startswith("/")
    }
)


def numbers(section: str, first: str, last: str) -> list[str]:
    return [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]


def requirements_of(cell: str) -> list[str]:
    """ "1.2.6–1.2.8, 1.3.1" as each of them."""
    found = re.findall(r"(\d+\.\d+)\.(\d+)(?:–\1\.(\d+))?", cell)
    return [number for section, first, last in found for number in numbers(section, first, last)]


def test_each_requirement_of_levels_1_and_2_has_one_row():
    expected = [
        number
        for section, first, last in re.findall(r"(\d+\.\d+):(\d+)(?:-(\d+))?", SECTIONS)
        for number in numbers(section, first, last)
    ]

    assert len(expected) == 70 + 183  # of level 1, and of level 2 besides
    assert Counter(number for row in ROWS for number in requirements_of(row[0])) == Counter(
        expected
    )


def test_each_row_has_a_state_and_what_is_met_says_where():
    assert {row[2] for row in ROWS} == STATES
    assert [row[0] for row in ROWS if len(row) != 4 or (row[2] == "met" and not row[3])] == []


def test_every_file_and_test_that_is_named_exists():
    assert [name for name in NAMED if not exists(name)] == []


def exists(name: str) -> bool:
    path, _, test = name.partition("::")
    file = settings.BASE_DIR / path
    return file.is_file() and (not test or f"def {test}(" in file.read_text())
