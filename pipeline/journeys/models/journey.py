"""A journey, its published versions, and the runs of candidates through them."""

from functools import lru_cache
from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from pipeline.journeys.definition.definition import BadDefinition, Definition
from pipeline.tasks.models.actors import JourneyBlock
from pipeline.workspaces.models import User, Workspace, membership_of


class JourneyState(models.TextChoices):
    DRAFT = "draft", "Draft"  # never published
    LIVE = "live", "Live"  # candidates enter it, and its runs go on
    PAUSED = "paused", "Paused"  # nobody enters it, and its runs wait
    ARCHIVED = "archived", "Archived"  # out of use; its runs were stopped


class JourneyQuerySet(models.QuerySet["Journey"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(workspace=membership.workspace_id) if membership else self.none()

    def live(self) -> Self:
        return self.filter(state=JourneyState.LIVE)


class Journey(models.Model):
    """An automation that candidates travel through: a draft to edit, and versions that ran."""

    MOVES: ClassVar[dict[str, dict[str, str]]] = {
        # verb: {from: to}
        "publish": {
            JourneyState.DRAFT: JourneyState.LIVE,
            JourneyState.LIVE: JourneyState.LIVE,
            JourneyState.PAUSED: JourneyState.PAUSED,
        },
        "pause": {JourneyState.LIVE: JourneyState.PAUSED},
        "resume": {JourneyState.PAUSED: JourneyState.LIVE},
        "archive": {
            JourneyState.DRAFT: JourneyState.ARCHIVED,
            JourneyState.LIVE: JourneyState.ARCHIVED,
            JourneyState.PAUSED: JourneyState.ARCHIVED,
        },
    }

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="journeys")
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=JourneyState, default=JourneyState.DRAFT)
    version = models.ForeignKey(
        "JourneyVersion",
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The one that candidates who enter now travel through.",
    )
    draft = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1, help_text="Raised by each edit of the draft.")
    next_at = models.DateTimeField(
        null=True, help_text="When the schedule that is its trigger enrolls candidates next."
    )
    scheduled_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who published or resumed it last: its schedule enrolls whom this member sees,"
        " for as long as this member may publish it.",
    )
    paused_at = models.DateTimeField(null=True, help_text="When Belay itself paused it.")
    paused_why = models.TextField(blank=True, help_text="Why Belay itself paused it.")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects = JourneyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="journey_name_unique")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("journeys:journey", args=[self.pk])

    @property
    def is_live(self) -> bool:
        return self.state == JourneyState.LIVE


class JourneyVersion(models.Model):
    """A journey as it was published. The database refuses to change it (migration 0002)."""

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    published_at = models.DateTimeField(db_default=Now())
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["journey", "number"], name="journey_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.journey} v{self.number}"

    def parse(self) -> Definition:
        """Raises BadDefinition."""
        return Definition.from_json(self.definition)

    @property
    def parsed_or_none(self) -> Definition | None:
        """None where somebody edited it by hand: its runs fail with the reason, others go on."""
        try:
            return self.parse()
        except BadDefinition:
            return None

    def at(self, block: str) -> JourneyBlock:
        """What tasks keep of who created or canceled them."""
        journey = self.journey
        return JourneyBlock(journey.pk, journey.name, self.number, block)


@lru_cache(maxsize=1000)
def definition_of(version_id: int) -> Definition:
    """A version never changes. Raises BadDefinition."""
    return JourneyVersion.objects.get(pk=version_id).parse()


class JourneyEdit(models.Model):
    """The draft before an edit, to take the edit back; after it, once that was done (see
    editor/drafts.py)."""

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="edits")
    revision = models.PositiveIntegerField()
    draft = models.JSONField()
    what = models.CharField(max_length=200)  # "Added Wait"
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["journey", "revision"], name="journey_edit_unique")
        ]

    def __str__(self) -> str:
        return self.what
