from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        # Connects the receivers: what changed is shown before the bell tells of it.
        from . import (
            live,  # noqa: F401
            notices,  # noqa: F401
            page_live,  # noqa: F401
            task_live,  # noqa: F401
            task_notices,  # noqa: F401
        )
