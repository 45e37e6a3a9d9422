"""Who may open which address. One line for each URL; a URL without a line fails test_urls.py.

The objects in the addresses belong to Acme and to its opening in Manila. `elsewhere` is Acme's,
but sees only the opening in Leeds; `stranger` owns another workspace; `nobody` is not logged in.
"""

from dataclasses import dataclass, field
from typing import Any

WHO = ("owner", "admin", "recruiter", "agent", "support", "elsewhere", "stranger", "nobody")

# One word for each of WHO: ok (the status that the line says), a status, or `login` (sent there).
PUBLIC = "ok ok ok ok ok ok ok ok"
MEMBERS = "ok ok ok ok ok ok ok login"
# By the right to export, which agents and support have where an Owner gave it.
EXPORTERS = "ok ok ok 403 403 ok ok login"
EXPORTERS_WHO_SEE = "ok ok ok 403 403 404 404 login"
SEERS = "ok ok ok ok ok 404 404 login"
STARTERS = "ok ok ok 403 403 ok ok login"
STARTERS_WHO_SEE = "ok ok ok 403 403 404 404 login"
STARTERS_ANYWHERE = "ok ok ok 403 403 ok 404 login"  # of the workspace, whatever opening they see
OWNERS = "ok 403 403 403 403 403 ok login"
OWNER_OF_IT = "ok 403 403 403 403 403 404 login"
WORKERS = "ok ok ok ok 403 ok ok login"
WORKERS_WHO_SEE = "ok ok ok ok 403 404 404 login"
# A journey acts on all openings: who is limited to some looks on.
JOURNEY_EDITORS = "ok ok ok 403 403 403 404 login"
JOURNEY_WATCHERS = "ok ok ok ok ok ok 404 login"
AUDITORS = "ok ok 403 403 403 403 ok login"
ONLY_RECRUITER = "404 404 ok 404 404 404 404 login"  # whose the thing is
MADE_UP = "404 404 404 404 404 404 404 404"
NO_SUCH_METHOD = "405 405 405 405 405 405 405 login"
POST_ONLY = "405 405 405 405 405 405 405 405"
NO_TOKEN = "401 401 401 401 401 401 401 401"


@dataclass(frozen=True)
class Page:
    """`get` and `post` say who gets `ok`, which is `get_ok` and `post_ok`.

    `of` names the object in the address (see conftest.py's World), `data` what is posted: where a
    value is a name of World, its id is. A page that `writes` may change rows when it is got.
    """

    get: str = NO_SUCH_METHOD
    post: str = NO_SUCH_METHOD
    of: str = ""
    query: str = ""
    get_ok: int = 200
    post_ok: int = 302
    data: dict[str, Any] = field(default_factory=dict)
    writes: bool = False


NAME = {"name": "Taken over"}
LIMITS = {
    f"{channel}-{field}": value
    for channel in ("email", "sms")
    for field, value in {"number": 1, "period": "day", "per_second": 1}.items()
}
MEMBER = {"role": "recruiter"}

