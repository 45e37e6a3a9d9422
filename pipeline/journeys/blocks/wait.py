from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext

from pipeline.candidates.models import Candidate, CandidateLabel, Folder, Label
from pipeline.foundation.words import counted
from pipeline.journeys.models import Run
from pipeline.journeys.models.listener import Kind, key
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.batch import Batch
from pipeline.workspaces.models import Workspace

from .base import Block, Rehearsal, gone, row_of, text_in
from .wait_form import (
    ANY_DAY,
    DAYS,
    EVENT,
    TIME,
    UNITS,
    UNTIL,
    WANTED,
    WaitForm,
    missing,
    unreadable,
)

ZONES = ("time zone", "timezone", "time_zone", "tz")  # attributes that may say a candidate's
# A label that is added while the run begins to wait for it is found by looking once more.
LOOK_AGAIN = timedelta(seconds=3)
LOOK_DAILY = timedelta(days=1)  # at what may be gone, where nothing else ends the wait


class Wait(Block):
    """The candidate stays here for a time, until a moment, or until something happens."""

    key = "wait"
    label = "Wait"
    about = "Stay for a time, until a date or hour, or until something happens."
    form = WaitForm

    @property
    def kind(self) -> str:
        return text_in(self.options, "kind")

    @property
    def event(self) -> str:
        return text_in(self.options, "event") if self.kind == EVENT else ""

    @property
    def is_for_event(self) -> bool:
        return self.kind == EVENT

    @property
    def ways(self) -> dict[str, str]:
        if not self.is_for_event:
            return {"next": ""}
        timed_out = {"timed_out": "Timed out"} if self.options.get("at_most") else {}
        return {"next": "It happened", **timed_out}

    @property
    def summary(self) -> str:
        if self.kind == TIME:
            return span(self.options.get("number"), self.options.get("unit"))
        if self.kind == UNTIL:
            return f"until {self.moment}"
        at_most = self.options.get("at_most")
        limit = f", at most {span(at_most, self.options.get('at_most_unit'))}" if at_most else ""
        return f"for {self.event_text}{limit}"

    @property
    def moment(self) -> str:
        """ "Monday 09:00 in the candidate's time zone"."""
        weekday = text_in(self.options, "weekday")
        named = DAYS[int(weekday)] if weekday in [*"0123456"] else ""
        parts = [text_in(self.options, "on_date") or named, text_in(self.options, "at_time")[:5]]
        said = " ".join(filter(None, parts))
        in_zone = " in the candidate's time zone" if self.asks_candidate else ""
        return f"{said}{in_zone}" if said else "no moment chosen"

    @property
    def event_text(self) -> str:
        names: dict[str, str] = {
            Kind.LABEL: f"the label “{text_in(self.options, 'label_name')}”",
            Kind.FOLDER: f"the folder “{text_in(self.options, 'folder_name')}”",
            Kind.EVENT: f"the event “{text_in(self.options, 'event_name')}”",
        }
        return names.get(self.event, "nothing chosen")

    @property
    def heard_as(self) -> tuple[str, int | None, str]:
        """The kind, ref and name of what it waits for."""
        if self.event == Kind.EVENT:
            return self.event, None, text_in(self.options, "event_name")
        return self.event, self.options.get(WANTED[self.event]), ""

    def listens_to(self) -> list[tuple[str, int | None, str]]:
        return [self.heard_as] if self.event in WANTED else []

    def problems(self, workspace: Workspace) -> list[str]:
        problems = list(missing(self.options).values()) or [unreadable(self.options)]
        if not any(problems) and self.event in (Kind.LABEL, Kind.FOLDER):
            rows: Any = Label.objects.filter(workspace=workspace)
            if self.event == Kind.FOLDER:
                rows = Folder.objects.filter(opening__workspace=workspace)
            if row_of(rows, self.options.get(self.event)) is None:
                problems.append(gone(self.event, text_in(self.options, f"{self.event}_name")))
        return [problem for problem in problems if problem]

    def execute(self, batch: Batch) -> None:
        if self.fail_if_misconfigured(batch):
            return
        zone = batch.version.journey.workspace.tz
        zones = zones_of(batch.candidates, zone) if self.asks_candidate else {}
        already = self.already(batch.candidates)
        for run in batch:
            if run.heard or run.candidate_id in already:
                batch.go_on(run, because(Code.WAIT_HAPPENED, what=self.event_text))
            elif not run.is_waiting:
                self.begin(batch, run, zones.get(run.candidate_id, zone))
            elif not self.is_for_event:
                batch.go_on(run, because(Code.WAIT_OVER))
            else:
                self.look_again(batch, run)

    def already(self, candidates: list[int]) -> set[int]:
        """Of whom it is true what is waited for: who have the label, or are in the folder."""
        if self.event == Kind.LABEL:
            given = CandidateLabel.objects.filter(label=self.options["label"])
            return set(
                given.filter(candidate__in=candidates).values_list("candidate_id", flat=True)
            )
        if self.event == Kind.FOLDER:
            there = Candidate.objects.filter(folder=self.options["folder"], pk__in=candidates)
            return set(there.order_by().values_list("pk", flat=True))
        return set()

    def begin(self, batch: Batch, run: Run, zone: ZoneInfo) -> None:
        begun = because(Code.WAIT_BEGUN, what=self.summary)
        if not self.is_for_event:
            batch.wait(run, begun, self.until(batch.now, zone))
        elif self.event == Kind.EVENT:
            batch.wait(run, begun, self.until(batch.now, zone), key(*self.heard_as))
        else:
            batch.wait(run, begun, batch.now + LOOK_AGAIN, key(*self.heard_as), looks=1)

    def look_again(self, batch: Batch, run: Run) -> None:
        """It has not happened: that was the time out, or it is waited for further."""
        is_first = run.tries == 1 and run.due_at is not None
        if self.options.get("at_most") and not is_first:
            lacking = self.event_text.removeprefix("the ")
            batch.go_on(run, because(Code.WAIT_TIMED_OUT, what=lacking), "timed_out")
            return
        until = self.until(run.due_at - LOOK_AGAIN, ZoneInfo("UTC")) if run.due_at else None
        until = until or batch.now + LOOK_DAILY
        still = because(Code.WAIT_BEGUN, what=self.summary)
        batch.wait(run, still, until, key(*self.heard_as), looks=2, is_logged=False)

    @property
    def asks_candidate(self) -> bool:
        return self.kind == UNTIL and self.options.get("zone") == "candidate"

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        if self.kind == TIME:
            return now + length(self.options["number"], self.options.get("unit"))
        if self.kind == EVENT:
            at_most = self.options.get("at_most")
            return now + length(at_most, self.options.get("at_most_unit")) if at_most else None
        return self.moment_after(now, zone)

    def moment_after(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The date and hour; a date that has passed is now. Without a date, the next such hour.

        An hour that the clocks skip in spring is one later; of one that comes twice, the first.
        """
        clock = time.fromisoformat(self.options.get("at_time") or "00:00")
        if self.options.get("on_date"):
            day = date.fromisoformat(self.options["on_date"])
            return max(now, datetime.combine(day, clock, zone).astimezone(UTC))
        day = now.astimezone(zone).date()
        weekday = self.options.get("weekday") or ANY_DAY
        for _ in range(8):
            moment = datetime.combine(day, clock, zone).astimezone(UTC)
            if moment > now and weekday in (ANY_DAY, str(day.weekday())):
                return moment
            day += timedelta(days=1)
        raise AssertionError("one of eight days is any weekday")

    def rehearse(self, candidate: Candidate) -> Rehearsal:
        if problems := self.problems(candidate.workspace):
            return Rehearsal(f"The run would fail: {problems[0]}", way="")
        if candidate.pk in self.already([candidate.pk]):
            return Rehearsal(
                gettext("Would not wait: %(event_text)s has already happened.")
                % {"event_text": self.event_text}
            )
        return Rehearsal(
            gettext("Would wait %(summary)s, then continue.") % {"summary": self.summary}
        )


def span(number: Any, unit: Any) -> str:
    """ "1 day", "3 days"."""
    if not number or not isinstance(number, int):  # as in an option that is not one
        return "no time chosen"
    return counted(number, str(unit or "days").removesuffix("s"))


def length(number: int, unit: str | None) -> timedelta:
    return timedelta(seconds=number * UNITS[unit or "days"])


def zones_of(candidates: list[int], otherwise: ZoneInfo) -> dict[int, ZoneInfo]:
    people = Candidate.objects.filter(pk__in=candidates).only("attributes").order_by()
    return {
        candidate.pk: zone_of(candidate, otherwise) for candidate in people.iterator(chunk_size=100)
    }


def zone_of(candidate: Candidate, otherwise: ZoneInfo) -> ZoneInfo:
    for name, value in candidate.attributes.items():
        if name.casefold() in ZONES and isinstance(value, str) and value in all_zones():
            return ZoneInfo(value)
    return otherwise


@cache
def all_zones() -> set[str]:
    return available_timezones()
