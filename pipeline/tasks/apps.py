from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "pipeline.tasks"
    label = "tasks"
