"""What a small order waits for while others give large ones: it should be nothing to speak of.

Two workers for bulk actions and two for messages, as `make run` starts them. Each order is timed
from its commit to its end, on an idle system and beside the load, in one run.
"""

import random
import statistics
import time
from contextlib import ExitStack
from itertools import cycle
from uuid import uuid4

from django.conf import settings
from django.test import override_settings

from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.move_to_folder import MoveToFolder
from pipeline.bulk_actions.operations.send_message import SendMessage, text_of
from pipeline.candidates.models import Candidate, Opening
from pipeline.outreach.models import Channel, MessageLimit, MessageTemplate
from pipeline.workspaces.models import Membership, Role, User, Workspace

from . import messages
from .crew import crew_of, cron
from .engine import Bench, has_ended, wait_until
from .report import Report

SMALL = 10  # candidates in an order of the other workspace
ORDERS = 20
MOST_MS = 2000


def measure(size: int, report: Report) -> None:
    """`size` candidates that the large orders move; they are given again when they have ended."""
    bench, other = Bench(size), Other()
    messages.prepare(bench)
    MessageLimit.objects.update(per_second=20)
    with ExitStack() as crews:
        for name in ("default", "messages"):
            if name in settings.RQ_QUEUES:
                crews.enter_context(crew_of(2, queue_name=name))
        crews.enter_context(cron())
        between_workspaces(bench, other, report)
        beside_messages(bench, other, report)
    bench.clear()


class Other:
    """Another workspace, with few candidates, and somebody who gives small orders there."""

    def __init__(self) -> None:
        self.workspace = Workspace.objects.create(name="Other", start_delay_seconds=0)
        self.user = User.objects.create(email="other@example.com")
        Membership.objects.create(user=self.user, workspace=self.workspace, role=Role.OWNER)
        self.opening = Opening.objects.create(workspace=self.workspace, name="Other")
        self.opening.add_default_folders()
        self.folders = cycle(self.opening.folders.order_by("position"))
        Candidate.objects.bulk_create(
            Candidate(
                workspace=self.workspace,
                opening=self.opening,
                folder=self.opening.inbox,
                full_name=f"Candidate {number}",
                email=f"candidate{number}@example.com",
            )
            for number in range(SMALL)
        )
        self.template = MessageTemplate.objects.create(
            workspace=self.workspace, name="Other", channel=Channel.EMAIL, subject="Hi", body="Hi"
        )

    def order(self, operation: MoveToFolder | SendMessage | None = None) -> BulkAction:
        action, _ = start_bulk_action(
            user=self.user,
            operation=operation or self.move(),
            candidates=Candidate.objects.visible_to(self.user),
            key=uuid4(),
        )
        return action

    def move(self) -> MoveToFolder:
        folder = next(self.folders)
        names = {"folder_name": folder.name, "opening_name": self.opening.name}
        return MoveToFolder({"folder": folder.pk, "opening": self.opening.pk, **names})

    def send(self) -> SendMessage:
        return SendMessage(text_of(self.template))


def between_workspaces(bench: Bench, other: Other, report: Report) -> None:
    what = f"{ORDERS} orders of {SMALL}"
    add(report, f"{what}, idle", bench.size, [milliseconds(other.order()) for _ in range(ORDERS)])
    for actions, lanes in ((1, 1), (4, 2)):
        bench.tidy()
        load = Load(bench, actions, lanes)
        waits = [load.beside(other) for _ in range(ORDERS)]
        load.end()
        add(report, f"{what}, beside {actions} x {lanes} lanes", bench.size, waits, at_most=MOST_MS)


class Load:
    """Large orders of `bench`, of which so many with so many lanes are always under way."""

    def __init__(self, bench: Bench, actions: int, lanes: int) -> None:
        self.bench = bench
        self.number = actions
        self.lanes = lanes
        self.actions: list[BulkAction] = []

    def beside(self, other: Other) -> float:
        self.keep_up()
        time.sleep(random.uniform(0, 0.5))
        return milliseconds(other.order())

    def keep_up(self) -> None:
        self.actions = [action for action in self.actions if not has_ended(action)]
        while len(self.actions) < self.number:
            with override_settings(BULK_LANES=self.lanes):
                self.actions.append(self.bench.order())

    def end(self) -> None:
        for action in self.actions:
            action.cancel(self.bench.user)


def beside_messages(bench: Bench, other: Other, report: Report) -> None:
    """Four actions with two lanes each, all of which wait for the rate of their workspace."""
    bench.tidy()
    with override_settings(MESSAGE_LANES=2):
        sending = [messages.order(bench) for _ in range(4)]
    time.sleep(2)
    moves = [milliseconds(other.order()) for _ in range(ORDERS // 4)]
    what = "beside 4 message actions"
    add(report, f"move of {SMALL}, {what}", bench.size, moves, at_most=MOST_MS)
    sends = [milliseconds(other.order(other.send())) for _ in range(ORDERS // 4)]
    add(report, f"{SMALL} messages elsewhere, {what}", bench.size, sends, at_most=MOST_MS)
    for action in sending:
        action.cancel(bench.user)


def milliseconds(action: BulkAction) -> float:
    """From now, just after the commit, to its end."""
    begun = time.perf_counter()
    wait_until(has_ended, action)
    assert action.is_completed, action.status
    return (time.perf_counter() - begun) * 1000


def add(
    report: Report, what: str, size: int, waits: list[float], at_most: float | None = None
) -> None:
    report.add(f"{what}, p50", size, statistics.median(waits), "ms")
    p95 = statistics.quantiles(waits, n=20, method="inclusive")[18]
    report.add(f"{what}, p95", size, p95, "ms", at_most=at_most)
