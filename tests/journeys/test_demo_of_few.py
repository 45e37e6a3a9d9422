"""A demo of few candidates has journeys too."""

import pytest

from pipeline.journeys.demo.load import add_journeys
from pipeline.journeys.models import Journey, Run

from .test_demo import load_all_but_journeys


@pytest.mark.parametrize("candidates", [0, 1, 30])
def test_few_candidates_have_few_runs_and_none_has_none(candidates: int, db: None):
    add_journeys(load_all_but_journeys(candidates))

    assert Journey.objects.count() == 7
    assert Run.objects.count() <= candidates
