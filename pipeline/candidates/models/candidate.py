"""Openings with their folders, and the candidates in them."""

from typing import ClassVar, Self

import phonenumbers
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from pipeline.workspaces.models import Membership, User, Workspace, visible_rows

from .attributes import why_too_much
from .label import Label
from .opening import Folder, Opening


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return visible_rows(self, user, "opening")


class Candidate(models.Model):
    """A person in one folder of one opening.

    The indexes end in the id because lists are paged by it, newest first: each filter is then a
    walk along one index, however many candidates there are.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False)
    opening = models.ForeignKey(Opening, models.CASCADE, related_name="candidates", db_index=False)
    folder = models.ForeignKey(Folder, models.PROTECT, related_name="candidates", db_index=False)
    recruiter = models.ForeignKey(
        Membership,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="candidates",
        db_index=False,
    )
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    full_name = models.CharField(max_length=310)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True, help_text="E.164: +447700900123")
    source = models.CharField(max_length=100, blank=True)
    labels = models.ManyToManyField(Label, through="CandidateLabel", related_name="candidates")
    attributes = models.JSONField(default=dict, blank=True)
    reject_reasons = ArrayField(
        models.CharField(max_length=100), default=list, blank=True, db_default=[]
    )
    copied_from = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="copies",
        db_index=False,
        help_text="The application in another opening that this one was made from.",
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = CandidateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "id"], name="candidate_workspace"),
            models.Index(fields=["opening", "id"], name="candidate_opening"),
            models.Index(fields=["folder", "id"], name="candidate_folder"),
            models.Index(
                fields=["recruiter", "id"],
                name="candidate_recruiter",
                condition=models.Q(recruiter__isnull=False),
            ),
            models.Index(fields=["workspace", "source", "id"], name="candidate_source"),
            models.Index(
                fields=["copied_from"],
                name="candidate_copied_from",
                condition=models.Q(copied_from__isnull=False),
            ),
            models.Index(
                fields=["opening", "phone"], name="candidate_phone", condition=~models.Q(phone="")
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["opening", "email"],
                name="candidate_email_unique",
                condition=~models.Q(email=""),
                violation_error_message="Somebody in this opening has that e-mail already.",
            )
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        return reverse("candidates:profile", args=[self.pk])

    def clean(self) -> None:
        """Attributes that the lists which read them can bear."""
        if not isinstance(self.attributes, dict):
            raise ValidationError({"attributes": 'Write an object: {"Name": "value"}.'})
        stored = Candidate.objects.filter(pk=self.pk).values_list("attributes", flat=True).first()
        before = stored if isinstance(stored, dict) else {}
        if problem := why_too_much(self.attributes, before):
            raise ValidationError({"attributes": problem})

    @property
    def phone_as_written(self) -> str:
        """The phone as people write it: +44 7700 900123."""
        try:
            number = phonenumbers.parse(self.phone)
        except phonenumbers.NumberParseException:
            return self.phone
        style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return phonenumbers.format_number(number, style)


class CandidateLabel(models.Model):
    """A label on a candidate. The key begins with the label: its list is a walk in id order."""

    pk = models.CompositePrimaryKey("label_id", "candidate_id")
    label = models.ForeignKey(Label, models.CASCADE, db_index=False)
    candidate = models.ForeignKey(Candidate, models.CASCADE)


class CandidateSearch(models.Model):
    """What the search box looks in: a candidate's names, e-mail and phone, cut into words.

    A table of its own, kept by a trigger (migration 0002), because a move rewrites the
    candidate's row and would pay for this index each time: 30 of 75 microseconds when measured.
    """

    candidate = models.OneToOneField(
        Candidate, models.CASCADE, primary_key=True, related_name="search"
    )
    document = SearchVectorField()

    class Meta:
        # No pending list: flushing it would make one unlucky transaction wait.
        indexes: ClassVar = [
            GinIndex(fields=["document"], name="search_document", fastupdate=False)
        ]
