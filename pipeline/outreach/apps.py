from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "pipeline.outreach"
    label = "outreach"
