from django.apps import AppConfig


class CandidatesConfig(AppConfig):
    name = "pipeline.candidates"
    label = "candidates"

    def ready(self) -> None:
        from .importing import timeline  # noqa: F401  adds its part of what happened
