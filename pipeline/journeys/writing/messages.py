"""The messages of runs: a turn at those that stand at a block, each the owner of its message.

The steps are those of pipeline/outreach/delivery.py. With the first one the run is locked and
looked at once more: does it still stand there, is it due, is its journey live? It is put off for a
lease then. With the last one its log and its new place are written.

What dies in between leaves a Message as *sending*. When the lease is over the run is due again, and
whoever takes it makes the message *unconfirmed*. Of a run that has ended meanwhile
engine/lost_messages.py does.
"""

import logging
import random
from contextlib import suppress
from datetime import datetime, timedelta
from datetime import time as clock

from django.db import OperationalError, transaction
from django.db.models.functions import Now
from rq.timeouts import BaseTimeoutException

from pipeline.candidates.models import Candidate
from pipeline.foundation.parts import raise_if_lost
from pipeline.foundation.turns import Interrupted, Turn
from pipeline.journeys.models import Run, RunState
from pipeline.journeys.reasons import AnyReason, Code, Reason, because, fact_of
from pipeline.outreach import delivery, limits, pace
from pipeline.outreach.delivery import Owner, Stopped
from pipeline.outreach.drafts import RELATED, Draft, draft_of, refuse_opted_out
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Message, MessageStatus, MessageTemplate
from pipeline.outreach.senders import Unavailable, sender_for

from .batch import Batch, Result
from .message_lock import (
    SENT,
    at_block,
    conclude,
    due,
    is_still_wanted,
    lease,
    lock,
    outcome,
    record,
)
from .message_retry import put_off, put_off_as_away

log = logging.getLogger(__name__)

TURN_SECONDS = 1.0  # then other workspaces' runs have their turn; what is left here is still due
LOOK_SECONDS = 3600  # how often a used-up limit is looked at: it may be raised


class Sending:
    """One turn at the runs of a batch: `Sending(batch, template, way).work()`.

    `not_sent` is the way of those who get nothing.
    """

    def __init__(self, batch: Batch, template: MessageTemplate, not_sent: str = SENT) -> None:
        self.batch = batch
        self.template = template
        self.not_sent = not_sent
        self.workspace = batch.version.journey.workspace
        self.sender = sender_for(template.channel)
        self.pace = pace.Pace(self.workspace.pk, template.channel)

    def work(self) -> None:
        turn = Turn(TURN_SECONDS)
        # Not all processes in the same order: they have the same runs before them.
        waiting = random.sample(self.batch.runs, len(self.batch.runs))
        people = Candidate.objects.filter(workspace=self.workspace).prefetch_related(*RELATED)
        self.people = people.in_bulk(self.batch.candidates)
        try:
            while waiting and not turn.is_over():
                try:
                    self.take_further(waiting[-1])
                    waiting.pop()
                except pace.NotYet:
                    pace.let_others_send()
        except Unavailable as reason:
            put_off_as_away(self.batch, waiting, str(reason))
        except LimitReached as reason:
            waits = because(Code.MESSAGE_WAITS, problem=fact_of(reason.reason))
            put_off(self.batch, waiting, waits, self.when_it_resets())
        finally:
            self.sender.close()

    def take_further(self, run: Run) -> None:
        """All three steps. Raises Unavailable, LimitReached and NotYet: nothing was begun."""
        if not due(self.batch, [run]).exists():
            return
        try:
            self.send_to(run)
        except (Unavailable, LimitReached, pace.NotYet, BaseTimeoutException, Interrupted):
            raise
        except OperationalError:
            raise  # the database is away: it is tried again, or was begun and is left as that
        except Exception as error:  # a template, a candidate's data: no reason to stop for others
            raise_if_lost(error)
            log.warning("Run %s at block %s", run.pk, self.batch.node.id, exc_info=error)
            reason = because(Code.ERROR, run=run.pk, block=self.batch.node.id)
            conclude(self.batch, [run], Result(reason, state=RunState.FAILED))

    def send_to(self, run: Run) -> None:
        person = self.people.get(run.candidate_id)
        if person is None:  # the candidate was deleted, and the run with it
            return
        self.deliver(RunMessage(self.batch, run, person, self.template, self.not_sent))

    def deliver(self, owner: "RunMessage") -> None:
        with suppress(Stopped):
            delivery.deliver(owner, self.sender, self.pace)

    def when_it_resets(self) -> datetime:
        """When the limit is there again, by the workspace's clock, or a first look before that."""
        day = limits.resets_on(self.workspace, self.template.channel)
        midnight = datetime.combine(day, clock(), self.workspace.tz)
        return min(midnight, self.batch.now + timedelta(seconds=LOOK_SECONDS))


class RunMessage(Owner):
    """The message of one run, at the block where it stands."""

    def __init__(
        self, batch: Batch, run: Run, person: Candidate, template: MessageTemplate, not_sent: str
    ) -> None:
        self.batch = batch
        self.run = run
        self.person = person
        self.template = template
        self.not_sent = not_sent

    def draft(self) -> Draft:
        draft = draft_of(self.template, self.person)
        refuse_opted_out(self.batch.workspace_id, draft)
        return draft

    @transaction.atomic
    def begin(self, draft: Draft) -> Message | None:
        """None where the run is not to be taken further."""
        for run in lock(self.batch, [self.run]):
            refuse_opted_out(self.batch.workspace_id, draft)
            Run.objects.filter(pk=run.pk).update(due_at=Now() + lease())
            return delivery.write_sending(
                draft,
                workspace=self.batch.version.journey.workspace,
                candidate_id=run.candidate_id,
                journey_run_id=run.pk,
                journey_step=run.steps + 1,
            )
        return None

    def is_still_wanted(self, message: Message) -> bool:
        return is_still_wanted(self.batch, message)

    @transaction.atomic
    def take_back(self, message: Message) -> bool:
        """The run is due again."""
        run = Run.objects.select_for_update(no_key=True).filter(pk=self.run.pk)
        list(run)
        if delivery.discard(message):
            at_block(self.batch, run).update(due_at=Now())
        return True

    def refuse(self, reason: AnyReason) -> None:
        not_sent = because(Code.MESSAGE_NOT_SENT, problem=fact_of(reason))
        conclude(self.batch, [self.run], self.goes_on(not_sent, self.not_sent))

    def record(self, message: Message, result: delivery.Result) -> None:
        record(self.batch, message, result, self.step_of(message, result))

    def step_of(self, message: Message, result: delivery.Result) -> Result:
        """What the run did here, and where it goes."""
        reason = outcome(message, result, self.template.name)
        way = self.not_sent if result.status == MessageStatus.FAILED else SENT
        return self.goes_on(reason, way, message)

    def goes_on(self, reason: Reason, way: str, message: Message | None = None) -> Result:
        details = {"message": message.pk} if message else {}
        return Result(reason, way=way, due_at=self.batch.now, details=details)
