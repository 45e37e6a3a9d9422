"""Who watches: one question to the database for all logins of a process."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils.crypto import constant_time_compare

from notifications.bell import BellNumbers
from pipeline.workspaces.models import User, Workspace


@dataclass(frozen=True)
class Login:
    """A session of a user, with the mark by which it ends: the user's password changed, or the user
    was deactivated."""

    session_key: str
    user: int
    password_mark: str


@dataclass(frozen=True)
class Viewer:
    """What decides what a page may hear: when it differs, the page has to connect anew."""

    user: int
    workspace: int
    role: str
    openings: frozenset[int] | None  # None: all of the workspace
    time_zone: str


Watching = dict[Login, tuple[Viewer, BellNumbers]]


def logins_of(session_keys: Iterable[str]) -> dict[str, Login]:
    """Whose those sessions are, as they say themselves: `watching` decides whether it is so."""
    logins = {}
    for session in Session.objects.filter(session_key__in=list(session_keys)):
        data = session.get_decoded()
        user, mark = str(data.get(SESSION_KEY, "")), data.get(HASH_SESSION_KEY)
        if user.isdecimal() and mark:
            logins[session.session_key] = Login(session.session_key, int(user), mark)
    return logins


def watching(logins: Iterable[Login]) -> Watching:
    """Of those logins the ones that hold at this moment, and what each has in its bell."""
    by_key = {login.session_key: login for login in logins}
    with connection.cursor() as cursor:
        users = [login.user for login in by_key.values()]
        cursor.execute(WATCHING, [list(by_key), users, users])
        rows = cursor.fetchall()
    found: Watching = {}
    for key, user, password, ended, workspace, role, time_zone, openings, *bell in rows:
        login = by_key[key]
        if is_login_of(login, User(pk=user, password=password, sessions_ended=ended)):
            seen = None if openings is None else frozenset(openings)
            zone = Workspace(time_zone=time_zone).tz.key
            found[login] = Viewer(user, workspace, role, seen, zone), BellNumbers(*bell)
    return found


def is_login_of(login: Login, user: User) -> bool:
    """As django.contrib.auth.get_user has it, also while SECRET_KEY is being replaced."""
    marks = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(login.password_mark, mark) for mark in marks)


# Sessions, members, their openings and their bells in one statement, as it runs every few seconds
# for everybody who has a page open.
WATCHING = """
SELECT l.key, u.id, u.password, u.sessions_ended, m.workspace_id, m.role, w.time_zone,
    CASE WHEN m.is_limited THEN ARRAY(
        SELECT opening_id FROM candidates_opening_members WHERE membership_id = m.id
    ) END,
    bell.total, bell.unread, bell.newest, bell.newest_unread
FROM unnest(%s::text[], %s::bigint[]) AS l (key, user_id)
JOIN django_session s ON s.session_key = l.key AND s.expire_date > now()
JOIN workspaces_user u ON u.id = l.user_id AND u.is_active
JOIN workspaces_membership m ON m.user_id = u.id
JOIN workspaces_workspace w ON w.id = m.workspace_id
JOIN (
    SELECT asked.id AS user_id, count(n.id) AS total,
        count(n.id) FILTER (WHERE n.read_at IS NULL) AS unread,
        coalesce(max(n.id), 0) AS newest,
        coalesce(max(n.id) FILTER (WHERE n.read_at IS NULL), 0) AS newest_unread
    FROM (SELECT DISTINCT unnest(%s::bigint[])) AS asked (id)
    LEFT JOIN notifications_notice n ON n.user_id = asked.id
    GROUP BY asked.id
) bell ON bell.user_id = u.id
"""
