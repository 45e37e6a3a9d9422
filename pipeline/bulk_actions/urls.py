from django.urls import path

from . import views

app_name = "bulk_actions"
urlpatterns = [
    path("", views.history, name="history"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.review, name="review"),
    path("<int:pk>/cancel/", views.cancel, name="cancel"),
    path("<int:pk>/outcomes.csv", views.outcomes_csv, name="outcomes"),
]
