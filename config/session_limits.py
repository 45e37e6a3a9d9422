"""What PostgreSQL may wait for in each of our sessions, so that nothing is held for ever.

A process that is frozen, or whose machine is gone, says nothing: only such limits end its session,
and with it its transaction and its locks. The list of locks is in pipeline/foundation/README.md.
"""

import sys
from pathlib import Path
from typing import Any

Limits = dict[str, str]

# Idle in a transaction: our own code is at work for milliseconds between two statements.
# Waits for a lock: a page says "busy" instead of hanging; a worker's chunk is tried again.
WEB: Limits = {
    "idle_in_transaction_session_timeout": "4s",
    "lock_timeout": "6s",  # longer than that, so that a frozen holder is gone first
    "statement_timeout": "60s",  # to freeze a selection of 1,000,000 takes seconds
}
WORKER: Limits = {
    "idle_in_transaction_session_timeout": "4s",
    "lock_timeout": "60s",  # an import into the same opening may take as long
    "statement_timeout": "15min",  # to merge an import of 1,000,000 takes minutes
}
# Migrations and commands that people run: they wait for nobody for ever, but may take their time.
COMMAND: Limits = {"idle_in_transaction_session_timeout": "5min", "lock_timeout": "10min"}
# A connection whose other end is gone is noticed at both of its ends, within 15 s.
EVERYBODY: Limits = {
    "client_connection_check_interval": "2s",  # also while a statement runs
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "15000",  # milliseconds
}
OUR_END = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,  # milliseconds
}
LIMITS = {"web": WEB, "worker": WORKER, "command": COMMAND}
WORKERS = {"rqworker", "rqworker-pool", "rqcron"}  # management commands that work in the background


def kind_of(arguments: list[str]) -> str:
    """Which of LIMITS a process is under that was started with these arguments (sys.argv)."""
    if Path(arguments[0]).name != "manage.py":
        return "command"
    command = next(iter(arguments[1:]), "")
    return "worker" if command in WORKERS else "web" if command == "runserver" else "command"


def session_options(given: dict[str, Any], kind: str = "") -> dict[str, Any]:
    """OPTIONS for the database: the limits, and what DATABASE_URL says, which wins.

    `kind` is one of LIMITS; without it the command line tells.
    """
    kind = kind or kind_of(sys.argv)
    limits = EVERYBODY | LIMITS[kind]
    ours = " ".join(f"-c {name}={value}" for name, value in limits.items())
    options = f"{ours} {given.get('options', '')}".strip()
    return {"application_name": f"belay {kind}", **OUR_END, **given, "options": options}
