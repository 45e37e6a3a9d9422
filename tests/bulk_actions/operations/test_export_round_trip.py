"""What an export wrote, the import reads as the same values."""

import json
from pathlib import Path

import pytest

from pipeline.candidates.importing import jobs
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Candidate

from .exports import FORMATS, run
from .exports import start as start
from .exports import storage as storage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("storage")]

ATTRIBUTES = {
    "-1+1": "x;=cmd|' /C calc'!A0",
    "Notes": "Asks for:\n- nights\n- a desk; -5% is fine",
    "Handle": "@ana, +1 more",
    "Plain": "rock 'n' roll",
}


@pytest.mark.parametrize("file_format", FORMATS)
def test_values_that_look_like_formulas_come_back_as_they_were(
    start, make_candidates, other_opening, file_format
):
    original = make_candidates(
        1, full_name="=Ana Ruiz", source="@fair; =Leeds", attributes=json.dumps(ATTRIBUTES)
    ).get()
    exported = run(start(file_format, ["name", "email", "phone", "source", "attributes"]))

    imported = from_file(Path(exported.file.path), other_opening)
    assert imported.order()
    jobs.run_import(imported.pk)

    copy = Candidate.objects.get(opening=other_opening)
    assert copy.attributes == ATTRIBUTES
    for name in ("full_name", "source", "email", "phone"):
        assert getattr(copy, name) == getattr(original, name)
