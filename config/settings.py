"""Every setting, read from the environment, with defaults that are safe in production.

`manage.py up` sets what a laptop needs; config/deploy/README.md has the table for production.
"""

import json
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF

from config.session_limits import session_options

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# Where `up` keeps the embedded servers' data, uploads and collected static files.
DATA_DIR = Path(env.str("BELAY_DATA", default=str(BASE_DIR / ".data"))).resolve()


def servers_of_a_running_up() -> dict[str, str]:
    """What `up` wrote into its data folder: the addresses and the secret key, or nothing."""
    try:
        return dict(json.loads((DATA_DIR / "servers.json").read_text()))
    except (OSError, ValueError):
        return {}


_up = servers_of_a_running_up()

DEBUG = env.bool("DEBUG", default=False)  # for `make dev`: config/checks.py refuses it elsewhere
# Some commands need no key; Django refuses to sign anything without one.
SECRET_KEY = env.str("SECRET_KEY", default=_up.get("SECRET_KEY", ""))
# Older ones, while a new one takes over: they still verify and decrypt, and make nothing new.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config",
    "notifications",
    "pipeline.bulk_actions",
    "pipeline.journeys",
    "pipeline.tasks",
    "pipeline.outreach",
    "pipeline.candidates",
    "pipeline.workspaces",
    "channels",
    "csp",
    "django_filters",
    "django_htmx",
    "django_rq",
    "widget_tweaks",
    "config.admin_site.AdminSite",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "config.static_files.StaticFiles",
]

MIDDLEWARE = [
    "config.health.HealthMiddleware",  # first: probes carry no host name, cookie or https
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "pipeline.workspaces.middleware.NoStoreMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pipeline.workspaces.middleware.OriginMiddleware",
    "pipeline.workspaces.middleware.LoginRequiredMiddleware",
    "config.refusals.RefuseUnreadable",
    "pipeline.workspaces.middleware.WorkspaceTimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
SESSION_ENGINE = "pipeline.workspaces.sessions"
AUTH_USER_MODEL = "workspaces.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "candidates:list"
LOGOUT_REDIRECT_URL = "login"

TEMPLATE_LOADERS: list[Any] = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
if not DEBUG:  # else a changed template is shown at once
    TEMPLATE_LOADERS = [("django.template.loaders.cached.Loader", TEMPLATE_LOADERS)]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": TEMPLATE_LOADERS,
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "notifications.context.panel",
            ],
        },
    },
]

# --- servers -------------------------------------------------------------------------------
# PostgreSQL only. The placeholder lets commands that need no database run without one.
DATABASES = {
    "default": {
        **environ.Env.db_url_config(
            env.str("DATABASE_URL", default=_up.get("DATABASE_URL", "postgres:///belay"))
        ),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"]["OPTIONS"] = session_options(
    DATABASES["default"].get("OPTIONS", {}), env.str("BELAY_PROCESS", default="")
)
# A web process answers in a few threads, whose connections come from a pool: config/asgi.py says
# how many. Other processes have one thread and no pool.
PAGE_THREADS = env.int("PAGE_THREADS", default=4)
DOWNLOAD_THREADS = env.int("DOWNLOAD_THREADS", default=2)
UPLOAD_THREADS = env.int("UPLOAD_THREADS", default=2)  # they give their connection back to wait
if _pooled := env.int("DATABASE_POOL", default=0):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": _pooled,
        "timeout": 2,  # seconds for a page to wait while the database is away
        "reconnect_timeout": 3,  # or tries would soon be minutes apart
    }
REDIS_URL = env.str("REDIS_URL", default=_up.get("REDIS_URL", "redis://127.0.0.1:6379/0"))

