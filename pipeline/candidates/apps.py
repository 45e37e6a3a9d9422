from django.apps import AppConfig


class CandidatesConfig(AppConfig):
    name = "pipeline.candidates"
    label = "candidates"
