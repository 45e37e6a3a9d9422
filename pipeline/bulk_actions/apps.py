from django.apps import AppConfig


class BulkActionsConfig(AppConfig):
    name = "pipeline.bulk_actions"
    label = "bulk_actions"

    def ready(self) -> None:
        from pipeline.candidates.timeline import SOURCES

        from .engine.export_cleanup import clear_when_ended
        from .pages.timeline import outcomes
        from .signals import bulk_action_changed

        SOURCES.append(outcomes)
        bulk_action_changed.connect(clear_when_ended)
