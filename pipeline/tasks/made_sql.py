"""What bulk actions made of tasks, found for their statements."""


def made_by(action: str, candidate: str) -> str:
    """The task that the action made for a candidate, with all its columns, to be joined LATERAL."""
    return MADE.format(action=action, candidate=candidate)


# One by one (OFFSET 0): what is guessed of so new an action may be far too little.
MADE = """
(SELECT * FROM tasks_task
 WHERE candidate_id = {candidate} AND created_by_bulk_action_id = {action}
 OFFSET 0)
"""
