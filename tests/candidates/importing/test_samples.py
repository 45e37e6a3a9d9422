"""Exports in the layouts of real systems, each with exactly its expected result."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.candidates.importing import columns, reading
from pipeline.candidates.models import Candidate, Opening

from .conftest import DATA, ImportFile

VENDORS = [
    path.name.removesuffix(".expected.json") for path in sorted(DATA.glob("*.expected.json"))
]
Sample = Callable[[str], Path]

pytestmark = pytest.mark.django_db(transaction=True)


def expected_of(vendor: str) -> dict[str, Any]:
    return dict(json.loads((DATA / f"{vendor}.expected.json").read_text()))


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_sample_gives_exactly_what_is_expected(
    vendor: str, sample: Sample, import_file: ImportFile, opening: Opening
) -> None:
    expected = expected_of(vendor)

    imported = import_file(sample(f"{vendor}.csv"), region=expected["default_phone_region"] or "")

    counts = imported.counts
    assert imported.is_done, imported.error
    assert imported.layout["columns"] == expected["columns"]
    assert imported.mapping == expected["column_mapping"]
    assert counts["records"] == expected["data_records"]
    assert counts["blank"] == expected["blank_records"]
    assert counts["valid"] == expected["valid_rows"]
    assert counts["reasons"] == expected["rejected_by_reason"]
    assert counts["repeats"] == expected["duplicates"]["total"]
    assert counts["repeat_email"] == expected["duplicates"]["repeat_email"]
    assert counts["repeat_phone_only"] == expected["duplicates"]["repeat_phone_only"]
    assert counts["formulas"] == expected["measured_in_valid_rows"]["formula_like_cells"]
    assert counts["new"] == expected["distinct_candidates"] == opening.candidates.count()
    assert rejected_numbers(imported.rejected.path) == sorted(
        number for numbers in expected["rejected_record_numbers"].values() for number in numbers
    )
    for probe in expected["probes"]:
        check_probe(opening, probe)


def rejected_numbers(path: str) -> list[int]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return [int(row["Record"]) for row in csv.DictReader(file)]


def check_probe(opening: Opening, probe: dict[str, Any]) -> None:
    if probe["email"]:
        candidate = opening.candidates.get(email=probe["email"])
    else:
        candidate = opening.candidates.get(phone=probe["phone_e164"])
    full_name = probe.get("full_name") or f"{probe['first_name']} {probe['last_name']}"
    assert candidate.full_name.casefold() == full_name.casefold()
    assert candidate.phone == probe["phone_e164"]
    labels = set(candidate.labels.values_list("name", flat=True))
    assert labels >= set(probe.get("tags", []))
    if "available_from" in probe:
        assert candidate.attributes["Available from"] == probe["available_from"]
    if "created_at" in probe:
        moment = datetime.fromisoformat(probe["created_at"].rstrip("Z") + "+00:00")
        assert candidate.created_at <= moment  # a repeat's first application counts


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_row_of_the_probes_reads_exactly(vendor: str, sample: Sample) -> None:
    """Before any merging of repeats."""
    expected = expected_of(vendor)
    probes = {probe["record"]: probe for probe in expected["probes"]}
    path = sample(f"{vendor}.csv")
    reader = reader_of(path, expected["default_phone_region"] or "")

    rows = enumerate(reading.rows_of(path, reading.look_at(path)), 1)
    people = {number: reader.read(row) for number, row in rows if number in probes}

    for number, probe in probes.items():
        person = people[number]
        assert person.email == (probe["email"] or "")
        assert person.phone == probe["phone_e164"]
        assert person.labels == probe.get("tags", person.labels)
        if "full_name" in probe:
            assert person.full_name == probe["full_name"]
        else:
            assert (person.first_name, person.last_name) == (
                probe["first_name"],
                probe["last_name"],
            )
        if "created_at" in probe:
            assert f"{person.created_at:%Y-%m-%dT%H:%M:%S}" == probe["created_at"].rstrip("Z")


def reader_of(path: Path, region: str) -> Any:
    from pipeline.candidates.importing.people import Plan, Reader
    from pipeline.candidates.importing.starting import separator_in

    layout = reading.look_at(path)
    mapping = columns.guess(layout.columns)
    separator = separator_in(layout, mapping, reading.sample_of(path, layout))
    return Reader(Plan(layout.columns, mapping, [], separator, region, UTC, {}, datetime.now(UTC)))


def test_a_second_import_of_the_same_file_brings_nobody_new(
    sample: Sample, import_file: ImportFile, opening: Opening
) -> None:
    path = sample("bullhorn-candidates.csv")
    first = import_file(path)
    before = list(Candidate.objects.order_by("pk").values())

    second = import_file(path)

    assert (second.counts["new"], second.counts["updated"]) == (0, first.counts["new"])
    assert list(Candidate.objects.order_by("pk").values()) == before


def test_legislators_have_phones_or_are_rejected(
    sample: Sample, import_file: ImportFile, opening: Opening
) -> None:
    now = import_file(sample("legislators-current.csv"), region="US")
    then = import_file(sample("legislators-historical.csv"), region="US")

    assert (now.counts["records"], now.counts["rejected"]) == (537, 0) or now.counts["reasons"]
    assert then.counts["records"] == 12230
    assert then.counts["rejected"] == then.counts["reasons"]["no_contact"] > 11_000
