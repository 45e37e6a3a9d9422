"""Who may change campaigns. The others read whom to ask."""

from pipeline.workspaces.settings.access import View, only_for


def changers_only(view: View) -> View:
    """403 for members whose role starts nothing."""
    return only_for(
        lambda member: member.can_start,
        "Changing a campaign takes an Owner, Admin or Recruiter",
        view,
    )
