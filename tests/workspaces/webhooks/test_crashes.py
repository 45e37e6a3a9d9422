"""A sender that is killed leaves nothing behind that another does not take up."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from django.conf import settings as django_settings

from pipeline.workspaces.models.webhook import WebhookDelivery
from tests.servers import child_environment

from .conftest import Put, Receiver, make_due

COMMAND = ["rqworker", "webhooks", "--serializer", "rq.serializers.JSONSerializer"]


def worker(log: Path, *options: str) -> psutil.Process:
    environment = {"WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8", "WEBHOOK_READ_SECONDS": "60"}
    with log.open("a") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *COMMAND, *options],
            cwd=django_settings.BASE_DIR,
            env=child_environment() | environment,
            stdout=file,
            stderr=file,
        )
    return psutil.Process(process.pid)


def kill(process: psutil.Process) -> None:
    """The worker and its horse at once."""
    for each in [process, *process.children(recursive=True)]:
        each.kill()
    os.waitpid(process.pid, 0)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_killed_between_sending_and_the_answer(put: Put, receiver: Receiver, tmp_path: Path):
    receiver.how = receiver.hang
    first = worker(tmp_path / "log")
    (delivery,) = put()
    receiver.wait_for(1)
    kill(first)
    receiver.how = 200

    make_due(delivery)  # as the lease's end does
    put()  # wakes the next one
    worker(tmp_path / "log", "--burst").wait(60)

    delivery.refresh_from_db()
    assert delivery.is_delivered, (tmp_path / "log").read_text()
    assert receiver.ids.count(delivery.message_id) == 2
    assert [attempt.has_ended for attempt in delivery.attempts.all()] == [True, False]
    assert not WebhookDelivery.objects.pending().exists()