# JSON, never pickle: whoever can write to Redis must not be able to run code here.
RQ_SERIALIZER = "rq.serializers.JSONSerializer"
# One queue for each worker: `default` for the lanes of bulk actions, `messages` for those that send
# and `exports` for those that end with a file; `periodic` for what heals and times out, which must
# never wait for what it heals; `imports` for long files, `webhooks` for customers' receivers, which
# may be slow; `journeys`, whose runs are not to be late; `journeys_slow` for those of them that
# wait for a mail server or the like.
# A lane's turn is BULK_TURN_SECONDS, but the file of a large export is put together in one.
RQ_QUEUES = {
    name: {"URL": REDIS_URL, "SERIALIZER": RQ_SERIALIZER, "DEFAULT_TIMEOUT": timeout}
    for name, timeout in {
        "default": 1800,
        "messages": 1800,
        "exports": 1800,
        "periodic": 60,
        "imports": 3600,
        "webhooks": 300,
        "journeys": 300,
        "journeys_slow": 1800,
    }.items()
}
RQ = {"WORKER_CLASS": "config.worker.Worker"}

# Whoever brings it to /readyz is told which part does not answer; empty: nobody is.
READYZ_TOKEN = env.str("READYZ_TOKEN", default="")

# A page that has not begun to answer by then is a 503; other requests have three times as long.
ANSWER_SECONDS = env.float("ANSWER_SECONDS", default=30)
# How long a request may take to arrive; a large one longer, see config/bodies.py.
BODY_SECONDS = env.float("BODY_SECONDS", default=20)
# And its head, from the first byte of it on.
HEAD_SECONDS = env.float("HEAD_SECONDS", default=10)
# How long a connection may stay open with nothing asked, and nothing of an answer read.
IDLE_SECONDS = env.float("IDLE_SECONDS", default=60)
# Of each daphne, live sockets included; see config/connections.py.
CONNECTIONS = env.int("CONNECTIONS", default=5000)
CONNECTIONS_PER_ADDRESS = env.int("CONNECTIONS_PER_ADDRESS", default=2000)

# --- Belay ---------------------------------------------------------------------------------
SUPPORT_URL = env.str("SUPPORT_URL", default="mailto:support@example.com")
BULK_CHUNK_SIZE = env.int("BULK_CHUNK_SIZE", default=2000)  # candidates in a chunk, if one lane
BULK_TURN_SECONDS = env.float("BULK_TURN_SECONDS", default=10)  # then a worker's job ends
BULK_LANES = env.int("BULK_LANES", default=1)  # lanes for each new bulk action
MESSAGE_LANES = env.int("MESSAGE_LANES", default=2)  # of an action that writes to candidates
BULK_PUSH_SECONDS = env.float("BULK_PUSH_SECONDS", default=0.5)  # least time between two ticks
JOURNEY_TURN_SECONDS = env.float("JOURNEY_TURN_SECONDS", default=10)  # of a job that advances runs
# The most that may be active, open or made in 24 hours; who meets one reads what to do.
ACTIVE_ACTIONS_PER_USER = env.int("ACTIVE_ACTIONS_PER_USER", default=100)
ACTIVE_ACTIONS_PER_WORKSPACE = env.int("ACTIVE_ACTIONS_PER_WORKSPACE", default=300)
UPLOADS_PER_USER = env.int("UPLOADS_PER_USER", default=100)
UPLOADS_PER_WORKSPACE = env.int("UPLOADS_PER_WORKSPACE", default=300)
INVITATIONS_PER_WORKSPACE = env.int("INVITATIONS_PER_WORKSPACE", default=200)
INVITATIONS_PER_PERSON = env.int("INVITATIONS_PER_PERSON", default=5)
SOCKETS_PER_USER = env.int("SOCKETS_PER_USER", default=30)  # of each web process
SOCKETS_PER_PROCESS = env.int("SOCKETS_PER_PROCESS", default=5000)
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=200 * 1024 * 1024)

