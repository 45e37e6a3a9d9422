from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "pipeline.outreach"
    label = "outreach"

    def ready(self) -> None:
        from pipeline.candidates.signals import people_merged
        from pipeline.candidates.timeline import SOURCES

        from . import optouts
        from .timeline import messages

        SOURCES.append(messages)
        people_merged.connect(optouts.write_imported)
