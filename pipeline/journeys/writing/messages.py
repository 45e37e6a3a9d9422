"""The slow path of runs: each message in three steps, none of which is ever taken twice.

1. In one short transaction the run is locked and looked at once more: does it still stand there,
   is it due, is its journey live? Then one unit of the message limit is reserved, the Message
   written as *sending*, and the run put off for a lease.
2. Without any lock, so that a provider that hangs holds up nobody, it is handed over.
3. Its result, the line in the run's log and the run's new place are written together.

What dies between the first and the last leaves a Message as *sending*. When the lease is over the
run is due again, and whoever takes it makes the message *unconfirmed*: it is never sent again. Of
a run that has ended meanwhile engine/lost_messages.py does.
"""

import logging
import random
import time
from datetime import datetime, timedelta
from datetime import time as clock
from functools import partial

from django.db import OperationalError, transaction
from django.db.models.functions import Now
from rq.timeouts import BaseTimeoutException

from pipeline.candidates.models import Candidate
from pipeline.foundation.parts import raise_if_lost
from pipeline.foundation.turns import Interrupted, Turn
from pipeline.journeys.models import Run, RunState
from pipeline.outreach import handing_over, limits, optouts, pace
from pipeline.outreach.drafts import OPTED_OUT, RELATED, CantSend, Draft, draft_of
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Channel, Message, MessageStatus, MessageTemplate
from pipeline.outreach.senders import Unavailable, sender_for

from .batch import Batch, Result
from .message_lock import SENT, conclude, due, is_still_wanted, lease, lock, record, standing, write
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

    @property
    def what(self) -> str:
        return f"{limits.NOUNS[Channel(self.template.channel)]} “{self.template}”"

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
            put_off(self.batch, waiting, f"Waits: {reason}", self.when_it_resets())
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
            where = f"run {run.pk}, block {self.batch.node.id}"
            reason = f"Unexpected error. Tell support: {where}."
            conclude(self.batch, [run], Result(reason, state=RunState.FAILED))

    def send_to(self, run: Run) -> None:
        person = self.people.get(run.candidate_id)
        if person is None:  # the candidate was deleted, and the run with it
            return
        try:
            draft = draft_of(self.template, person)
            if optouts.is_opted_out(self.workspace.pk, draft.channel, draft.address):
                raise CantSend(OPTED_OUT[draft.channel])
        except CantSend as reason:
            conclude(self.batch, [run], self.nothing_sent(str(reason)))
            return
        self.sender.open()
        if seconds := self.pace.wait():
            time.sleep(seconds)
        if message := self.begin(run, draft):
            self.finish(run, message)

    # --- the first step ---

    @transaction.atomic
    def begin(self, run: Run, draft: Draft) -> Message | None:
        """The Message to hand over, now *sending*; None where the run is not to be taken further.

        Raises LimitReached, and has then written nothing.
        """
        begun_at = handing_over.clock()
        held = lock(self.batch, [run])
        if not held:
            return None
        mine = held[0]
        if optouts.is_opted_out(self.workspace.pk, draft.channel, draft.address):
            write(self.batch, [mine], self.nothing_sent(OPTED_OUT[draft.channel]))
            return None
        Run.objects.filter(pk=mine.pk).update(due_at=Now() + lease())
        message = Message.objects.create(
            workspace=self.workspace,
            candidate_id=mine.candidate_id,
            journey_run_id=mine.pk,
            journey_step=mine.steps + 1,
            channel=draft.channel,
            address=draft.address,
            subject=draft.subject,
            body=draft.body,
            # Last of what can wait: the counters are where all processes meet.
            counted_on=limits.reserve(self.workspace, draft.channel),
        )
        message.begun_at = begun_at
        return message

    # --- the second and the third ---

    def finish(self, run: Run, message: Message) -> None:
        try:
            wanted = partial(is_still_wanted, self.batch, message)
            status, problem = handing_over.hand_over(self.sender, message, wanted)
        except handing_over.NoLongerWanted:
            self.take_back(run, message)
            return
        except Unavailable:
            self.take_back(run, message)
            raise
        record(self.batch, message, status, problem, self.result_of(message, status, problem))

    def result_of(self, message: Message, status: MessageStatus, problem: str) -> Result:
        if status == MessageStatus.SENT:
            return self.goes_on(f"Sent the {self.what} to {message.address}.", SENT, message)
        if status == MessageStatus.FAILED:
            sentence = f"The {self.what} to {message.address} was not sent: {problem}"
            return self.goes_on(sentence, self.not_sent, message)
        sentence = f"The {self.what} to {message.address} is unconfirmed: {problem}"
        return self.goes_on(sentence, SENT, message)

    def nothing_sent(self, reason: str) -> Result:
        return self.goes_on(f"Nothing was sent. {reason}", self.not_sent)

    def goes_on(self, text: str, way: str, message: Message | None = None) -> Result:
        details = {"message": message.pk} if message else {}
        return Result(text, way=way, due_at=self.batch.now, details=details)

    @transaction.atomic
    def take_back(self, run: Run, message: Message) -> None:
        """As if it had never been begun: nothing was handed over."""
        mine = Run.objects.select_for_update(no_key=True).filter(pk=run.pk)
        list(mine)
        if Message.objects.sending().filter(pk=message.pk).delete()[0]:
            limits.give_back(message)
            standing(self.batch, mine).update(due_at=Now())

    def when_it_resets(self) -> datetime:
        """When the limit is there again, by the workspace's clock, or a first look before that."""
        day = limits.resets_on(self.workspace, self.template.channel)
        midnight = datetime.combine(day, clock(), self.workspace.tz)
        return min(midnight, self.batch.now + timedelta(seconds=LOOK_SECONDS))
