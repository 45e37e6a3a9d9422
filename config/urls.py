import django_rq.urls
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from pipeline.workspaces.admin_access import superusers_only

QUEUES = list(superusers_only(django_rq.urls.urlpatterns))

handler400 = "config.refusals.bad_request"
handler403 = "pipeline.workspaces.access.forbidden"
handler500 = "config.outages.error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="candidates:list")),
    path("", include("pipeline.workspaces.urls")),
    path("settings/", include("pipeline.workspaces.settings.urls")),
    path("settings/", include("pipeline.candidates.settings.urls")),
    path("candidates/", include("pipeline.candidates.urls")),
    path("", include("pipeline.outreach.urls")),
    path("tasks/past/", include("pipeline.tasks.past.urls")),
    path("tasks/", include("pipeline.tasks.desk.urls")),
    path("campaigns/", include("pipeline.tasks.campaigns.urls")),
    path("settings/", include("pipeline.tasks.settings.urls")),
    path("settings/", include("pipeline.workspaces.webhooks.urls")),
    path("", include("pipeline.tasks.events.urls")),
    path("journeys/", include("pipeline.journeys.pages.urls")),
    path("settings/", include("pipeline.journeys.settings.urls")),
    path("bulk-actions/", include("pipeline.bulk_actions.pages.urls")),
    path("shared/", include("pipeline.candidates.sharing.urls")),
    path("notifications/", include("notifications.urls")),
    path("admin/queues/", include((QUEUES, "django_rq"))),
    path("admin/", admin.site.urls),
]
