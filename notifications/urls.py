from django.urls import path

from . import views

app_name = "notifications"
urlpatterns = [
    path("", views.history, name="history"),
    path("panel/", views.panel, name="panel"),
    path("bell/", views.bell, name="bell"),
    path("read/", views.read_all, name="read-all"),
    path("<int:pk>/", views.open_notice, name="open"),
    path("<int:pk>/read/", views.read, name="read"),
]
