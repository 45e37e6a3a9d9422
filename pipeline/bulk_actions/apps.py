from django.apps import AppConfig


class BulkActionsConfig(AppConfig):
    name = "pipeline.bulk_actions"
    label = "bulk_actions"
