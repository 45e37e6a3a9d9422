from typing import Any

from django import template

from pipeline.candidates.models import Opening
from pipeline.tasks.next_task import Skills
from pipeline.tasks.settings.coverage import openings_in_words, types_in_words
from pipeline.workspaces.models import User

register = template.Library()


@register.inclusion_tag("tasks/_my_skills.html")
def my_skills(user: User) -> dict[str, Any]:
    """What *Next task* hands to the user; nothing for those who can't be handed any."""
    if not user.membership.can_work:
        return {}
    skills = Skills.of(user)
    openings = {opening.pk: opening for opening in Opening.objects.visible_to(user)}
    return {
        "types": types_in_words(skills),
        "openings": openings_in_words(skills, openings),
        "user": user,
    }
