"""Who may do what: one decorator for all views, and one 403 that says who may and whom to ask."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from .lost_rights import STARTERS
from .models import Membership, Role, membership_of
from .requests import MemberRequest

View = Callable[..., HttpResponseBase]
NAMED = 5  # Owners, at most, of whom a refused member reads


class NotAllowed(PermissionDenied):
    """Raised with a sentence on who may do it; `forbidden` answers with it."""


@dataclass(frozen=True)
class MembersWho:
    """A decorator that lets in the members who `may`; the others get 403 with the sentence.

    `finds` fetches what the address names, and raises Http404 where the member may not see it:
    then the answer is 404, whatever the role.
    """

    may: Callable[[Membership], bool]
    sentence: str
    finds: Callable[..., object] | None = None

    def __call__(self, view: View) -> View:
        @wraps(view)
        def guarded(request: MemberRequest, *args: Any, **values: Any) -> HttpResponseBase:
            if not self.may(request.user.membership):
                if self.finds and values:
                    self.finds(request, **values)
                raise NotAllowed(self.sentence)
            return view(request, *args, **values)

        return guarded


def starters(what: str, finds: Callable[..., object] | None = None) -> MembersWho:
    """Those whose role starts things. `what` they may do begins the sentence for the others."""
    return MembersWho(
        lambda member: member.can_start,
        _("%(what)s requires %(starters)s.") % {"what": what, "starters": STARTERS},
        finds,
    )


owners_only = MembersWho(lambda member: member.is_owner, "Changing settings requires an Owner.")
auditors_only = MembersWho(
    lambda member: member.can_audit,
    "Reading the audit requires an Owner, or an Admin who can see all openings.",
)
exporters_only = MembersWho(
    lambda member: member.can_export,
    "You don’t have permission to export, so you can’t download lists or files.",
)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    sentence = str(exception) if isinstance(exception, NotAllowed) else "This is not allowed."
    member = membership_of(request.user)
    if member is None:
        return refusal(request, f"{sentence} Ask an Owner of your workspace if you need it.")
    return refusal(request, f"{sentence} {whom_to_ask(member)}")


def whom_to_ask(member: Membership) -> str:
    """The member's role, and the Owners by name: they may do everything, and give roles."""
    limit = ", limited to some openings" if member.is_limited else ""
    owners = Membership.objects.filter(
        workspace=member.workspace_id, role=Role.OWNER, user__is_active=True
    )
    *others, last = [
        str(owner.user) for owner in owners.select_related("user").order_by("pk")[:NAMED]
    ] or [_("your Belay administrator")]
    names = f"{', '.join(others)} or {last}" if others else last
    return (
        f"Your role is {member.get_role_display()}{limit}. "
        f"Ask {names} to do it for you, or to give you access."
    )


def refusal(request: HttpRequest, why: str, title: str = "Not allowed") -> HttpResponse:
    """403 as a page; for htmx as plain text, which static/js/page.js shows where it was asked."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(why, status=403, content_type="text/plain; charset=utf-8")
    return render(request, "403.html", {"title": title, "why": why}, status=403)
