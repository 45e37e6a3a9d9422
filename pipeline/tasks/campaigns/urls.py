from django.urls import path

from . import views

app_name = "campaigns"
urlpatterns = [
    path("", views.index, name="list"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.campaign, name="campaign"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/make-ready/", views.move, {"verb": "make_ready"}, name="make_ready"),
    path("<int:pk>/pause/", views.pause, name="pause"),
    path("<int:pk>/resume/", views.move, {"verb": "resume"}, name="resume"),
    path("<int:pk>/delete/", views.delete, name="delete"),
]
