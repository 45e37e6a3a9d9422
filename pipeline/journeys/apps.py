from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "pipeline.journeys"
    label = "journeys"

    def ready(self) -> None:
        from pipeline.candidates.filters import RELATED_FILTERS
        from pipeline.candidates.timeline import SOURCES
        from pipeline.tasks.signals import event_taken

        from .engine.events import note_event
        from .filters import IN_PROGRESS
        from .pages.timeline import changes

        SOURCES.append(changes)
        RELATED_FILTERS.append(IN_PROGRESS)
        event_taken.connect(note_event)
