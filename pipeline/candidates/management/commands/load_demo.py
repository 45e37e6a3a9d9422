import os
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pipeline.candidates.demo import load


class Command(BaseCommand):
    help = "Load the demo workspace with its accounts and candidates, unless it already exists."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--candidates", type=int, default=20000)

    def handle(self, candidates: int, **options: Any) -> None:
        if load.is_loaded():
            return
        load.load(candidates, demo_password())
        self.stdout.write(f"Loaded the demo workspace with {candidates:,} candidates.")


def demo_password() -> str:
    """The one password of the demo logins, made once, for the owner of the data folder only."""
    file = settings.DATA_DIR / "demo-password"
    if not file.exists():
        password = secrets.token_urlsafe(9)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as private:
            private.write(password + "\n")
    return str(file.read_text().strip())