TABLE = {
    "/": Page(get=MEMBERS, post=MEMBERS, get_ok=302),
    # Whoever is logged in is sent on.
    "login": Page(
        get="302 302 302 302 302 302 302 ok", post="302 302 302 302 302 302 302 ok", post_ok=200
    ),
    "logout": Page(post=MEMBERS),
    "password": Page(get=PUBLIC, post=PUBLIC, post_ok=200, of="no_link"),
    # For whoever has a link, without a login; there is none in this world.
    "shared": Page(
        get="404 404 404 404 404 404 404 404",
        post="405 405 405 405 405 405 405 405",
        of="no_share",
    ),
    # --- candidates ---
    "candidates:list": Page(get=MEMBERS),
    "candidates:profile": Page(get=SEERS, of="candidate"),
    "candidates:hidden": Page(post=MEMBERS, post_ok=200),
    "candidates:import": Page(get=STARTERS, post=STARTERS, post_ok=422, data={"opening": "x"}),
    "candidates:import-status": Page(get=STARTERS_WHO_SEE, of="imported"),
    "candidates:import-columns": Page(
        get=STARTERS_WHO_SEE, post=STARTERS_WHO_SEE, post_ok=422, of="uploaded", data={"x": "y"}
    ),
    "candidates:import-again": Page(post=STARTERS_WHO_SEE, of="uploaded"),
    "candidates:import-retry": Page(post=STARTERS_WHO_SEE, of="uploaded"),
    "candidates:import-rejected": Page(get=STARTERS_WHO_SEE, of="imported", writes=True),
    # --- bulk actions ---
    "bulk_actions:history": Page(
        get=MEMBERS,
        post="422 422 422 403 403 404 404 login",  # the candidate is not theirs
        data={"operation": "change_labels", "candidate": "candidate"},
    ),
    "bulk_actions:new": Page(
        get="404 404 404 403 403 404 404 login",  # without an operation
        post="ok ok ok 403 403 404 404 login",
        post_ok=200,
        data={"operation": "change_labels", "candidate": "candidate"},
    ),
    "bulk_actions:review": Page(get=SEERS, of="action"),
    "bulk_actions:outcomes": Page(
        get=EXPORTERS_WHO_SEE, of="action", query="?result=done", writes=True
    ),
    "bulk_actions:cancel": Page(get=SEERS, post=SEERS, post_ok=303, of="action"),
    "bulk_actions:cancel-all": Page(get=MEMBERS, post=MEMBERS, post_ok=303),
    # An action without a file is a 404 to those who see it, too: the download has its own tests.
    "bulk_actions:file": Page(get="404 404 404 403 403 404 404 login", of="action"),
    "bulk_actions:revoke": Page(post="404 404 404 403 403 404 404 login", of="action"),
    # --- tasks: the desk ---
    "tasks:desk": Page(get=MEMBERS),
    "tasks:next": Page(post=WORKERS, post_ok=303),
    "tasks:new": Page(
        get=WORKERS,
        post=WORKERS_WHO_SEE,
        post_ok=422,
        data={"candidate": "candidate", "type": "voicemail"},  # without a key
    ),
    "tasks:new-candidates": Page(get=WORKERS),
    "tasks:task": Page(get=SEERS, of="task"),
    "tasks:accept": Page(post=WORKERS_WHO_SEE, post_ok=303, of="task"),
    # Nobody has accepted it.
    "tasks:complete": Page(
        post=WORKERS_WHO_SEE, post_ok=409, of="task", data={"disposition": "reached"}
    ),
    "tasks:callback": Page(post=WORKERS_WHO_SEE, post_ok=422, of="task"),
    "tasks:notes": Page(post=WORKERS_WHO_SEE, post_ok=409, of="task"),
    "tasks:cancel": Page(
        get=WORKERS_WHO_SEE,
        post=WORKERS_WHO_SEE,
        post_ok=303,
        of="task",
        data={"reason": "Moved away", "seen": "in_queue"},
    ),
    "tasks:release": Page(
        get=WORKERS_WHO_SEE, post=WORKERS_WHO_SEE, post_ok=422, of="task", data={"seen": "x"}
    ),
    # --- tasks: what is over ---
    "past:list": Page(get=MEMBERS),
    "past:csv": Page(get=EXPORTERS, writes=True),  # into the audit
    "past:history": Page(get=SEERS, of="past_task"),
    "past:saved_new": Page(get=MEMBERS, post=MEMBERS, data=NAME | {"query": "state=canceled"}),
    "past:saved": Page(get=ONLY_RECRUITER, post=ONLY_RECRUITER, of="saved_filter", data=NAME),
    "past:saved_delete": Page(post=ONLY_RECRUITER, of="saved_filter"),
    # --- notifications ---
    "notifications:history": Page(get=MEMBERS),
    "notifications:panel": Page(get=MEMBERS),
    "notifications:bell": Page(get=MEMBERS),
    "notifications:read-all": Page(post=MEMBERS, post_ok=303),
    "notifications:open": Page(get=ONLY_RECRUITER, get_ok=302, of="notice", writes=True),
    "notifications:read": Page(post=ONLY_RECRUITER, post_ok=303, of="notice"),
    # --- settings ---
    "settings:workspace": Page(get=OWNERS, post=OWNERS, post_ok=422, data=NAME),
    "settings:members": Page(get=OWNERS),
    "settings:member_add": Page(
        get=OWNERS, post=OWNERS, data=MEMBER | {"first_name": "Mo", "email": "mo@example.com"}
    ),
    "settings:member": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="member", data=MEMBER),
    "settings:member_invite": Page(post=OWNER_OF_IT, of="member"),
    "settings:member_deactivate": Page(post=OWNER_OF_IT, of="member"),
    "settings:member_reactivate": Page(post=OWNER_OF_IT, of="member"),
    "settings:messages_held": Page(get=OWNERS, post=OWNERS),
    "settings:audit": Page(get=AUDITORS),
    "settings:audit_csv": Page(get=AUDITORS, writes=True),
    "candidate_settings:labels": Page(get=OWNERS, post=OWNERS, data=NAME),
    "candidate_settings:labels_rename": Page(post=OWNER_OF_IT, of="label", data=NAME),
    "candidate_settings:labels_delete": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="label"),
    "candidate_settings:reject_reasons": Page(get=OWNERS, post=OWNERS, data=NAME),
    "candidate_settings:reject_reasons_rename": Page(post=OWNER_OF_IT, of="reason", data=NAME),
    "candidate_settings:reject_reasons_delete": Page(
        get=OWNER_OF_IT, post=OWNER_OF_IT, of="reason"
    ),
    "candidate_settings:openings": Page(get=OWNERS, post=OWNERS, data=NAME),
    "candidate_settings:opening": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="opening", data=NAME),
    "candidate_settings:folder_add": Page(post=OWNER_OF_IT, of="opening", data=NAME),
    "candidate_settings:folder_order": Page(
        post=OWNER_OF_IT, of="opening", data={"folder": "folder", "seen": "folder"}
    ),
    "candidate_settings:folder_rename": Page(post=OWNER_OF_IT, of="folder", data=NAME),
    "candidate_settings:folder_delete": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="folder"),
    # --- inbound events: a token, no login ---
    "events:receive": Page(get=POST_ONLY, post=NO_TOKEN),
    "/api/events": Page(get=POST_ONLY, post=NO_TOKEN),
    "events:tokens": Page(get=OWNERS, post=OWNERS, post_ok=200, data=NAME),
    "events:revoke": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="token"),
    "webhooks:endpoints": Page(get=OWNERS),
    "webhooks:guide": Page(get=OWNERS),
    "webhooks:new": Page(get=OWNERS, post=OWNERS, post_ok=422, data={"url": "x"}),
    "webhooks:endpoint": Page(
        get=OWNER_OF_IT, post=OWNER_OF_IT, post_ok=422, of="webhook", data={"url": "x"}
    ),
    "webhooks:test": Page(post=OWNER_OF_IT, of="webhook"),
    "webhooks:rotate": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="webhook"),
    "webhooks:switch_on": Page(post=OWNER_OF_IT, of="webhook"),
    "webhooks:switch_off": Page(post=OWNER_OF_IT, of="webhook"),
    "webhooks:delete": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="webhook"),
    "webhooks:deliveries": Page(get=OWNER_OF_IT, of="webhook"),
    "webhooks:all_again": Page(post=OWNER_OF_IT, of="webhook"),
    "webhooks:delivery": Page(get=OWNER_OF_IT, of="delivery"),
    "webhooks:again": Page(post=OWNER_OF_IT, of="delivery"),
    # --- campaigns ---
    "campaigns:list": Page(get=MEMBERS),
    "campaigns:new": Page(get=STARTERS, post=STARTERS, post_ok=422, data=NAME),
    "campaigns:campaign": Page(get="ok ok ok ok ok ok 404 login", of="campaign"),
    "campaigns:edit": Page(
        get=STARTERS_ANYWHERE,
        post=STARTERS_ANYWHERE,
        of="campaign",
        data=NAME | {"priority": 1},
    ),
    "campaigns:make_ready": Page(post=STARTERS_ANYWHERE, of="campaign"),
    "campaigns:pause": Page(get=STARTERS_ANYWHERE, post=STARTERS_ANYWHERE, of="campaign"),
    "campaigns:resume": Page(post=STARTERS_ANYWHERE, of="campaign"),
    "campaigns:delete": Page(get=STARTERS_ANYWHERE, post=STARTERS_ANYWHERE, of="campaign"),
    "task_settings:tasks": Page(get=OWNERS, post=OWNERS, post_ok=422, data=NAME),
    "task_settings:skills": Page(get=OWNERS),
    "task_settings:skill": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="member"),
    "journey_settings:journeys": Page(get=OWNERS, post=OWNERS),
    # --- journeys: the editor ---
    "journeys:new": Page(
        get="ok ok ok 403 403 403 ok login", post="ok ok ok 403 403 403 ok login", data=NAME
    ),
    "journeys:journey": Page(get=JOURNEY_WATCHERS, of="journey"),
    "journeys:edit": Page(get=JOURNEY_WATCHERS, of="journey"),
    "journeys:rename": Page(get=JOURNEY_EDITORS, post=JOURNEY_EDITORS, of="journey", data=NAME),
    # Posts of the editor without the revision that was seen change nothing.
    "journeys:trigger": Page(
        get=JOURNEY_EDITORS,
        post=JOURNEY_EDITORS,
        post_ok=422,
        of="journey",
        data={"type": "created", "rule": "never"},
    ),
    "journeys:add": Page(
        get=JOURNEY_EDITORS,
        post=JOURNEY_EDITORS,
        post_ok=422,
        of="journey",
        query="?at=.start",
        data={"at": ".start", "type": "exit"},
    ),
    "journeys:lead": Page(
        post=JOURNEY_EDITORS, post_ok=422, of="journey", data={"at": "b1.next", "to": "b1"}
    ),
    "journeys:undo": Page(post=JOURNEY_EDITORS, post_ok=422, of="journey"),
    "journeys:redo": Page(post=JOURNEY_EDITORS, post_ok=422, of="journey"),
    "journeys:reset": Page(post=JOURNEY_EDITORS, post_ok=422, of="journey"),
    "journeys:block": Page(
        get=JOURNEY_EDITORS,
        post=JOURNEY_EDITORS,
        post_ok=422,
        of="journey_block",
        data={"kind": "time", "number": 3, "unit": "days"},
    ),
    "journeys:preview": Page(post=JOURNEY_EDITORS, post_ok=200, of="journey_block"),
    "journeys:move": Page(
        get=JOURNEY_EDITORS,
        post=JOURNEY_EDITORS,
        post_ok=422,
        of="journey_block",
        data={"to": "up"},
    ),
    "journeys:delete": Page(
        get=JOURNEY_EDITORS, post=JOURNEY_EDITORS, post_ok=422, of="journey_block"
    ),
    "journeys:publish": Page(get=JOURNEY_EDITORS, post=JOURNEY_EDITORS, post_ok=422, of="journey"),
    "journeys:pause": Page(get=JOURNEY_EDITORS, post=JOURNEY_EDITORS, of="journey"),
    "journeys:resume": Page(post=JOURNEY_EDITORS, of="journey"),
    "journeys:archive": Page(get=JOURNEY_EDITORS, post=JOURNEY_EDITORS, of="journey"),
    "journeys:list": Page(get=MEMBERS),
    "journeys:runs": Page(get=JOURNEY_WATCHERS, of="journey"),
    "journeys:run": Page(get=SEERS, of="run"),
    "journeys:stop": Page(post="ok ok ok 403 403 403 404 login", of="run"),
    "journeys:versions": Page(get=JOURNEY_WATCHERS, of="journey"),
    "journeys:compare": Page(get=JOURNEY_WATCHERS, of="journey", query="?old=draft&new=draft"),
    "journeys:test_run": Page(get=JOURNEY_WATCHERS, of="journey"),
    # --- outreach ---
    "outreach:limits": Page(get=OWNERS, post=OWNERS, data=LIMITS),
    "outreach:templates": Page(get=OWNERS),
    "outreach:template": Page(
        get=OWNER_OF_IT, post=OWNER_OF_IT, of="template", data=NAME | {"body": "Hello"}
    ),
    "outreach:template_new": Page(
        get=OWNERS, post=OWNERS, of="channel", data=NAME | {"body": "Hello"}
    ),
    "outreach:template_preview": Page(
        post=OWNERS, post_ok=200, of="channel", data=NAME | {"body": "Hello"}
    ),
    "outreach:template_delete": Page(get=OWNER_OF_IT, post=OWNER_OF_IT, of="template"),
    "outreach:opt_outs": Page(post="ok ok ok 403 403 404 404 login", of="opt_out"),
    # The signed link is the proof; this one was not signed here.
    "outreach:unsubscribe": Page(get=MADE_UP, post=MADE_UP, of="no_token"),
}
