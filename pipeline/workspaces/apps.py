from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "pipeline.workspaces"
    label = "workspaces"
