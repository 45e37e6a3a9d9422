from django.urls import include, path

from . import views

app_name = "candidates"
urlpatterns = [
    path("", views.candidate_list, name="list"),
    path("import/", include("pipeline.candidates.importing.urls")),
    path("<int:pk>/", views.profile, name="profile"),
]
