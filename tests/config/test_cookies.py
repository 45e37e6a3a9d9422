"""Cookies belong to one host, go over https only, and no script reads them."""

import json
import os
import subprocess
import sys

from django.conf import settings as project
from django.test import Client

from pipeline.workspaces.models import User

SHOW = """
import json
from django.conf import settings
names = ("SESSION", "CSRF")
print(json.dumps({
    getattr(settings, f"{name}_COOKIE_NAME"): [
        getattr(settings, f"{name}_COOKIE_{word}")
        for word in ("SECURE", "HTTPONLY", "SAMESITE", "PATH", "DOMAIN")
    ]
    for name in names
}))
"""


def test_in_production_they_have_the_prefix_that_browsers_hold_to_its_promises() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=project.BASE_DIR,
        env={**os.environ, "HTTPS": "1", "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        check=True,
    )

    # __Host- asks for Secure, the path / and no domain.
    assert json.loads(shown.stdout) == {
        "__Host-sessionid": [True, True, "Lax", "/", None],
        "__Host-csrftoken": [True, True, "Lax", "/", None],
    }


def test_a_message_that_names_somebody_is_in_no_cookie(
    client_of, owner: User, recruiter: User
) -> None:
    client: Client = client_of(owner)

    client.post(f"/settings/members/{recruiter.membership.pk}/", {"role": "agent"})

    assert set(client.cookies) <= {"sessionid", "csrftoken"}
    assert "Saved the changes to Ana Ruiz." in client.get("/settings/members/").content.decode()
