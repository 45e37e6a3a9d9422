"""`manage.py up`: all of Belay on one machine, with nothing installed and nothing lost."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.data_folder import DataFolder
from config.embedded import PostgreSQL, Redis, ServerError
from config.embedded.server import Server
from config.line_printer import LinePrinter
from config.processes import STOP_SIGNALS, Processes
from config.reloading import Source

COPIED = "The data folder is a copy, perhaps of a backup."
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
LOGINS = [f"{role}@demo.example" for role in ("owner", "admin", "recruiter", "agent", "support")]


class Command(BaseCommand):
    help = "Run everything on this machine until Ctrl-C: servers, web, workers and the cron."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="on 127.0.0.1")
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR, help="the data folder")
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument(
            "--demo",
            type=int,
            default=20000,
            help="number of demo candidates, 0 for none",
        )
        parser.add_argument(
            "--dev", action="store_true", help="run with DEBUG and restart when the code changes"
        )

    def handle(self, **options: Any) -> None:
        self.port: int = options["port"]
        self.workers: int = max(1, options["workers"])
        self.is_dev: bool = options["dev"]
        self.printer = LinePrinter()
        self.folder = DataFolder(options["data"].expanduser().resolve())
        self.processes = Processes(self.printer, self.folder, outlives_bugs=self.is_dev)
        self.servers: list[Server] = []
        for sign in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(sign) is not signal.SIG_IGN:
                signal.signal(sign, signal.default_int_handler)  # stops like Ctrl-C
        end = None
        try:
            self.folder.hold()
            os.umask(0o077)  # what it starts writes for its own user only
            self.restored = COPIED if self.folder.was_copied else ""
            check_port(self.port)
            environment = self.start_servers()
            self.prepare(environment, options["demo"])
            Thread(target=self.welcome, daemon=True).start()
            if self.is_dev:
                source = Source(settings.BASE_DIR)
                Thread(target=self.watch, args=(source,), daemon=True).start()
            end = self.processes.run(self.commands(), environment)
        except ServerError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            pass
        finally:
            self.stop_servers()
        if end:
            raise CommandError(
                f"{end.name} stopped unexpectedly (exit code {end.code}). It was "
                f"restarted {end.restarts} times without success, so everything was "
                f"stopped. Its last lines above say why.",
                returncode=1,
            )

    def start_servers(self) -> dict[str, str]:
        """Start what no address is given for; returns the environment of the processes."""
        addresses = {}
        kinds: dict[str, type[Server]] = {"DATABASE_URL": PostgreSQL, "REDIS_URL": Redis}
        for variable, kind in kinds.items():
            if address := os.environ.get(variable):
                addresses[variable] = address
                continue
            server = kind(self.folder.path / kind.name)
            self.servers.append(server)
            server.start()
            self.processes.watch(server)
            addresses[variable] = server.address
        for server in self.servers:
            server.wait_until_ready()
        published = {
            **addresses,
            "PUBLIC_URL": os.environ.get("PUBLIC_URL", f"http://localhost:{self.port}"),
            "SECRET_KEY": self.folder.secret("secret-key", 50),
        }
        self.folder.publish(published)
        return {
            **os.environ,
            **published,
            "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
            "BELAY_DATA": str(self.folder.path),
            "DEBUG": str(int(self.is_dev)),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "HTTPS": "0",
            "PYTHONUNBUFFERED": "1",
        }

    def prepare(self, environment: dict[str, str], demo: int) -> None:
        """Bring the database, the static files and the demo data up to date."""
        self.printer.say("bringing the database, static files and demo data up to date")
        done = subprocess.run(
            [*MANAGE, "prepare", f"--demo={demo}", f"--restored={self.restored}"],
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C ends it by our hand, without its own last words
        )
        self.printer.say(done.stdout.decode(errors="replace"))
        if done.returncode:
            raise ServerError("The preparation failed; the lines above say why.")

    def commands(self) -> Iterator[tuple[str, str]]:
        """Name and command line of each process."""
        web = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "-v", "0"]
        yield "web", line(*web, "config.asgi:application")
        # A short time to live, so that /readyz soon notices a worker that was killed.
        worker = ["--serializer", "rq.serializers.JSONSerializer", "--worker-ttl", "60", "-v", "0"]
        for number in range(1, self.workers + 1):
            for name, queue in (("worker", "default"), ("messages", "messages")):
                yield (
                    f"{name}.{number}",
                    line(*MANAGE, "rqworker", queue, *worker, "--with-scheduler"),
                )
        yield "exports", line(*MANAGE, "rqworker", "exports", *worker, "--with-scheduler")
        periodic = ["--worker-class", "config.worker.PeriodicWorker"]
        yield "periodic", line(*MANAGE, "rqworker", "periodic", *worker, *periodic)
        for number in (1, 2):  # a long import of one workspace keeps no other's waiting
            yield f"imports.{number}", line(*MANAGE, "rqworker", "imports", *worker)
        for queue in ("webhooks", "journeys", "journeys_slow"):
            yield queue, line(*MANAGE, "rqworker", queue, *worker)
        yield "cron", line(*MANAGE, "rqcron", "config.cron", "--logging-level", "WARNING")

    def watch(self, source: Source) -> None:
        """Have new code take effect."""
        while not self.processes.stopping:
            time.sleep(1)
            if path := source.change():
                why = f"{path.name} has changed: restarting web and workers"
                self.processes.begin_anew(why)

    def welcome(self) -> None:
        """Say where Belay is and who may log in, as soon as it answers."""
        address = f"http://localhost:{self.port}/"
        while not self.processes.stopping:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
            except OSError:
                time.sleep(0.1)
                continue
            lines = [
                f"Belay is ready:  {address}",
                "",
                "Log in as one of",
                *(f"    {login}" for login in LOGINS),
                f"with the password  {self.folder.demo_password}",
                "",
                "Ctrl-C stops everything and loses nothing.",
            ]
            width = max(map(len, lines))
            box = [f"│ {text.ljust(width)} │" for text in lines]
            edge = "─" * (width + 2)
            self.printer.say("\n".join([f"┌{edge}┐", *box, f"└{edge}┘"]))
            return

    def stop_servers(self) -> None:
        """Redis first, then PostgreSQL. Nothing interrupts this, however often Ctrl-C is hit."""
        for sign in STOP_SIGNALS:
            signal.signal(sign, signal.SIG_IGN)
        self.processes.stopping = True
        self.folder.unpublish()
        for server in reversed(self.servers):
            server.stop()
        self.printer.say("stopped")


def line(*words: str) -> str:
    """A command line for the shell, which gives its place to the program: signals reach it."""
    return "exec " + shlex.join(words)


def check_port(port: int) -> None:
    """Raise ServerError when another program listens on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ServerError(
                f"Port {port} can't be used ({error.strerror}). Choose another one: "
                f"`make run PORT={port + 1}` or `manage.py up --port {port + 1}`."
            ) from None
