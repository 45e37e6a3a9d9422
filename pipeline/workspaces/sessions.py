"""Django's sessions in the database, which begin and end by the database's clock."""

import re
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.functions import Now

from pipeline.foundation import database_clock

# What Django makes. A cookie can bring anything, a NUL character too, which PostgreSQL refuses.
KEY = re.compile(r"[0-9a-z]{32}")


def is_session_key(text: str) -> bool:
    return KEY.fullmatch(text) is not None


class SessionStore(DatabaseSessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and is_session_key(str(key))

    def _get_session_from_db(self) -> Session | None:
        return self._known(self._current().first())

    async def _aget_session_from_db(self) -> Session | None:
        return self._known(await self._current().afirst())

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        return super().get_expiry_date(**{"modification": database_clock.now(), **kwargs})

    async def aget_expiry_date(self, **kwargs: Any) -> datetime:
        now = await sync_to_async(database_clock.now)()
        return await super().aget_expiry_date(**{"modification": now, **kwargs})

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expire_date__lt=Now()).delete()

    @classmethod
    async def aclear_expired(cls) -> None:
        await Session.objects.filter(expire_date__lt=Now()).adelete()

    def _current(self) -> QuerySet[Session]:
        return Session.objects.filter(session_key=self.session_key, expire_date__gt=Now())

    def _known(self, session: Session | None) -> Session | None:
        if session is None:
            self._session_key = None  # whoever sends an unknown key does not get to keep it
        return session
