from django.apps import AppConfig


class BulkActionsConfig(AppConfig):
    name = "pipeline.bulk_actions"
    label = "bulk_actions"

    def ready(self) -> None:
        from pipeline.candidates.timeline import SOURCES

        from .timeline import outcomes

        SOURCES.append(outcomes)
