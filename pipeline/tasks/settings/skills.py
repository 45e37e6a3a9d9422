"""The pages on which an owner says what each agent is handed."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from pipeline.candidates.models import Opening
from pipeline.foundation.counts import Number
from pipeline.tasks.models.rules import AgentSkills
from pipeline.workspaces.access import owners_only
from pipeline.workspaces.models import Membership
from pipeline.workspaces.requests import MemberRequest

from .coverage import handed_to, openings_in_words, types_in_words, uncovered
from .forms import SkillsForm

NAMED = 5  # kinds of tasks that fit nobody; the rest are in the sum


def workers(request: MemberRequest) -> QuerySet[Membership]:
    """The members who can be handed tasks."""
    members = Membership.objects.filter(workspace=request.user.membership.workspace_id)
    able = members.filter(role__in=Membership.WORKERS, user__is_active=True)
    return able.select_related("user", "workspace", "skills")


@require_safe
@owners_only
def index(request: MemberRequest) -> HttpResponse:
    by_name = workers(request).order_by("user__first_name", "user__last_name", "pk")
    found = by_name.prefetch_related("skills__openings", "openings")
    handed = {member: handed_to(member) for member in found}
    openings = {opening.pk: opening for opening in Opening.objects.visible_to(request.user)}
    left = uncovered(openings, list(handed.values()))
    context = {
        "rows": [
            (member, types_in_words(skills), openings_in_words(skills, openings))
            for member, skills in handed.items()
        ],
        "uncovered": left[:NAMED],
        "number": Number(sum(kind.count for kind in left)),
    }
    return render(request, "tasks/settings/skills.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def skill(request: MemberRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(workers(request), pk=pk)
    saved = AgentSkills.objects.filter(membership=member).first()
    form = SkillsForm(
        request.POST if request.method == "POST" else None,
        instance=saved or AgentSkills(membership=member),
    )
    if request.method == "POST" and form.is_valid():
        form.keep(by=request.user)
        messages.success(request, _("Saved %(user)s’s skills.") % {"user": member.user})
        return redirect("task_settings:skills")
    context: dict[str, Any] = {"form": form, "member": member}
    status = 422 if form.errors else 200
    return render(request, "tasks/settings/skill.html", context, status=status)
