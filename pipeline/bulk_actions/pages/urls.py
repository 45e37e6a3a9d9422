from django.urls import path

from . import cancel, download, review, share_link, start

app_name = "bulk_actions"
urlpatterns = [
    path("", start.index, name="history"),
    path("new/", start.new, name="new"),
    path("cancel-all/", cancel.cancel_all, name="cancel-all"),
    path("<int:pk>/", review.review, name="review"),
    path("<int:pk>/cancel/", cancel.cancel, name="cancel"),
    path("<int:pk>/file/", download.file, name="file"),
    path("<int:pk>/revoke/", share_link.revoke, name="revoke"),
    path("<int:pk>/outcomes.csv", review.outcomes_csv, name="outcomes"),
]
