from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "pipeline.tasks"
    label = "tasks"

    def ready(self) -> None:
        from pipeline.candidates.timeline import SOURCES

        from .events import admin  # noqa: F401  Django looks for admin.py only beside this file
        from .timeline import tasks, untasked

        SOURCES.extend([tasks, untasked])
