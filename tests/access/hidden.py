"""Acme with an opening that everything concerns, and that a member of Leeds may not read of.

All that happened to candidates who are in Leeds now, or happens with them together with others, and
whose sentences name the vault or its hangar; as they are called now, and as they were then.
"""

from typing import Any
from uuid import uuid4

from django.utils import timezone

from notifications.notices import tell, tell_of_import
from notifications.task_notices import of_withdrawn
from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction, FollowUp
from pipeline.bulk_actions.operations import OPERATIONS, Operation
from pipeline.candidates.models import Candidate, CandidateQuerySet, Folder, Opening
from pipeline.candidates.models.candidate_import import CandidateImport, ImportedCandidate
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey
from pipeline.journeys.writing.enroll import enroll
from pipeline.outreach.models import Channel, Message, MessageStatus
from pipeline.tasks.create import create_task
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Creator, JourneyBlock
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Membership, User, Workspace
from pipeline.workspaces.models.setback import Setback
from tests.conftest import open_up
from tests.journeys.conftest import until_nothing_is_due

VAULT, HANGAR, FILE = "Xanadu Vault", "Zeppelin Hangar", "quetzal.csv"
OLD_VAULT, OLD_HANGAR = "Ytterbium Quarry", "Wombat Depot"
NAMES = (VAULT, HANGAR, OLD_VAULT, OLD_HANGAR, FILE)


