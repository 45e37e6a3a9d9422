"""Opens a session for each item of its argument, a JSON list of {"options": …, "statements": […],
"keeps_transaction": …}, and executes its statements; says "held", and waits.
"""

import json
import os
import sys

import psycopg

sessions = []
for item in json.loads(sys.argv[1]):
    session = psycopg.connect(
        os.environ["DATABASE_URL"],
        options=item["options"],
        autocommit=not item["keeps_transaction"],
    )
    for statement in item["statements"]:
        session.execute(statement)
    sessions.append(session)
print("held", flush=True)
sys.stdin.read()
