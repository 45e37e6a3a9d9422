from django.urls import path

from . import views

app_name = "notifications"
urlpatterns = [
    path("panel/", views.panel, name="panel"),
    path("bell/", views.bell, name="bell"),
]
