"""What a Wait is asked for, and what is wrong with what it says."""

from datetime import date, time
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.candidates.models import Folder, Label
from pipeline.foundation.parameters import FIRST_DAY, LAST_DAY, DayField
from pipeline.journeys.models.listener import Kind

from .base import BlockForm, chosen, text_in

TIME, UNTIL, EVENT = "time", "until", "event"
MOST = 10_000
UNITS = {"minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
# What says which event, label or folder it is.
WANTED: dict[str, str] = {Kind.EVENT: "event_name", Kind.LABEL: "label", Kind.FOLDER: "folder"}
ANY_DAY = ""
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class WaitForm(BlockForm):
    only_with: ClassVar = {
        "number": ("kind", TIME),
        "unit": ("kind", TIME),
        "on_date": ("kind", UNTIL),
        "weekday": ("kind", UNTIL),
        "at_time": ("kind", UNTIL),
        "zone": ("kind", UNTIL),
        "event": ("kind", EVENT),
        "event_name": ("event", Kind.EVENT.value),
        "label": ("event", Kind.LABEL.value),
        "folder": ("event", Kind.FOLDER.value),
        "at_most": ("kind", EVENT),
        "at_most_unit": ("kind", EVENT),
    }

    kind = forms.ChoiceField(
        choices=[(TIME, "For a time"), (UNTIL, "Until a date or hour"), (EVENT, "For an event")],
        widget=forms.RadioSelect,
        initial=TIME,
        label="Wait",
    )
    number = forms.IntegerField(min_value=1, max_value=MOST, required=False, label="How long")
    unit = forms.ChoiceField(
        choices=[(unit, unit) for unit in UNITS], initial="days", required=False
    )
    on_date = DayField(
        required=False,
        label="Date",
        help_text=gettext_lazy(
            "If empty, the next such weekday, or the next time this hour comes."
        ),
    )
    weekday = forms.ChoiceField(
        choices=[(ANY_DAY, "Any day"), *((str(n), day) for n, day in enumerate(DAYS))],
        required=False,
    )
    at_time = forms.TimeField(
        required=False, label="Time of day", widget=forms.TimeInput(attrs={"type": "time"})
    )
    zone = forms.ChoiceField(
        choices=[("workspace", "The workspace's"), ("candidate", "The candidate's")],
        initial="workspace",
        required=False,
        label="Time zone",
        help_text=gettext_lazy(
            "The candidate's time zone comes from the attribute “Time zone”. Without "
            "one, the workspace's time zone is used."
        ),
    )
    event = forms.ChoiceField(
        choices=[
            (Kind.EVENT.value, "Custom event"),
            (Kind.LABEL.value, "A label is added"),
            (Kind.FOLDER.value, "The candidate enters a folder"),
        ],
        required=False,
    )
    event_name = forms.CharField(
        max_length=100,
        required=False,
        label="Name of the event",
        help_text=gettext_lazy(
            "The name of the custom event that your other systems send. Upper and lower "
            "case don’t matter."
        ),
    )
    label = forms.ModelChoiceField(Label.objects.none(), required=False)
    folder = forms.ModelChoiceField(Folder.objects.none(), required=False)
    at_most = forms.IntegerField(
        min_value=1,
        max_value=MOST,
        required=False,
        label="At most",
        help_text=gettext_lazy(
            "After that, the candidate takes the path “Timed out”. Leave empty to wait forever."
        ),
    )
    at_most_unit = forms.ChoiceField(
        choices=[(unit, unit) for unit in UNITS], initial="days", required=False, label="Unit"
    )

    def offer(self) -> None:
        for name, rows in {
            "label": Label.objects.filter(workspace=self.workspace),
            "folder": Folder.objects.filter(opening__workspace=self.workspace),
        }.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        for name, sentence in missing(answers).items():
            if name not in self.errors:
                self.add_error(name, sentence)
        return answers

    def options(self) -> dict[str, Any]:
        answers = dict(self.cleaned_data)
        for name in ("label", "folder"):
            answers |= chosen(name, answers[name])
        for name in ("on_date", "at_time"):
            answers[name] = answers[name] and answers[name].isoformat()
        return answers


def missing(answers: dict[str, Any]) -> dict[str, str]:
    """What a Wait of that kind needs and has not, by field; whatever the answers are."""
    kind, event = answers.get("kind"), answers.get("event")
    if kind == TIME:
        return {} if answers.get("number") else {"number": _("Enter how long to wait.")}
    if kind == UNTIL:
        is_said = answers.get("on_date") or answers.get("at_time")
        return {} if is_said else {"at_time": _("Enter a date, a time of day, or both.")}
    if kind != EVENT:
        return {"kind": "Choose what to wait for."}
    field = WANTED.get(event) if isinstance(event, str) else None
    if field is None:
        return {"event": "Choose what to wait for."}
    return {} if answers.get(field) else {field: "Say which."}


def unreadable(options: dict[str, Any]) -> str:
    """Why these options, though all is there, are no Wait; empty where they are."""
    for name, unit in (("number", "unit"), ("at_most", "at_most_unit")):
        number = options.get(name)
        if number is not None and not (type(number) is int and 0 < number <= MOST):
            return f"The waiting time must be a whole number from 1 to {MOST:,}."
        if options.get(unit) not in (None, "", *UNITS):
            return _("Choose whether to wait for minutes, hours, days or weeks.")
    try:
        day = date.fromisoformat(options.get("on_date") or "2026-01-01")
        time.fromisoformat(options.get("at_time") or "00:00")
    except (TypeError, ValueError):
        return _("The date or the time of day can't be read. Choose it again.")
    if not FIRST_DAY <= day <= LAST_DAY:
        return _("The date is not from %(year)s to %(year2)s. Choose it again.") % {
            "year": FIRST_DAY.year,
            "year2": LAST_DAY.year,
        }
    if options.get("weekday") not in (None, ANY_DAY, *map(str, range(7))):
        return "Choose a day of the week."
    if options.get("event") == Kind.EVENT and not text_in(options, "event_name"):
        return _("The name of the event can't be read. Enter it again.")
    return ""