# --- messages ------------------------------------------------------------------------------
# "file" writes them to DATA_DIR/outbox, "console" to the terminal: nobody gets them.
EMAIL_SENDER = env.str("EMAIL_SENDER", default="file")  # or "email"
SMS_SENDER = env.str("SMS_SENDER", default="file")  # or "twilio"
MESSAGE_TIMEOUT_SECONDS = env.float("MESSAGE_TIMEOUT_SECONDS", default=10)  # a provider's silence
# Where people's browsers find Belay, for links in messages: https://belay.example.com
PUBLIC_URL = env.str("PUBLIC_URL", default=_up.get("PUBLIC_URL", ""))

EMAIL_HOST = env.str("EMAIL_HOST", default="")
# Belay's own letters, the invitations, go where messages to candidates go: with a mail server to
# it, else into the outbox.
_written_down = {
    "file": "pipeline.outreach.senders.outbox.OutboxBackend",
    "console": "django.core.mail.backends.console.EmailBackend",
}
_smtp = "pipeline.outreach.senders.smtp.EmailBackend"
EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND", default=_smtp if EMAIL_HOST else _written_down.get(EMAIL_SENDER, _smtp)
)
EMAIL_HOST = EMAIL_HOST or "localhost"
EMAIL_PORT = env.int("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=not EMAIL_USE_SSL)
EMAIL_TIMEOUT = MESSAGE_TIMEOUT_SECONDS
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Belay <belay@localhost>")
# With EMAIL_BACKEND=anymail.backends.….EmailBackend: its settings as JSON.
ANYMAIL = {"REQUESTS_TIMEOUT": MESSAGE_TIMEOUT_SECONDS, **env.json("ANYMAIL", default={})}

TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_URL = env.str("TWILIO_API_URL", default="https://api.twilio.com")
SMS_FROM = env.str("SMS_FROM", default="")  # a number, a name, or a messaging service's id

# --- outgoing webhooks ---------------------------------------------------------------------
# Networks that are not public and that webhooks may go to all the same, http:// included.
WEBHOOK_PRIVATE_NETWORKS: list[str] = env.list("WEBHOOK_PRIVATE_NETWORKS", default=[])
WEBHOOK_CONNECT_SECONDS = env.float("WEBHOOK_CONNECT_SECONDS", default=5)
WEBHOOK_READ_SECONDS = env.float("WEBHOOK_READ_SECONDS", default=10)  # for all that follows

# --- language, time, files -----------------------------------------------------------------
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_THOUSAND_SEPARATOR = True
USE_TZ = True
TIME_ZONE = "UTC"  # pages and rows are shown in the workspace's time zone

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(DATA_DIR / "static"))()
STATICFILES_DIRS = [
    ("css", BASE_DIR / "static" / "css"),
    ("js", BASE_DIR / "static" / "js"),
    ("img", BASE_DIR / "static" / "img"),
    ("tabler", BASE_DIR / "static" / "node_modules" / "@tabler" / "core" / "dist" / "css"),
    ("sortable", BASE_DIR / "static" / "node_modules" / "sortablejs"),
]
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(DATA_DIR / "media"))()
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        # Exports and uploads are for Belay's own user, whatever the umask.
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        # With DEBUG they are read from where they are written, under their own names.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # larger uploads go to disk
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024  # config/bodies.py refuses more before
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50_000  # a selection of picked candidates is one field each

# --- security ------------------------------------------------------------------------------
HTTPS = env.bool("HTTPS", default=True)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = ["^api/"]  # refused there: a token sent over http has been readable
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
# Proxies in front of daphne, each of which adds to X-Forwarded-For: see client_address.py.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("PROXY_SSL_HEADER", default=False) else None
)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
# The prefix makes browsers refuse them from http and from other hosts of the domain.
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_COOKIE_HTTPONLY = True  # scripts take the token from the page
# Not in a cookie: what they say names people.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # the UI kit's checkmarks and arrows
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS.append({"NAME": "pipeline.workspaces.passwords.AuditedPasswords"})

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "filters": {"refusals": {"()": "config.log_lines.RefusalsInOneLine"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["refusals"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
