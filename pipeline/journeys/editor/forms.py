"""The forms of the editor that are no block's: the name, the trigger and who may come again."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from pipeline.candidates.filters import CandidateFilter
from pipeline.candidates.models import Folder, Label, Opening
from pipeline.foundation.first_come import is_name_taken
from pipeline.foundation.names import tidy
from pipeline.journeys.definition.conditions import OPERATORS
from pipeline.journeys.definition.schedule import DAYS
from pipeline.journeys.definition.triggers import TYPES, summary_of
from pipeline.journeys.models import Journey
from pipeline.workspaces.models import Membership, User

TAKEN = "There is already a journey called “{name}”. Choose another name."
FILTERS = ("opening", "folder", "label", "recruiter", "source", "q")


class NameForm(forms.ModelForm[Journey]):
    class Meta:
        model = Journey
        fields = ("name",)
        help_texts: ClassVar = {
            "name": "Agents see this name on the tasks that the journey cancels."
        }

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        others = Journey.objects.filter(workspace=self.instance.workspace_id)
        if is_name_taken(others, name, self.instance.pk):
            raise forms.ValidationError(TAKEN.format(name=name))
        return name


class FolderField(forms.ModelChoiceField[Folder]):
    def label_from_instance(self, folder: Folder) -> str:
        return f"{folder.opening}: {folder.name}"


class TriggerForm(forms.Form):
    """What lets candidates enter, and whether they may come again."""

    only_with: ClassVar[dict[str, tuple[str, ...]]] = {
        "folder": ("type", "folder"),
        "label": ("type", "label"),
        "event_name": ("type", "event"),
        "property": ("type", "event"),
        "operator": ("type", "event"),
        "value": ("type", "event"),
        "weekday": ("type", "schedule"),
        "at_time": ("type", "schedule"),
        "address": ("type", "schedule"),
        **{f"filter_{name}": ("type", "schedule") for name in FILTERS},
        "days": ("rule", "after"),
    }

    type = forms.ChoiceField(
        choices=list(TYPES.items()),
        widget=forms.RadioSelect,
        initial="by_hand",
        label="Candidates enter when",
        help_text=gettext_lazy(
            "You can always start a journey by hand too: select candidates and choose "
            "Start journey."
        ),
    )
    folder = FolderField(Folder.objects.none(), required=False, empty_label="Choose a folder")
    label = forms.ModelChoiceField(
        Label.objects.none(), required=False, empty_label="Choose a label"
    )
    event_name = forms.CharField(
        max_length=100,
        required=False,
        label="Name of the event",
        help_text=gettext_lazy(
            "The name of the custom event that your other systems send. Upper and lower "
            "case don’t matter. See Settings, Inbound events for how to send events."
        ),
    )
    property = forms.CharField(
        max_length=100,
        required=False,
        help_text=gettext_lazy("Only events with this property. Leave empty for every event."),
    )
    operator = forms.ChoiceField(
        choices=[(key, words) for key, (words, _) in OPERATORS.items()],
        required=False,
        label=gettext_lazy("Comparison"),
    )
    value = forms.CharField(max_length=200, required=False)
    weekday = forms.ChoiceField(
        choices=[("", "Every day"), *((str(n), f"Every {day}") for n, day in enumerate(DAYS))],
        required=False,
        label="How often",
    )
    at_time = forms.TimeField(
        required=False,
        label="Time of day",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    address = forms.CharField(
        max_length=2000,
        required=False,
        label=gettext_lazy("Link to a filtered list"),
        help_text=gettext_lazy(
            "Filter the list of candidates, copy the link from your browser and paste it "
            "here. Or choose below who enters."
        ),
    )
    filter_opening = forms.ModelChoiceField(
        Opening.objects.none(), required=False, empty_label="Any opening", label="Opening"
    )
    filter_folder = FolderField(
        Folder.objects.none(), required=False, empty_label="Any folder", label="In the folder"
    )
    filter_label = forms.ModelChoiceField(
        Label.objects.none(), required=False, empty_label="Any label", label="With the label"
    )
    filter_recruiter = forms.ModelChoiceField(
        Membership.objects.none(), required=False, empty_label="Any recruiter", label="Recruiter"
    )
    filter_source = forms.CharField(max_length=100, required=False, label=gettext_lazy("Source"))
    filter_q = forms.CharField(max_length=200, required=False, label="Matching")
    rule = forms.ChoiceField(
        choices=[
            ("never", "Never: once for each candidate"),
            ("after", "After some days"),
            ("always", "Always, after leaving"),
        ],
        widget=forms.RadioSelect,
        initial="never",
        label="May a candidate enter again?",
    )
    days = forms.IntegerField(
        min_value=1, max_value=3650, required=False, label="Days since the last time"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        folders = Folder.objects.visible_to(user).select_related("opening")
        folders = folders.order_by("opening__name", "position", "pk")
        members = Membership.objects.filter(workspace=user.membership.workspace_id)
        offers = {
            "folder": folders,
            "label": Label.objects.visible_to(user),
            "filter_opening": Opening.objects.visible_to(user),
            "filter_folder": folders,
            "filter_label": Label.objects.visible_to(user),
            "filter_recruiter": members.select_related("user").order_by("user__first_name"),
        }
        for name, rows in offers.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        needed = {
            "folder": {"folder": "Choose the folder."},
            "label": {"label": "Choose the label."},
            "event": {"event_name": gettext("Enter the name of the event.")},
            "schedule": {"at_time": gettext("Choose a time of day.")},
        }.get(answers.get("type", ""), {})
        if answers.get("rule") == "after":
            needed = needed | {"days": gettext("Enter the number of days.")}
        for name, sentence in needed.items():
            if not answers.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        if answers.get("type") == "schedule":
            self.clean_filters(answers)
        return answers

    def clean_filters(self, answers: dict[str, Any]) -> None:
        """Only what the list of candidates itself would take."""
        place = "address" if answers.get("address") else "filter_folder"
        if answers.get("address"):
            asked = QueryDict(urlsplit(answers["address"].strip()).query, mutable=True)
        else:
            asked = QueryDict(mutable=True)
            for name in FILTERS:
                value = answers.get(f"filter_{name}")
                asked[name] = str(getattr(value, "pk", value) or "")
        self.filters = CandidateFilter(asked, self.user)
        for name, reasons in self.filters.form.errors.items():
            self.add_error(place, f"{name.capitalize()}: {' '.join(reasons)}")

    def trigger(self) -> dict[str, Any]:
        """As the definition keeps it."""
        answers, type = self.cleaned_data, self.cleaned_data["type"]
        options: dict[str, Any] = {}
        in_words = ""
        if type == "folder":
            folder = answers["folder"]
            options = {
                "folder": folder.pk,
                "folder_name": folder.name,
                "opening_name": folder.opening.name,
            }
        elif type == "label":
            options = {"label": answers["label"].pk, "label_name": answers["label"].name}
        elif type == "event":
            options = {"event_name": answers["event_name"]}
            if answers["property"]:
                options |= {name: answers[name] for name in ("property", "operator", "value")}
        elif type == "schedule":
            options = {
                "filters": self.filters.query,
                "at_time": answers["at_time"].strftime("%H:%M"),
                "weekday": answers["weekday"],
            }
            in_words = self.filters.describe()
        return {"type": type, "options": options, "summary": summary_of(type, options, in_words)}

    def reentry(self) -> dict[str, Any]:
        rule = self.cleaned_data["rule"]
        return (
            {"rule": rule, "days": self.cleaned_data["days"]} if rule == "after" else {"rule": rule}
        )

    @classmethod
    def answers(cls, trigger: dict[str, Any], reentry: dict[str, Any]) -> dict[str, Any]:
        """What the fields hold for that trigger, whatever was written into it by hand."""
        options = trigger.get("options", {})
        filters = options.get("filters")
        chosen = QueryDict(filters if isinstance(filters, str) else "")
        return {
            **{name: options.get(name) for name in cls.only_with if name in options},
            **{f"filter_{name}": chosen.get(name) for name in FILTERS},
            "type": trigger.get("type"),
            "rule": reentry.get("rule"),
            "days": reentry.get("days"),
        }
