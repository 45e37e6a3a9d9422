"""`{{ sentence|seen_by:user }}`: without names of openings that the user does not see."""

from django import template
from django.contrib.auth.models import AnonymousUser

from pipeline.candidates.sight import sight_of
from pipeline.workspaces.models import User

register = template.Library()


@register.filter
def seen_by(text: object, user: User | AnonymousUser) -> str:
    return sight_of(user).clean("" if text is None else str(text))
