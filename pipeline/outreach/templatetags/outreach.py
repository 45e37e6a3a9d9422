from typing import Any

from django import template

from pipeline.candidates.models import Candidate
from pipeline.outreach import optouts

register = template.Library()


@register.inclusion_tag("outreach/_opt_outs.html", takes_context=True)
def opt_outs(context: template.Context, candidate: Candidate) -> dict[str, Any]:
    """Which messages the candidate gets, with the buttons to change it, on the profile."""
    shown = optouts.fragment(candidate, context["user"])
    return shown | {"csrf_token": context.get("csrf_token")}
