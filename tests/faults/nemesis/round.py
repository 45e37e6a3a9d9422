"""One round: a world of its own, users at work, faults; then everything heals, and is checked."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random

import django_rq
import psycopg
import requests
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import OperationalError

from tests.emptying import empty_tables

from . import desk, faults_of_processes, faults_of_servers, orders  # noqa: F401  # their names
from .browser import Answer, Browser, Records
from .evidence import CHECKS, Evidence, rows
from .fault import let_it_happen, own_dsn
from .house import READY_WITHIN, RECOVERY, House
from .live_page import LivePage
from .of_actions import COUNTS, UNREST
from .of_pages import wrong_in
from .of_people import IMPORTED
from .plan import Step, plan_of
from .world import Someone, build

REST_WITHIN = 90  # seconds in which nothing moved; the lease of a dead runner is 60
REST_AT_LAST = 600  # seconds after the last fault, for what moves and gets nowhere
RIGHT_WITHIN = 2  # seconds after that, or after the recovery from a fault of the push's way


ACTIONS = """
SELECT operation, status FROM bulk_actions_bulkaction UNION ALL
SELECT CASE WHEN bulk_action_id IS NULL THEN 'e-mail of a run' ELSE 'e-mail of an action' END,
       status FROM outreach_message
"""


class Round:
    def __init__(self, seed: int, house: House) -> None:
        empty(house)
        self.house = house
        self.world = build(seed)
        starters = [who.name for who in self.world.starters]
        self.plan = plan_of(seed, starters, [who.name for who in self.world.agents])
        self.records = Records()
        self.times: dict[str, float] = {}
        self.pages = [LivePage(house.port, who) for who in self.world.people]
        self.evidence = Evidence(self.world, house, self.records, self.pages)

    def __str__(self) -> str:
        """How it went, for who looks at the output."""
        orders = len(self.records.answers)
        slowest = max(self.records.answers, key=lambda answer: answer.seconds)
        times = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in self.times.items())
        kept = Counter(promise.what for promise in self.records.promises)
        ended = Counter(f"{row['operation']} {row['status']}" for row in rows(ACTIONS))
        told = [
            f"{self.plan}: {orders} answers; {times}",
            f"{dict(kept)}",
            f"{dict(ended)}",
            f"slowest: {slowest}",
        ]
        return "\n".join([*told, *self.house.told])

    def violations(self) -> list[str]:
        """All of it. Returns what was promised and is not so, each with its promise before it."""
        try:
            with self.timed("worked"):
                self.work()
            with self.timed("healed"):
                found = [f"It ended by itself: {end}" for end in self.house.heal()]
            found += self.come_to_rest()
            with self.timed("checked"):
                for check in CHECKS:
                    found += [f"{check.__doc__}\n    {one}" for one in check(self.evidence)]
            return [*found, *self.house.complaints]
        finally:
            for page in self.pages:
                page.over.set()
            for page in self.pages:
                page.close()

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.times[what] = time.monotonic() - began

    # --- at work ---

    def work(self) -> None:
        """Until all orders are given, and all that broke is mended again."""
        began = time.monotonic()
        busy = [thread(self.be, who, began) for who in self.world.people]
        busy += [thread(self.break_things, hand, began) for hand in self.plan.faults]
        beside = [thread(self.sample), thread(self.probe)]
        for one in busy:
            one.join()
        self.records.over.set()
        for one in beside:
            one.join()

    def be(self, who: Someone, began: float) -> None:
        browser = Browser(self.house.url, who, self.records)
        for step in self.plan.orders[who.name]:
            time.sleep(max(0.0, began + step.at - time.monotonic()))
            order: Callable[[Browser, Random], object]
            order = getattr(desk, step.what, None) or getattr(orders, step.what)
            order(browser, step.chance)

    def break_things(self, hand: list[Step], began: float) -> None:
        for step in hand:
            time.sleep(max(0.0, began + step.at - time.monotonic()))
            try:
                let_it_happen(self.house, step)
            except Exception as error:  # else nobody would mend what it broke, or hear of it
                self.house.complaints.append(f"{step.what} failed: {error!r}")

    def probe(self) -> None:
        while not self.records.over.wait(0.2):
            began = time.time()
            status = 0
            with suppress(requests.RequestException):
                status = requests.get(f"{self.house.url}/healthz", timeout=10).status_code
            seconds = time.time() - began
            self.records.probes.append(Answer("", "GET", "/healthz", began, seconds, status))

    def sample(self) -> None:
        """Look at the counts and the imports all the time, as somebody might."""
        while not self.records.over.is_set():
            try:
                with psycopg.connect(own_dsn(), autocommit=True, connect_timeout=2) as mine:
                    while not self.records.over.wait(0.15):
                        self.look(mine)
            except psycopg.Error:
                self.records.over.wait(0.3)

    def look(self, mine: psycopg.Connection) -> None:
        for row in mine.execute(COUNTS):
            self.evidence.sampled.append(f"on the way: {row}")
        for promise in self.evidence.promised("uploaded"):
            asked = [promise.facts["mark"], promise.facts["upload"]]
            for people, status in mine.execute(IMPORTED, asked):
                if people not in (0, promise.facts["rows"]):
                    told = f"{people} of {promise.facts['rows']} rows, {status}"
                    self.evidence.sampled.append(f"on the way: an import with {told}")

    # --- at rest ---

    def come_to_rest(self) -> list[str]:
        """Wait as long as it may take, and no longer. Returns what took longer."""
        found = []
        healed = time.monotonic()
        with self.timed("ready"):
            if not self.house.wait_until_ready(READY_WITHIN):
                found.append(f"Belay was not ready {READY_WITHIN} s after the last fault")
                self.house.replace_workers()  # else no later round would find it ready either
        with self.timed("rested"):
            left = self.wait_for_rest(healed)
        found += [f"Nothing is lost: what began comes to its end.\n    {one}" for one in left]
        was_out = self.house.was_out(time.time() - RECOVERY, time.time(), "redis", "web")
        ends = max(time.monotonic(), healed + RECOVERY if was_out else 0) + RIGHT_WITHIN
        with self.timed("right"):
            while (wrong := wrong_in(self.evidence)) and time.monotonic() < ends:
                time.sleep(0.1)
        return found + [f"The panel never lies.\n    {one}" for one in wrong]

    def wait_for_rest(self, healed: float) -> list[dict[str, object]]:
        """Returns what has not ended. (What begins again after that is not looked for.)

        A busy machine takes its time for hundreds of e-mails, so what gets fewer is waited for.
        """
        tell_at = time.monotonic() + 10
        fewest, ends = math.inf, healed + REST_WITHIN
        while (left := rows(UNREST)) and time.monotonic() < ends:
            if len(left) < fewest:
                fewest = len(left)
                ends = min(time.monotonic() + REST_WITHIN, healed + REST_AT_LAST)
            if time.monotonic() > tell_at:
                tell_at += 10
                standing = Counter(f"{row['what']} {row['stands']} {row['facts']}" for row in left)
                self.house.told.append(f"{time.time():.2f}: not at rest: {standing}")
            time.sleep(0.1)
        return left


def empty(house: House) -> None:
    """No trace of the round before; of the processes nobody has anything to do."""
    for _ in range(20):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '3s'")
                empty_tables()
            break
        except OperationalError:  # something periodic was in between
            time.sleep(0.2)
    for name in settings.RQ_QUEUES:
        django_rq.get_queue(name).empty()
    house.mail.by_recipient.clear()
    for kept in (house.outages, house.told, house.complaints):
        kept.clear()


def thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    begun = threading.Thread(target=target, args=arguments, daemon=True)
    begun.start()
    return begun
