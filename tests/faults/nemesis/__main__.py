"""`python -m tests.faults.nemesis --seed 7 --rounds 200`: those rounds, with what they find."""

import sys

import pytest

raise SystemExit(
    pytest.main(["-p", "tests.servers", "-q", "-rN", "tests/faults/nemesis", *sys.argv[1:]])
)
