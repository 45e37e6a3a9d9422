from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django import forms

from pipeline.candidates.models import Candidate, Folder, Label
from pipeline.journeys.batch import Batch
from pipeline.journeys.happenings import Kind, key
from pipeline.journeys.models import Run
from pipeline.workspaces.models import Workspace

from .base import Block, BlockForm, Rehearsal, gone

TIME, UNTIL, EVENT = "time", "until", "event"
UNITS = {"minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
ZONES = ("time zone", "timezone", "time_zone", "tz")  # attributes that may say a candidate's
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
    number = forms.IntegerField(min_value=1, max_value=10_000, required=False, label="How long")
    unit = forms.ChoiceField(
        choices=[(unit, unit) for unit in UNITS], initial="days", required=False
    )
    on_date = forms.DateField(
        required=False,
        label="Date",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: the next such weekday, or the next day on which the hour is to come.",
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
        help_text="A candidate's is the attribute “Time zone”; without one, the workspace's.",
    )
    event = forms.ChoiceField(
        choices=[
            (Kind.EVENT.value, "Custom event"),
            (Kind.LABEL.value, "A label is added"),
            (Kind.FOLDER.value, "The candidate enters a folder"),
        ],
        required=False,
    )
    event_name = forms.CharField(max_length=100, required=False, label="Name of the event")
    label = forms.ModelChoiceField(Label.objects.none(), required=False)
    folder = forms.ModelChoiceField(Folder.objects.none(), required=False)
    at_most = forms.IntegerField(
        min_value=1,
        max_value=10_000,
        required=False,
        label="At most",
        help_text="Then the candidate goes the way “Timed out”. Empty: for ever.",
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
            row = answers[name]
            answers[name] = row and row.pk
            answers[f"{name}_name"] = str(row) if row else ""
        for name in ("on_date", "at_time"):
            answers[name] = answers[name] and answers[name].isoformat()
        return answers


def missing(answers: dict[str, Any]) -> dict[str, str]:
    """What a Wait of that kind needs and has not, by field."""
    kind, event = answers.get("kind"), answers.get("event")
    if kind == TIME and not answers.get("number"):
        return {"number": "Say how long."}
    if kind == UNTIL and not (answers.get("on_date") or answers.get("at_time")):
        return {"at_time": "Say until when: a date, a time of day, or both."}
    if kind == EVENT:
        wanted: dict[str, str] = {
            Kind.EVENT: "event_name",
            Kind.LABEL: "label",
            Kind.FOLDER: "folder",
        }
        field = wanted.get(event or "")
        if field is None:
            return {"event": "Choose what to wait for."}
        if not answers.get(field):
            return {field: "Say which."}
    return {}


class Wait(Block):
    """The candidate stays here for a time, until a moment, or until something happens."""

    key = "wait"
    label = "Wait"
    about = "Stay for a time, until a date or hour, or until something happens."
    form = WaitForm

    @property
    def is_for_event(self) -> bool:
        return self.options.get("kind") == EVENT

    @property
    def ways(self) -> dict[str, str]:
        if not self.is_for_event:
            return {"next": ""}
        timed_out = {"timed_out": "Timed out"} if self.options.get("at_most") else {}
        return {"next": "It happened", **timed_out}

    @property
    def summary(self) -> str:
        kind = self.options.get("kind")
        if kind == TIME:
            return span(self.options.get("number"), self.options.get("unit"))
        if kind == UNTIL:
            return f"until {self.moment}"
        at_most = self.options.get("at_most")
        limit = f", at most {span(at_most, self.options.get('at_most_unit'))}" if at_most else ""
        return f"for {self.event_text}{limit}"

    @property
    def moment(self) -> str:
        day = self.options.get("on_date") or ""
        if not day and self.options.get("weekday"):
            day = DAYS[int(self.options["weekday"])]
        clock = (self.options.get("at_time") or "")[:5]
        zone = " in the candidate's time zone" if self.options.get("zone") == "candidate" else ""
        return f"{' '.join(filter(None, (day, clock)))}{zone}" or "no moment chosen"

    @property
    def event_text(self) -> str:
        names: dict[str, str] = {
            Kind.LABEL: f"the label “{self.options.get('label_name')}”",
            Kind.FOLDER: f"the folder “{self.options.get('folder_name')}”",
            Kind.EVENT: f"the event “{self.options.get('event_name')}”",
        }
        return names.get(self.options.get("event") or "", "nothing chosen")

    @property
    def waiting_for(self) -> str:
        event = self.options["event"]
        ref = self.options.get("label") if event == Kind.LABEL else self.options.get("folder")
        return key(event, None if event == Kind.EVENT else ref, self.options.get("event_name", ""))

    def listens_to(self) -> list[tuple[str, int | None, str]]:
        if not self.is_for_event:
            return []
        event = self.options["event"]
        if event == Kind.EVENT:
            return [(event, None, self.options["event_name"])]
        return [(event, self.options["label" if event == Kind.LABEL else "folder"], "")]

    def problems(self, workspace: Workspace) -> list[str]:
        problems = list(missing(self.options).values())
        if not problems and self.is_for_event:
            rows = {
                Kind.LABEL: Label.objects.filter(workspace=workspace),
                Kind.FOLDER: Folder.objects.filter(opening__workspace=workspace),
            }.get(self.options["event"])
            ref = self.options.get(self.options["event"])
            if rows is not None and not rows.filter(pk=ref).exists():
                what = str(self.options["event"])
                problems.append(gone(what, self.options.get(f"{what}_name", "")))
        return problems

    def execute(self, batch: Batch) -> None:
        people = Candidate.objects.in_bulk(batch.candidates) if self.asks_candidate else {}
        zone = batch.version.journey.workspace.tz
        for run in batch:
            if run.is_waiting:
                self.go_on(batch, run)
                continue
            person = people.get(run.candidate_id)
            until = self.until(batch.now, zone_of(person, zone) if person else zone)
            waiting_for = self.waiting_for if self.is_for_event else ""
            batch.wait(run, f"Waits {self.summary}.", until, waiting_for)

    def go_on(self, batch: Batch, run: Run) -> None:
        if not self.is_for_event:
            batch.go_on(run, "The wait is over.")
        elif run.heard:
            batch.go_on(run, f"It happened: {self.event_text}.")
        else:
            batch.go_on(run, f"Timed out: no {self.event_text.removeprefix('the ')}.", "timed_out")

    @property
    def asks_candidate(self) -> bool:
        return self.options.get("kind") == UNTIL and self.options.get("zone") == "candidate"

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        kind = self.options.get("kind")
        if kind == TIME:
            return now + seconds(self.options["number"], self.options.get("unit"))
        if kind == EVENT:
            at_most = self.options.get("at_most")
            return now + seconds(at_most, self.options.get("at_most_unit")) if at_most else None
        return self.moment_after(now, zone)

    def moment_after(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The date and hour; a date that has passed is now. Without a date, the next such hour."""
        clock = time.fromisoformat(self.options.get("at_time") or "00:00")
        if self.options.get("on_date"):
            day = date.fromisoformat(self.options["on_date"])
            return max(now, datetime.combine(day, clock, zone))
        day = now.astimezone(zone).date()
        for _ in range(8):
            moment = datetime.combine(day, clock, zone)
            if moment > now and self.options.get("weekday", ANY_DAY) in (
                ANY_DAY,
                str(day.weekday()),
            ):
                return moment
            day += timedelta(days=1)
        raise AssertionError("one of eight days is any weekday")

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        return Rehearsal(f"Would wait {self.summary}, and go on.")


def span(number: Any, unit: Any) -> str:
    """ "1 day", "3 days"."""
    if not number:
        return "no time chosen"
    word = str(unit or "days")
    return f"{number} {word.removesuffix('s') if number == 1 else word}"


def seconds(number: int, unit: str | None) -> timedelta:
    return timedelta(seconds=number * UNITS[unit or "days"])


def zone_of(candidate: Candidate, otherwise: ZoneInfo) -> ZoneInfo:
    for name, value in candidate.attributes.items():
        if name.casefold() in ZONES and value in available_timezones():
            return ZoneInfo(value)
    return otherwise
