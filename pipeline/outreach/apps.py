from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "pipeline.outreach"
    label = "outreach"

    def ready(self) -> None:
        from pipeline.candidates.timeline import SOURCES

        from .timeline import messages

        SOURCES.append(messages)
