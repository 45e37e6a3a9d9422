"""How fast messages go, and how soon they stop when the provider misbehaves."""

import random
import statistics
import time
from itertools import cycle
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.test import override_settings

from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations.send_message import SendMessage, text_of
from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Channel, Message, MessageLimit, MessageTemplate
from pipeline.outreach.senders import sender_for
from tests.providers import MailServer

from .crew import crew_of
from .engine import (
    CANCELS,
    Bench,
    has_begun,
    no_lane_left,
    seconds_of,
    seconds_to_commit,
    wait_until,
)
from .report import Report

WHIMS = ("hang", "reset", "421 Later", "550 No")
STEPS = ("mail", "rcpt", "data", "after_data")
SAMPLE = 20_000  # messages of the baseline
FEW = 2000


def measure(sizes: list[int], report: Report) -> None:
    """So many messages through the file sender, and 100 cancels of a mail server's."""
    memory: dict[int, float] = {}
    for size in sizes:
        bench = Bench(size)
        prepare(bench)
        memory[size] = speed(bench, report)
        if size == sizes[-1]:
            cancels(bench, report)
        bench.clear()
    report.add(
        "messages: worker's peak memory, against the smallest N",
        max(sizes),
        memory[max(sizes)] / memory[min(sizes)],
        "times",
        at_most=1.1,
    )


def prepare(bench: Bench) -> None:
    MessageLimit.objects.create(workspace=bench.workspace, channel=Channel.EMAIL, per_second=None)
    MessageTemplate.objects.create(
        workspace=bench.workspace,
        name="Benchmark",
        channel=Channel.EMAIL,
        subject="Your application as {opening}",
        body="Dear {full_name},\n\nplease call us.\n\n{workspace}\n",
    )


def order(bench: Bench, count: int | None = None) -> BulkAction:
    candidates = Candidate.objects.visible_to(bench.user).exclude(email="")
    if count:
        candidates = candidates.filter(pk__in=candidates.order_by("pk").values("pk")[:count])
    action, _ = start_bulk_action(
        user=bench.user,
        operation=SendMessage(text_of(bench.workspace.message_templates.get())),
        candidates=candidates,
        key=uuid4(),
    )
    return action


def speed(bench: Bench, report: Report) -> float:
    """Messages a second: the file sender alone, and one lane. Returns the peak memory in MiB."""
    report.add("messages: the file sender alone", bench.size, alone(bench), "messages/s")
    with crew_of(1) as crew, override_settings(MESSAGE_LANES=1):
        action = order(bench)
        rate = action.total / seconds_of(action)
    report.add("messages: one lane", bench.size, rate, "messages/s", at_least=300)
    report.add("messages: worker's peak memory", bench.size, crew.peak, "MiB")
    for outbox in Path(settings.DATA_DIR, "outbox").glob("*"):
        outbox.unlink()
    return crew.peak


def alone(bench: Bench) -> float:
    """The baseline: nothing but the sender, with no promise kept."""
    sender = sender_for(Channel.EMAIL)
    sender.open()
    message = Message(
        pk=1, workspace=bench.workspace, channel=Channel.EMAIL, address="a@example.com", body="x"
    )
    begun = time.perf_counter()
    for _ in range(SAMPLE):
        sender.send(message)
    seconds = time.perf_counter() - begun
    sender.close()
    return SAMPLE / seconds


def cancels(bench: Bench, report: Report) -> None:
    """From the call to the commit, with 4 lanes at a mail server that misbehaves in turn."""
    times: list[float] = []
    whims = cycle((step, how) for how in WHIMS for step in STEPS)
    server = MailServer()
    timeouts = {"MESSAGE_TIMEOUT_SECONDS": "2", "EMAIL_TIMEOUT": "2"}
    with crew_of(4, server.environment | timeouts), override_settings(MESSAGE_LANES=4):
        while len(times) < CANCELS:
            server.behave()
            action = order(bench, FEW)
            wait_until(has_begun, action)
            server.misbehave(*next(whims))
            time.sleep(random.uniform(0, 0.3))
            seconds, canceled = seconds_to_commit(action, bench.user)
            server.behave()
            wait_until(no_lane_left)
            if canceled:
                times.append(seconds * 1000)
    server.stop()
    p99 = statistics.quantiles(times, n=100)[98]
    report.add("messages: cancel, p50", bench.size, statistics.median(times), "ms")
    report.add("messages: cancel, p99", bench.size, p99, "ms", at_most=1000)
