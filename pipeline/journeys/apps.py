from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "pipeline.journeys"
    label = "journeys"

    def ready(self) -> None:
        from pipeline.candidates.filters import THROUGH
        from pipeline.candidates.timeline import SOURCES

        from .filters import IN_PROGRESS
        from .timeline import changes

        SOURCES.append(changes)
        THROUGH.append(IN_PROGRESS)
