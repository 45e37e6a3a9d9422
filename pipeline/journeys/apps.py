from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "pipeline.journeys"
    label = "journeys"
