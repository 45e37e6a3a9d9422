from datetime import datetime, timedelta

from django.utils import timezone


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)
