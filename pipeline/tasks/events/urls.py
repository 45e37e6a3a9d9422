from django.urls import path

from . import endpoint, tokens

app_name = "events"
urlpatterns = [
    path("api/events/", endpoint.events, name="receive"),
    # Django would send a POST without the last slash on, and lose what was posted.
    path("api/events", endpoint.events),
    path("settings/events/", tokens.tokens, name="tokens"),
    path("settings/events/<int:pk>/revoke/", tokens.revoke, name="revoke"),
]
