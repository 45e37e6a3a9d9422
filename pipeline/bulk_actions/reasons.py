"""Why a candidate was left as it is: codes in the database, sentences for people.

An outcome's `reason` is a code, and its `facts` are what the sentence needs: names, a time, who
did it. The sentence is made here, when somebody reads it, in the reader's time zone. A reason that
is not a code is shown as it stands: releases before stored sentences.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Protocol

from django.db.models import TextChoices
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from pipeline.foundation import database_clock
from pipeline.journeys import reasons as journeys
from pipeline.journeys.models.journey import JourneyState
from pipeline.outreach import reasons as outreach
from pipeline.tasks import reasons as tasks

Facts = Mapping[str, Any]
LEFT_OUT = "left_out:"  # with a folder's kind: see writing/left_out.py
NO_FOLDER = "no_folder:"  # with a folder's kind: see operations/stages.py
LAST_YEAR = timedelta(days=300)  # a day as long ago as this is said with its year


class Code(TextChoices):
    TEXT = "text"  # said by somebody else: a provider, or a release before
    DELETED = "deleted"
    LEFT_OUT_HIRED = f"{LEFT_OUT}hired"
    LEFT_OUT_REJECTED = f"{LEFT_OUT}rejected"
    MOVED_AWAY = "moved_away"

    FOLDER_GONE = "folder_gone"
    LEFT_OPENING = "left_opening"
    SAME_EMAIL = "same_email"
    NO_FOLDER_SHORTLISTED = f"{NO_FOLDER}shortlisted"
    NO_FOLDER_ON_HOLD = f"{NO_FOLDER}on_hold"
    NO_FOLDER_HIRED = f"{NO_FOLDER}hired"
    NO_FOLDER_REJECTED = f"{NO_FOLDER}rejected"
    RECRUITER_GONE = "recruiter_gone"
    RECRUITER_BLIND = "recruiter_blind"
    RECRUITER_UNFIT = "recruiter_unfit"
    LABEL_GONE = "label_gone"
    OPENING_GONE = "opening_gone"
    IN_OPENING = "in_opening"
    HAS_APPLICATION = "has_application"
    TOO_MANY_ATTRIBUTES = "too_many_attributes"
    ATTRIBUTES_TOO_LARGE = "attributes_too_large"
    NO_TASK = "no_task"
    NO_TASK_OF_KIND = "no_task_of_kind"
    JOURNEY_GONE = "journey_gone"
    JOURNEY_CLOSED = "journey_closed"
    JOURNEY_BROKEN = "journey_broken"
    IN_JOURNEY = "in_journey"
    NOT_AGAIN = "not_again"
    NOT_AGAIN_YET = "not_again_yet"
    NOT_IN_JOURNEY = "not_in_journey"

    # What an undo finds: no longer as the action left it, or no way back.
    ALREADY_UNDONE = "already_undone"
    MOVED_ON = "moved_on"
    REASSIGNED = "reassigned"
    UNASSIGNED = "unassigned"
    REJECTED_OTHERWISE = "rejected_otherwise"
    LABELLED_OTHERWISE = "labelled_otherwise"
    SET_OTHERWISE = "set_otherwise"
    OLD_FOLDER_GONE = "old_folder_gone"
    OLD_OPENING_HIDDEN = "old_opening_hidden"
    OLD_RECRUITER_GONE = "old_recruiter_gone"
    EMAIL_TAKEN = "email_taken"
    TASK_GONE = "task_gone"
    TASK_ACCEPTED = "task_accepted"
    TASK_COMPLETED = "task_completed"
    TASK_CANCELED = "task_canceled"
    RUN_GONE = "run_gone"
    RUN_FINISHED = "run_finished"
    RUN_STOPPED = "run_stopped"
    RUN_FAILED = "run_failed"


class AnyReason(Protocol):
    """This room's, or another's."""

    @property
    def code(self) -> str: ...
    @property
    def facts(self) -> Facts | None: ...


@dataclass(frozen=True)
class Reason:
    """A code with its facts, where both are known before the candidates are looked at."""

    code: str
    facts: Facts | None = None


NO_REASON = Reason("")


def as_text(text: str) -> Reason:
    """The reason that somebody else has put into words."""
    return Reason(Code.TEXT, {"text": text}) if text else NO_REASON


def sentence_of(reason: str, facts: Any = None, zone: tzinfo | None = None) -> str:
    """What a reason says to people; its times in `zone`, or else the current time zone.

    Never fails: where facts are missing or damaged, it says as much as is known.
    """
    for prefix, said_there in ROOMS.items():
        if reason.startswith(prefix):
            return said_there(reason, facts)
    if reason not in SENTENCES:
        return reason
    *fuller, plain = SENTENCES[Code(reason)]
    words = words_of(facts, zone) if isinstance(facts, Mapping) else {}
    for sentence in fuller:
        try:
            return str(sentence) % words
        except KeyError:
            continue
    return str(plain)


def words_of(facts: Mapping[str, Any], zone: tzinfo | None) -> dict[str, str]:
    """What the placeholders of sentences stand for; nothing for a fact that is damaged."""
    words = {name: word for name, value in facts.items() if (word := word_of(value))}
    at = moment_in(facts.get("at"), zone)
    if at:
        words["day"], words["moment"] = day_of(at), format_date(at, "j M Y, H:i")
    days = facts.get("days")
    if isinstance(days, int):
        words["days"] = ngettext("%(days)s day", "%(days)s days", days) % {"days": localize(days)}
    why = facts.get("why")
    if isinstance(why, Mapping) and why.get("code"):  # a run's, with facts of its own
        words["why"] = journeys.sentence_of(str(why["code"]), why.get("facts"))
    state = facts.get("state")
    if state in JourneyState.values:
        words["state"] = JourneyState(state).label.lower()
    return words


def word_of(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return ", ".join(gettext("“%(name)s”") % {"name": name} for name in value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return value if isinstance(value, str) else str(localize(value))


def moment_in(text: Any, zone: tzinfo | None) -> datetime | None:
    try:
        return timezone.localtime(datetime.fromisoformat(text), zone)
    except (TypeError, ValueError, OverflowError):
        return None


def day_of(at: datetime) -> str:
    """ "21 Nov"; with the year, where it may not be this one."""
    return format_date(at, "j M Y" if database_clock.now() - at > LAST_YEAR else "j M")


# Codes of other rooms begin like this; their sentences are made there.
ROOMS: dict[str, Callable[[str, Any], str]] = {
    outreach.PREFIX: outreach.sentence_of,
    tasks.PREFIX: tasks.sentence_of,
}

# Of each code the first sentence whose placeholders all have their facts; the last needs none.
SENTENCES: dict[Code, tuple[Any, ...]] = {
    Code.TEXT: ("%(text)s", _("Unknown reason.")),
    Code.DELETED: (_("The candidate was deleted before its turn came."),),
    Code.LEFT_OUT_HIRED: (_("Left out: is Hired."),),
    Code.LEFT_OUT_REJECTED: (_("Left out: is already Rejected."),),
    Code.MOVED_AWAY: (_("Was moved to another opening before its turn came."),),
    Code.FOLDER_GONE: (
        _("The folder %(folder)s no longer exists."),
        _("The folder no longer exists."),
    ),
    Code.LEFT_OPENING: (
        _("Was moved out of %(opening)s before its turn came."),
        _("Was moved out of the opening before its turn came."),
    ),
    Code.SAME_EMAIL: (
        _("Already in %(opening)s with the same e-mail."),
        _("Already in the opening with the same e-mail."),
    ),
    Code.NO_FOLDER_SHORTLISTED: (
        _("%(opening)s has no folder for shortlisted candidates."),
        _("The opening has no folder for shortlisted candidates."),
    ),
    Code.NO_FOLDER_ON_HOLD: (
        _("%(opening)s has no folder for held candidates."),
        _("The opening has no folder for held candidates."),
    ),
    Code.NO_FOLDER_HIRED: (
        _("%(opening)s has no folder for hired candidates."),
        _("The opening has no folder for hired candidates."),
    ),
    Code.NO_FOLDER_REJECTED: (
        _("%(opening)s has no folder for rejected candidates."),
        _("The opening has no folder for rejected candidates."),
    ),
    Code.RECRUITER_GONE: (
        _("%(recruiter)s is no longer a recruiter here."),
        _("The recruiter is no longer a recruiter here."),
    ),
    Code.RECRUITER_BLIND: (
        _("%(recruiter)s does not see %(opening)s."),
        _("The recruiter does not see the opening."),
    ),
    Code.RECRUITER_UNFIT: (
        _("%(recruiter)s is no longer a recruiter who sees %(opening)s."),
        _("The recruiter is no longer one who sees the opening."),
    ),
    Code.LABEL_GONE: (
        _("One of the labels %(labels)s no longer exists."),
        _("One of the labels no longer exists."),
    ),
    Code.OPENING_GONE: (
        _("The opening %(opening)s no longer exists."),
        _("The opening no longer exists."),
    ),
    Code.IN_OPENING: (_("Already in %(opening)s."), _("Already in the opening.")),
    Code.HAS_APPLICATION: (
        _("Already has an application in %(opening)s."),
        _("Already has an application in the opening."),
    ),
    Code.TOO_MANY_ATTRIBUTES: (
        _("A candidate can have up to %(most)s attributes. Take one away first."),
        _("The candidate has too many attributes. Take one away first."),
    ),
    Code.ATTRIBUTES_TOO_LARGE: (
        _(
            "A candidate's attributes can have up to %(most)s characters in total."
            " Take some away first."
        ),
        _("The candidate's attributes are too large. Take some away first."),
    ),
    Code.NO_TASK: (_("No waiting task."),),
    Code.NO_TASK_OF_KIND: (_("No waiting task of this kind."),),
    Code.JOURNEY_GONE: (
        _("The journey “%(journey)s” no longer exists."),
        _("The journey no longer exists."),
    ),
    Code.JOURNEY_CLOSED: (
        _("The journey “%(journey)s” is %(state)s: nobody enters it."),
        _("The journey is not live: nobody enters it."),
    ),
    Code.JOURNEY_BROKEN: (
        _("The journey “%(journey)s” can’t be started: %(why)s"),
        _("The journey can’t be started."),
    ),
    Code.IN_JOURNEY: (_("Is in it already."),),
    Code.NOT_AGAIN: (_("Was in it, and may not come again (rule: never)."),),
    Code.NOT_AGAIN_YET: (
        _("Was in it, and may not come again yet (rule: after %(days)s)."),
        _("Was in it, and may not come again yet."),
    ),
    Code.NOT_IN_JOURNEY: (_("Is not in it."),),
    Code.ALREADY_UNDONE: (
        _("Already undone by %(by)s on %(day)s."),
        _("Already undone."),
    ),
    Code.MOVED_ON: (
        _("Moved on to %(folder)s by %(by)s on %(day)s."),
        _("Moved on to %(folder)s since, outside of bulk actions."),
        _("Moved on since."),
    ),
    Code.REASSIGNED: (
        _("Assigned anew by %(by)s on %(day)s."),
        _("Assigned anew since, outside of bulk actions."),
    ),
    Code.UNASSIGNED: (
        _("Taken from every recruiter by %(by)s on %(day)s."),
        _("Taken from every recruiter since, outside of bulk actions."),
    ),
    Code.REJECTED_OTHERWISE: (
        _("Rejected for other reasons by %(by)s on %(day)s."),
        _("Rejected for other reasons since, outside of bulk actions."),
    ),
    Code.LABELLED_OTHERWISE: (
        _("Labelled otherwise by %(by)s on %(day)s."),
        _("Labelled otherwise since, outside of bulk actions."),
    ),
    Code.SET_OTHERWISE: (
        _("Set otherwise by %(by)s on %(day)s."),
        _("Set otherwise since, outside of bulk actions."),
    ),
    Code.OLD_FOLDER_GONE: (_("The folder that it was in no longer exists."),),
    Code.OLD_OPENING_HIDDEN: (
        _("The candidate was in an opening that the person who undid this can't see."),
    ),
    Code.OLD_RECRUITER_GONE: (_("The recruiter that it had is no longer in the workspace."),),
    Code.EMAIL_TAKEN: (
        _("Somebody with the same e-mail is now in %(opening)s."),
        _("Somebody with the same e-mail is now in the opening."),
    ),
    Code.TASK_GONE: (_("The task no longer exists."),),
    Code.TASK_ACCEPTED: (
        _("The task was accepted by %(by)s on %(moment)s."),
        _("The task was accepted by an agent."),
    ),
    Code.TASK_COMPLETED: (
        _("The task was completed by %(by)s on %(moment)s."),
        _("The task was completed."),
    ),
    Code.TASK_CANCELED: (
        _("The task was canceled by Journey %(journey)s “%(by)s” v%(version)s on %(moment)s."),
        _("The task was canceled by %(by)s on %(moment)s."),
        _("The task was canceled."),
    ),
    Code.RUN_GONE: (_("The run no longer exists."),),
    Code.RUN_FINISHED: (_("The run has come to its end."),),
    Code.RUN_STOPPED: (
        _("The run was stopped before. %(why)s"),
        _("The run was stopped before."),
    ),
    Code.RUN_FAILED: (_("The run had failed. %(why)s"), _("The run had failed.")),
}
