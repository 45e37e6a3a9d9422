from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "pipeline.journeys"
    label = "journeys"

    def ready(self) -> None:
        from pipeline.candidates.timeline import SOURCES

        from .timeline import changes

        SOURCES.append(changes)
