"""Runs, found for the statements of the rooms above."""


def runs_of(candidate: str) -> str:
    """The runs of a candidate, with all their columns, to be joined LATERAL.

    By the candidate alone: of a journey that many have just entered, statistics know nothing, and
    the whole journey would be read for each.
    """
    return f"(SELECT * FROM journeys_run WHERE candidate_id = {candidate} OFFSET 0)"  # noqa: S608


def run_with_id(pk: str) -> str:
    """One run with all its columns, to be joined LATERAL: looked up one by one."""
    return f"(SELECT * FROM journeys_run WHERE id = {pk} OFFSET 0)"  # noqa: S608
