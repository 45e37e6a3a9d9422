from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from pipeline.candidates.sight import sight_of
from pipeline.foundation.paging.newest_first import page_of
from pipeline.workspaces.requests import MemberRequest

from .bell import as_seen
from .live import push_bells
from .models import Notice, NoticeQuerySet

PAGE = 50


@require_GET
@never_cache
def panel(request: MemberRequest) -> HttpResponse:
    """The whole list, and both counts, for a page whose socket is away."""
    return render(request, "notifications/_snapshot.html")


@require_GET
@never_cache
def bell(request: MemberRequest) -> HttpResponse:
    """The count and the latest notices."""
    return render(request, "notifications/_bell.html")


@require_safe
@never_cache
def history(request: MemberRequest) -> HttpResponse:
    """All of them, newest first."""
    page = page_of(Notice.objects.visible_to(request.user), request.GET, PAGE)
    context = {"notices": as_seen(sight_of(request.user), page.rows), **page.links}
    return render(request, "notifications/history.html", context)


@require_GET
@never_cache
def open_notice(request: MemberRequest, pk: int) -> HttpResponse:
    """Mark a notice as read and redirect to what it is about."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    mark_read(request, Notice.objects.filter(pk=notice.pk))
    return HttpResponseRedirect(notice.target)


@require_POST
def read(request: MemberRequest, pk: int) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    mark_read(request, Notice.objects.filter(pk=notice.pk))
    return answer(request)


@require_POST
def read_all(request: MemberRequest) -> HttpResponse:
    mark_read(request, Notice.objects.visible_to(request.user))
    return answer(request)


def mark_read(request: MemberRequest, notices: NoticeQuerySet) -> None:
    """Mark these notices as read, and tell the user's other pages if that changed anything."""
    if notices.mark_read():
        push_bells({request.user.pk})


def answer(request: MemberRequest) -> HttpResponse:
    """The bell as it is now; without htmx, back to the page of the history that it came from."""
    if request.htmx:
        return render(request, "notifications/_bell.html")
    back = request.POST.get("next", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, {request.get_host()})
    return HttpResponseRedirect(back if is_ours else Notice().target, status=303)
