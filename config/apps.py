from django.apps import AppConfig


class BelayConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from . import checks  # noqa: F401  # registers them
