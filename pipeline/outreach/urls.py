from django.urls import path

from . import views
from .settings import limits, templates

app_name = "outreach"
urlpatterns = [
    path("settings/messages/", limits.limits, name="limits"),
    path("settings/templates/", templates.templates, name="templates"),
    path("settings/templates/new/<str:channel>/", templates.new, name="template_new"),
    path("settings/templates/preview/<str:channel>/", templates.preview, name="template_preview"),
    path("settings/templates/<int:pk>/", templates.template, name="template"),
    path("settings/templates/<int:pk>/delete/", templates.delete, name="template_delete"),
    path("candidates/<int:pk>/opt-outs/<str:channel>/", views.opt_outs, name="opt_outs"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
