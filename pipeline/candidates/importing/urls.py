from django.urls import path

from . import views

urlpatterns = [
    path("", views.upload, name="import"),
    path("<int:pk>/", views.status, name="import-status"),
    path("<int:pk>/columns/", views.columns, name="import-columns"),
    path("<int:pk>/again/", views.again, name="import-again"),
    path("<int:pk>/retry/", views.retry, name="import-retry"),
    path("<int:pk>/rejected.csv", views.rejected, name="import-rejected"),
]
