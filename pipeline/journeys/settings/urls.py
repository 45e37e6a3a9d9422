from django.urls import path

from . import rules

app_name = "journey_settings"
urlpatterns = [path("journeys/", rules.rules, name="journeys")]
