"""The sentences of the codes, made when they are shown; the only place that knows them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pipeline.candidates.models import FolderKind
from pipeline.outreach import reasons as outreach
from pipeline.outreach.models import NOUNS, Channel
from pipeline.tasks import reasons as tasks
from pipeline.tasks.models.types import TaskType

from .codes import Code

Facts = Mapping[str, Any]
UNKNOWN = "…"  # in place of a fact that is missing
DAMAGED = gettext_lazy("The details of this step are damaged and can't be shown.")


def sentence_of(code: str, facts: Facts | None = None) -> str:
    """Never raises. What is no code is the sentence itself: so the releases before codes wrote.

    Reasons of the rooms below are worded there.
    """
    known = SENTENCES.get(code)
    if known is None:
        return of_another_room(code, facts)
    try:
        given = Given(facts or {})
        return str(known) % given if isinstance(known, Promise) else known(given)
    except Exception:  # whatever somebody wrote into the facts
        return str(DAMAGED)


def of_another_room(code: str, facts: Facts | None) -> str:
    for prefix, sentence in OTHER_ROOMS.items():
        if code.startswith(prefix):
            return sentence(code, facts)
    return str(code)


def title_of(code: str) -> str:
    """Of a line in the log that no block wrote."""
    return _("Not started") if code == Code.ENTERED_TOO_OFTEN else _("Stopped")


class Given(dict[str, Any]):
    """Facts as a sentence takes them: with other reasons in words, and a sign for what is missing.

    As in {"problem": {"code": "block.gone", "facts": {…}}}.
    """

    def __getitem__(self, name: str) -> Any:
        value = self.get(name)
        if isinstance(value, dict) and "code" in value:
            return sentence_of(value["code"], value.get("facts"))
        return UNKNOWN if value is None else value


def several(facts: Facts) -> str:
    return " ".join(sentence_of(reason["code"], reason.get("facts")) for reason in facts["reasons"])


def stopped_by_action(facts: Facts) -> str:
    if facts.get("reason"):
        return _("Stopped by %(by)s, bulk action %(action)s: %(reason)s") % facts
    return _("Stopped by %(by)s, bulk action %(action)s.") % facts


def gone(facts: Facts) -> str:
    kinds = {
        "campaign": _("The campaign “%(name)s” no longer exists."),
        "folder": _("The folder “%(name)s” no longer exists."),
        "journey": _("The journey “%(name)s” no longer exists."),
        "label": _("The label “%(name)s” no longer exists."),
        "opening": _("The opening “%(name)s” no longer exists."),
        "recruiter": _("The recruiter “%(name)s” no longer exists."),
        "template": _("The template “%(name)s” no longer exists."),
        "webhook": _("The webhook “%(name)s” no longer exists."),
    }
    return kinds.get(facts["kind"], _("“%(name)s” no longer exists.")) % facts


def left(facts: Facts) -> str:
    return str(facts.get("reason") or _("Leave the journey"))


def canceled(facts: Facts) -> str:
    """ "Canceled 2 waiting tasks: Outbound Call, ASAP Callback. Spared 1 that Ana Ruiz has." """
    sentences = [_("Canceled nothing: there were no such waiting tasks.")]
    if taken := facts["canceled"]:
        number = sum(taken.values())
        sentence = ngettext(
            "Canceled %(number)d waiting task: %(kinds)s.",
            "Canceled %(number)d waiting tasks: %(kinds)s.",
            number,
        )
        sentences = [sentence % {"number": number, "kinds": kinds_of(taken)}]
    if spared := facts.get("spared"):
        sentence = _("Kept %(number)d that %(agents)s had accepted: %(kinds)s.")
        agents = ", ".join(facts["agents"])
        given = {"number": sum(spared.values()), "agents": agents, "kinds": kinds_of(spared)}
        sentences.append(sentence % given)
    return " ".join(sentences)


def kinds_of(counts: Mapping[str, int]) -> str:
    kinds = sorted((str(TaskType(type).label), number) for type, number in counts.items())
    return ", ".join(f"{number} {kind}" if number > 1 else kind for kind, number in kinds)


def not_live(facts: Facts) -> str:
    states = {
        "draft": _("Did not start journey %(journey)s “%(name)s”: it is a draft."),
        "paused": _("Did not start journey %(journey)s “%(name)s”: it is paused."),
        "archived": _("Did not start journey %(journey)s “%(name)s”: it is archived."),
    }
    return states[facts["state"]] % facts


def runs_stopped(facts: Facts) -> str:
    """ "Stopped 2 runs: journey 7 “Win back”, journey 9 “Reminders”." """
    journeys = facts["journeys"]
    if not journeys:
        return _("Stopped nothing: the candidate was not in such a journey.")
    sentence = ngettext(
        "Stopped %(number)d run: %(names)s.", "Stopped %(number)d runs: %(names)s.", len(journeys)
    )
    names = Counter(
        _("journey %(journey)s “%(name)s”") % {"journey": pk, "name": name} for pk, name in journeys
    )
    return sentence % {"number": len(journeys), "names": ", ".join(sorted(names))}


def no_such_folder(facts: Facts) -> str:
    kind = FolderKind(facts["kind"]).label
    sentence = _("Not moved: %(opening)s does not have a folder of the kind %(kind)s.")
    return sentence % {"opening": facts["opening"], "kind": kind}


def labels_added(facts: Facts) -> str:
    return _("Added %(labels)s.") % {"labels": quoted(facts["labels"])}


def labels_removed(facts: Facts) -> str:
    return _("Removed %(labels)s.") % {"labels": quoted(facts["labels"])}


def quoted(names: Iterable[str]) -> str:
    return ", ".join(_("“%(name)s”") % {"name": name} for name in names)


def recruiter(facts: Facts) -> str:
    names = {name: facts.get(name) or _("no one") for name in ("before", "after")}
    return _("Recruiter: %(after)s (was %(before)s).") % names


def attribute_set(facts: Facts) -> str:
    if facts.get("before"):
        return _("Set %(name)s to “%(after)s” (was “%(before)s”).") % facts
    return _("Set %(name)s to “%(after)s” (was nothing).") % facts


def about_message(sentence: Promise) -> Callable[[Facts], str]:
    """With what was sent: "SMS “Reminder”", or "SMS" where its template is not known."""

    def words(facts: Facts) -> str:
        noun = str(NOUNS[Channel(facts["channel"])])
        named = _("%(noun)s “%(template)s”") % {"noun": noun, "template": facts["template"]}
        return str(sentence) % Given({**facts, "message": named if facts.get("template") else noun})

    return words


OTHER_ROOMS: dict[str, Callable[[str, Facts | None], str]] = {
    outreach.PREFIX: outreach.sentence_of,
    tasks.PREFIX: tasks.sentence_of,
}
SENTENCES: dict[str, Promise | Callable[[Facts], str]] = {
    Code.TEXT: gettext_lazy("%(text)s"),
    Code.SEVERAL: several,
    Code.ENDED: gettext_lazy("Reached the end of the journey."),
    Code.ERROR: gettext_lazy("Unexpected error. Contact support: run %(run)s, block %(block)s."),
    Code.LOOP: gettext_lazy(
        "Stopped after %(steps)s steps in a row without a wait: this journey is "
        "going around in a loop. Add a Wait to the loop, or a Condition that leads "
        "out of it."
    ),
    Code.ENTERED_TOO_OFTEN: gettext_lazy(
        "Stopped: the candidate has entered this journey %(times)s times within an "
        "hour, so journeys make them enter again and again. Add a Wait, or allow "
        "candidates to enter the journey only once."
    ),
    Code.UNREADABLE: gettext_lazy("%(problem)s"),
    Code.BLOCK_GONE: gettext_lazy(
        "The run's current block is no longer in this version of the journey."
    ),
    Code.BLOCK_UNKNOWN: gettext_lazy("Belay no longer knows the block “%(type)s”."),
    Code.STOPPED_BY_HAND: gettext_lazy("%(by)s stopped it."),
    Code.STOPPED_ARCHIVED: gettext_lazy("%(by)s archived the journey."),
    Code.STOPPED_BY_ACTION: stopped_by_action,
    Code.STOPPED_BY_UNDO: gettext_lazy(
        "Stopped by %(by)s, bulk action %(action)s: Undo of “%(title)s”."
    ),
    Code.STOPPED_BY_JOURNEY: gettext_lazy(
        "Stopped by Journey %(journey)s “%(name)s” v%(version)s: %(block)s."
    ),
    Code.REJECTED: gettext_lazy("The candidate was rejected."),
    Code.HIRED: gettext_lazy("The candidate was hired."),
    Code.OPTED_OUT: gettext_lazy("The candidate opted out of messages."),
    Code.MISCONFIGURED: gettext_lazy("%(problem)s"),
    Code.GONE: gone,
    Code.STARTS_ITSELF: gettext_lazy(
        "A journey can't start itself. Connect a path to its first block instead."
    ),
    Code.STOPS_ITSELF: gettext_lazy("A journey can't stop itself with this block. Use Exit."),
    Code.OTHERS_AT_IT: gettext_lazy(
        "Other candidates are entering or leaving right now. Belay tries again at once."
    ),
    Code.WAIT_BEGUN: gettext_lazy("Waits %(what)s."),
    Code.WAIT_OVER: gettext_lazy("The wait is over."),
    Code.WAIT_HAPPENED: gettext_lazy("It happened: %(what)s."),
    Code.WAIT_TIMED_OUT: gettext_lazy("Timed out: no %(what)s."),
    Code.CONDITION_MET: gettext_lazy("Yes: %(rule)s."),
    Code.CONDITION_NOT_MET: gettext_lazy("No: not met: %(rule)s."),
    Code.CONDITION_NONE_MET: gettext_lazy("No: none met: %(rule)s."),
    Code.SPLIT: gettext_lazy("Took path %(way)s"),
    Code.EXIT: left,
    Code.TASK_CREATED: gettext_lazy("Created task %(task)s: %(what)s"),
    Code.TASK_REFUSED: gettext_lazy("No task was created. %(problem)s"),
    Code.TASKS_CANCELED: canceled,
    Code.STARTED: gettext_lazy("Started journey %(journey)s “%(name)s”."),
    Code.START_IS_IN_IT: gettext_lazy(
        "Did not start journey %(journey)s “%(name)s”: the candidate is already in it."
    ),
    Code.START_NOT_AGAIN: gettext_lazy(
        "Did not start journey %(journey)s “%(name)s”: its rule does not let the "
        "candidate enter again."
    ),
    Code.START_NOT_LIVE: not_live,
    Code.START_TOO_OFTEN: gettext_lazy(
        "Stopped: the candidate has entered journey %(journey)s “%(name)s” %(times)s "
        "times within an hour, so journeys are starting each other in a loop. Add a "
        "Wait, or allow candidates to enter the journey only once."
    ),
    Code.RUNS_STOPPED: runs_stopped,
    Code.WEBHOOK_TOLD: gettext_lazy("Sent to %(name)s, delivery %(delivery)s."),
    Code.WEBHOOK_OFF: gettext_lazy("Nothing was sent: the webhook “%(name)s” is switched off."),
    Code.UNCHANGED: gettext_lazy("No change needed."),
    Code.MOVED: gettext_lazy("Moved from %(before)s to %(after)s."),
    Code.NOT_MOVED: gettext_lazy("Not moved: %(folder)s belongs to %(of)s, not to %(opening)s."),
    Code.NO_SUCH_FOLDER: no_such_folder,
    Code.LABELS_ADDED: labels_added,
    Code.LABELS_REMOVED: labels_removed,
    Code.RECRUITER: recruiter,
    Code.RECRUITER_BLIND: gettext_lazy("Not assigned: %(name)s can't see %(opening)s."),
    Code.ATTRIBUTE_SET: attribute_set,
    Code.ATTRIBUTE_REMOVED: gettext_lazy("Removed %(name)s."),
    Code.ATTRIBUTE_REFUSED: gettext_lazy("%(name)s was not set: %(problem)s"),
    Code.MESSAGE_SENT: about_message(gettext_lazy("Sent the %(message)s to %(address)s.")),
    Code.MESSAGE_FAILED: about_message(
        gettext_lazy("The %(message)s to %(address)s was not sent: %(problem)s")
    ),
    Code.MESSAGE_UNCONFIRMED: about_message(
        gettext_lazy("The %(message)s to %(address)s is unconfirmed: %(problem)s")
    ),
    Code.MESSAGE_NOT_SENT: gettext_lazy("Nothing was sent. %(problem)s"),
    Code.MESSAGE_WAITS: gettext_lazy("Waits: %(problem)s"),
    Code.MESSAGE_RETRIED: gettext_lazy("%(problem)s Tries again every minute."),
    Code.MESSAGE_GIVEN_UP: gettext_lazy("%(problem)s Gave up after %(tries)s tries."),
}
