from django.urls import include, path

from . import views

app_name = "candidates"
urlpatterns = [
    path("", views.candidate_list, name="list"),
    path("hidden/", views.hidden, name="hidden"),
    path("import/", include("pipeline.candidates.importing.urls")),
    path("<int:pk>/", views.profile, name="profile"),
]
