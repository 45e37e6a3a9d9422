from django.urls import path

from . import canceling, downloading, review, sharing, views

app_name = "bulk_actions"
urlpatterns = [
    path("", views.index, name="history"),
    path("new/", views.new, name="new"),
    path("cancel-all/", canceling.cancel_all, name="cancel-all"),
    path("<int:pk>/", review.review, name="review"),
    path("<int:pk>/cancel/", canceling.cancel, name="cancel"),
    path("<int:pk>/file/", downloading.file, name="file"),
    path("<int:pk>/revoke/", sharing.revoke, name="revoke"),
    path("<int:pk>/outcomes.csv", review.outcomes_csv, name="outcomes"),
]