class HiddenWorld:
    """Builds it. `actions`, `tasks`, `journey` … are what pages are asked for."""

    def __init__(self, owner: User, leeds: Opening, make: Any, elsewhere: User) -> None:
        self.owner, self.leeds, self.make, self.elsewhere = owner, leeds, make, elsewhere
        self.workspace: Workspace = owner.membership.workspace
        Workspace.objects.update(start_delay_seconds=0)
        self.vault = open_up(self.workspace, OLD_VAULT)
        self.hangar = Folder.objects.create(opening=self.vault, name=OLD_HANGAR, position=9)
        self.actions: list[BulkAction] = []
        self.moves()
        self.reasons()
        self.undone()
        self.all_operations()
        self.journeys()
        self.tasks()
        self.messages()
        self.imports()
        self.renamed()
        self.active = self.order(self.move(), self.everybody(), runs=False)
        self.setback()

    # --- what is used above ---

    def everybody(self) -> CandidateQuerySet:
        return Candidate.objects.filter(workspace=self.workspace)

    def put(self, place: Opening, *people: Candidate, folder: Folder | None = None) -> None:
        some = Candidate.objects.filter(pk__in=[person.pk for person in people])
        some.update(opening=place, folder=folder or place.inbox)

    def move(self) -> Operation:
        hangar = Folder.objects.get(pk=self.hangar.pk)
        options = {"folder": hangar.pk, "folder_name": hangar.name}
        options |= {"opening": self.vault.pk, "opening_name": hangar.opening.name}
        return OPERATIONS["move_to_folder"](options)

    def order(
        self, operation: Operation, candidates: CandidateQuerySet, runs: bool = True, **more: Any
    ) -> BulkAction:
        owner = User.objects.get(pk=self.owner.pk)
        action, _ = start_bulk_action(
            user=owner, operation=operation, candidates=candidates, key=uuid4(), **more
        )
        if runs:
            lane.work_on(action.pk, 0)
        action.refresh_from_db()
        self.actions.append(action)
        return action

    # --- what happened ---

    def moves(self) -> None:
        """One cannot get there, as the same person is there; another gets there and comes back."""
        [there] = self.make(1, self.vault, self.hangar)
        [self.here] = self.make(1, self.leeds, email=there.email)
        [mover] = self.make(1, self.leeds)
        both = Candidate.objects.filter(pk__in=[self.here.pk, mover.pk])
        assert self.order(self.move(), both).failed == 1
        self.put(self.leeds, mover)
        self.order(self.move(), self.vault.candidates.all())
        name = {"opening": self.vault.pk, "opening_name": OLD_VAULT}
        self.order(OPERATIONS["create_application"](name), both)

    def reasons(self) -> None:
        """Failures that name where the candidates then were."""
        people = list(self.make(2, self.vault, self.hangar))
        self.vault.folders.get(kind="hired").delete()
        picked = Candidate.objects.filter(pk__in=[person.pk for person in people])
        assert self.order(OPERATIONS["hire"]({}), picked).failed == 2
        blind: Membership = self.elsewhere.membership
        assigning = {"recruiter": blind.pk, "recruiter_name": str(self.elsewhere)}
        assert self.order(OPERATIONS["assign_recruiter"](assigning), picked).failed == 2
        self.put(self.leeds, *people)

    def undone(self) -> None:
        """Undoing finds one of them moved on, and the place of the other taken."""
        onward, taken = self.make(2, self.vault, self.hangar)
        picked = Candidate.objects.filter(pk__in=[onward.pk, taken.pk])
        inbox = self.leeds.inbox
        options = {"folder": inbox.pk, "folder_name": inbox.name}
        options |= {"opening": self.leeds.pk, "opening_name": self.leeds.name}
        action = self.order(OPERATIONS["move_to_folder"](options), picked)
        self.put(self.vault, onward, folder=self.hangar)
        self.make(1, self.vault, email=taken.email)
        undo = Following(action, FollowUp.UNDO, User.objects.get(pk=self.owner.pk)).undo
        assert undo
        again = self.order(undo, picked, follows=action, follow_up=FollowUp.UNDO)
        assert again.failed == 2
        self.put(self.leeds, onward)
        moved = BulkAction.objects.get(pk=self.actions[0].pk)
        back = Following(moved, FollowUp.UNDO, User.objects.get(pk=self.owner.pk)).undo
        assert back
        everybody = Candidate.objects.filter(outcomes__action=moved, outcomes__result=1)
        self.order(back, everybody, follows=moved, follow_up=FollowUp.UNDO)

    def all_operations(self) -> None:
        """Each of those that prepare something of candidates of both."""
        share = {"reviewer": "rita@client.example", "note": "", "days": 7}
        self.order(OPERATIONS["share_with_reviewer"](share), self.everybody())
        export = {"format": "csv", "columns": ["name", "opening", "folder"]}
        self.order(OPERATIONS["export"](export), self.everybody())
        self.order(OPERATIONS["set_attribute"]({"attribute": "x", "value": "y"}), self.everybody())

    def journeys(self) -> None:
        hangar = {"folder": self.hangar.pk, "folder_name": OLD_HANGAR}
        trigger = hangar | {"opening_name": OLD_VAULT}
        rules = [
            {"kind": "opening", "opening": self.vault.pk, "opening_name": OLD_VAULT},
            {"kind": "folder", **hangar, "folder_name": f"{OLD_VAULT}: {OLD_HANGAR}"},
        ]
        wait = {"kind": "event", "event": "folder", **hangar, "within": False}
        blocks = {
            "b1": {"type": "update_candidate", "options": hangar, "ways": {"next": "b2"}},
            "b2": {
                "type": "condition",
                "options": {"join": "any", "rules": rules},
                "ways": {"yes": "b3", "no": "b3"},
            },
            "b3": {"type": "wait", "options": wait, "ways": {"next": None}},
        }
        summary = f"A candidate enters the folder “{OLD_HANGAR}” of {OLD_VAULT}"
        draft = {
            "trigger": {"type": "folder", "options": trigger, "summary": summary},
            "reentry": {"rule": "always"},
            "start": "b1",
            "blocks": blocks,
        }
        self.journey = Journey.objects.create(
            workspace=self.workspace, name="Callbacks", draft=draft, created_by=self.owner
        )
        publish(self.journey, self.owner)
        self.journey.draft["blocks"]["b4"] = blocks["b3"]
        self.journey.save(update_fields=["draft"])
        assert self.journey.version
        people = [self.here.pk, self.vault.candidates.all()[0].pk]
        enroll(self.journey.version, people, f"Entered the folder {OLD_HANGAR} of {OLD_VAULT}.")
        until_nothing_is_due()
        self.run = self.journey.runs.get(candidate=self.here)
        [waits] = self.make(1, self.vault)
        self.journey.runs.create(
            workspace=self.workspace,
            version=self.journey.version,
            candidate=waits,
            block="b3",
            due_at=None,
        )
        assert OLD_VAULT in self.run.log.all()[0].text

    def tasks(self) -> None:
        at = JourneyBlock(
            self.journey.pk, "Callbacks", 1, f"Cancel Task: in {OLD_HANGAR}", self.run.pk
        )
        self.task = create_task(self.here, TaskType.VOICEMAIL, Creator.journey(at))
        taken = create_task(self.here, TaskType.OUTBOUND_SMS, Creator.journey(at))
        taken.accept(self.elsewhere)
        taken.withdraw(self.owner, f"Moved to {OLD_HANGAR} of {OLD_VAULT}")
        Task.objects.filter(pk=taken.pk).update(canceled_by_block=at.block)
        tell(*of_withdrawn([taken.pk]))
        self.past_task = taken

    def messages(self) -> None:
        Message.objects.create(
            workspace=self.workspace,
            candidate=self.here,
            channel=Channel.SMS,
            address="+447700900123",
            body=f"Thank you for applying for {OLD_VAULT}.",
            status=MessageStatus.SENT,
            ended_at=timezone.now(),
        )

    def imports(self) -> None:
        """One by the limited member, before it was limited; who came by the other is in Leeds."""
        mine, imported = (
            CandidateImport.objects.create(
                opening=self.vault,
                created_by=by,
                name=name,
                status=CandidateImport.Status.DONE,
                ended_at=timezone.now(),
            )
            for by, name in ((self.elsewhere, "mine.csv"), (self.owner, FILE))
        )
        ImportedCandidate.objects.create(
            candidate_import=imported, candidate=self.here, is_new=True
        )
        self.imported = imported
        tell_of_import(mine.pk)

    def setback(self) -> None:
        Setback.objects.create(
            loop="reconcile",
            record=self.active.pk,
            workspace=self.workspace,
            what=f"The work on “{self.active.title}”",
            link=self.active.get_absolute_url(),
            retry_at=timezone.now(),
        )

    def renamed(self) -> None:
        self.vault.name = VAULT
        self.vault.save(update_fields=["name"])
        self.hangar.name = HANGAR
        self.hangar.save(update_fields=["name"])


def names_in(text: str) -> list[str]:
    return [name for name in NAMES if name in text]
