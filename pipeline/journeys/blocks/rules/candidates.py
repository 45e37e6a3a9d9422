"""Rules about the candidate: attributes, labels, folder, opening, recruiter."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _

from pipeline.candidates.models import Candidate, CandidateLabel
from pipeline.journeys.blocks.base import text_in
from pipeline.outreach.placeholders import attribute_of
from pipeline.workspaces.models import Workspace

from .base import Compared, Having, Ids, Rule, comparison


class Attribute(Compared):
    label = "Attribute"
    asks = ("name", "operator", "value")

    @property
    def sentence(self) -> str:
        return f"{text_in(self.options, 'name') or '…'} {comparison(self.options)}"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        people = Candidate.objects.filter(pk__in=candidates).only("attributes").order_by()
        name = text_in(self.options, "name")
        some = people.iterator(chunk_size=100)  # in memory
        return self.compared((person.pk, attribute_of(person, name)) for person in some)


class Source(Compared):
    label = "Source"

    @property
    def sentence(self) -> str:
        return f"the source {comparison(self.options)}"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        people = Candidate.objects.filter(pk__in=candidates).order_by()
        return self.compared(people.values_list("pk", "source"))


class HasLabel(Rule):
    label = "Has the label"
    asks = ("label",)

    @property
    def sentence(self) -> str:
        return f"has the label “{self.named('label')}”"

    def of(self, candidates: list[int], workspace: Workspace) -> Ids:
        given = CandidateLabel.objects.filter(label=self.options["label"])
        theirs = given.filter(candidate__in=candidates)
        return set(theirs.values_list("candidate_id", flat=True))


class HasNoLabel(HasLabel):
    label = "Does not have the label"
    is_negated = True

    @property
    def sentence(self) -> str:
        return _("does not have the label “%(named)s”") % {"named": self.named("label")}


class InFolder(Having):
    label = "Is in the folder"
    asks = ("folder",)

    @property
    def sentence(self) -> str:
        return f"is in the folder “{self.named('folder')}”"

    @property
    def filter(self) -> dict[str, Any]:
        return {"folder": self.options["folder"]}


class InKind(Having):
    label = "Is in a folder of the kind"
    asks = ("folder_kind",)

    @property
    def sentence(self) -> str:
        return f"is in a folder of the kind {self.word('folder_kind')}"

    @property
    def filter(self) -> dict[str, Any]:
        return {"folder__kind": self.options["folder_kind"]}


class OfOpening(Having):
    label = "Is in the opening"
    asks = ("opening",)

    @property
    def sentence(self) -> str:
        return f"is in the opening “{self.named('opening')}”"

    @property
    def filter(self) -> dict[str, Any]:
        return {"opening": self.options["opening"]}


class OfRecruiter(Having):
    label = "Has the recruiter"
    asks = ("recruiter",)

    @property
    def sentence(self) -> str:
        return f"has the recruiter {self.named('recruiter')}"

    @property
    def filter(self) -> dict[str, Any]:
        return {"recruiter": self.options["recruiter"]}


class HasRecruiter(Having):
    label = "Has a recruiter"
    sentence = "has a recruiter"
    filter: ClassVar = {"recruiter__isnull": False}


class HasNoRecruiter(HasRecruiter):
    label = "Does not have a recruiter"
    sentence = "does not have a recruiter"
    is_negated = True
