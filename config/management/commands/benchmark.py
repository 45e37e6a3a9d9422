"""`manage.py benchmark`: the figures that Belay promises, measured side by side in one run."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.embedded import PostgreSQL, Redis

PARTS = [
    *("engine", "fairness", "messages", "export", "pages", "tasks", "journeys", "panels"),
    *("imports", "uploads"),
]
INSIDE = "BELAY_BENCHMARK"  # set for the child process, whose settings name the servers


class Command(BaseCommand):
    help = "Measure the engine and the pages on separate servers, and print a table and JSON."
    requires_system_checks = ()  # the settings are its own too: the child process has them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sizes", default="10000,200000,1000000", help="candidate counts for the engine"
        )
        parser.add_argument("--pages", type=int, default=1_000_000, help="candidates for the pages")
        parser.add_argument(
            "--fairness", type=int, default=500_000, help="candidates in the large orders"
        )
        parser.add_argument("--messages", type=int, default=100_000, help="messages to send")
        parser.add_argument("--export", type=int, default=1_000_000, help="candidates to export")
        parser.add_argument("--tasks", type=int, default=1_000_000, help="waiting tasks")
        parser.add_argument(
            "--journeys",
            type=int,
            default=100_000,
            help="candidates who enter; ten times as many wait",
        )
        parser.add_argument("--panels", type=int, default=1000, help="open panels")
        parser.add_argument(
            "--panels-size",
            type=int,
            default=1_000_000,
            help="candidates moved while they are open",
        )
        parser.add_argument("--imports", type=int, default=120_000, help="rows of a file")
        parser.add_argument(
            "--uploads", default="", help="parts of hostile files' names; all files if empty"
        )
        parser.add_argument("--only", choices=PARTS, help="one part of it")
        parser.add_argument("--json", type=Path, help="file to write the figures to")

    def handle(self, **options: Any) -> None:
        if INSIDE in os.environ:
            self.measure(options)
        else:
            self.run_on_own_servers()

    def run_on_own_servers(self) -> None:
        with tempfile.TemporaryDirectory(prefix="belay-benchmark-") as name:
            folder = Path(name)
            folder.chmod(0o711)  # as root, PostgreSQL runs as another user
            servers = [PostgreSQL(folder / "postgres", folder / "postgres.log")]
            redis = Redis(folder / "redis", folder / "redis.log")
            environment = os.environ | {
                INSIDE: "1",
                "BELAY_DATA": name,
                "SECRET_KEY": secrets.token_urlsafe(64),
                "ALLOWED_HOSTS": "testserver",
                "HTTPS": "0",
            }
            try:
                for server in (*servers, redis):
                    server.start()
                for server in (*servers, redis):
                    server.wait_until_ready()
                environment |= {"DATABASE_URL": servers[0].address, "REDIS_URL": redis.address}
                child = subprocess.run([sys.executable, *sys.argv], env=environment, check=False)
            finally:
                redis.stop()
                servers[0].stop()
        if child.returncode:
            raise CommandError("the benchmark failed; the lines above say why.")

    def measure(self, options: dict[str, Any]) -> None:
        from tests.benchmarks import (
            engine,
            export,
            fairness,
            imports,
            journeys,
            messages,
            pages,
            panels,
            tasks,
            uploads,
        )
        from tests.benchmarks.report import Report

        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        report = Report(self.stdout.write)
        if options["only"] in (None, "engine"):
            engine.measure([int(size) for size in options["sizes"].split(",")], report)
        if options["only"] in (None, "fairness"):
            fairness.measure(options["fairness"], report)
        if options["only"] in (None, "messages"):
            messages.measure([options["messages"] // 10, options["messages"]], report)
        if options["only"] in (None, "export"):
            export.measure([options["export"] // 100, options["export"]], report)
        if options["only"] in (None, "pages"):
            pages.measure(options["pages"], report)
        if options["only"] in (None, "tasks"):
            call_command("flush", interactive=False, verbosity=0)
            tasks.measure(options["tasks"], report)
        if options["only"] in (None, "journeys"):
            call_command("flush", interactive=False, verbosity=0)
            journeys.measure(options["journeys"], report)
        if options["only"] in (None, "panels"):
            call_command("flush", interactive=False, verbosity=0)
            panels.measure(options["panels_size"], options["panels"], report)
        if options["only"] in (None, "imports"):
            imports.measure([options["imports"] // 10, options["imports"]], report)
        if options["only"] in (None, "uploads"):
            call_command("flush", interactive=False, verbosity=0)
            uploads.measure(report, options["uploads"])
        report.print_table()
        if options["json"]:
            options["json"].write_text(json.dumps(report.figures, indent=1) + "\n")
        self.stdout.write(json.dumps(report.figures))
