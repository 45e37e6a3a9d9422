"""Why a task can't be made, and why Belay itself canceled one: codes, and their sentences.

A reason is kept and sent as a code with facts; `sentence_of` is the one place that words it. What
a person or another system wrote as a reason is no code, and is shown as it was written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from psycopg.types.json import Jsonb

from pipeline.outreach.models import CampaignChannel

Facts = Mapping[str, Any]
PREFIX = "task."
UNKNOWN = "…"  # in the place of a fact that is missing


class Code(StrEnum):
    """A code keeps its meaning for ever: tasks and outcomes of years have it."""

    # A task can't be made; see `rule_book`.
    NEEDS_TIME = f"{PREFIX}needs_time"
    NEEDS_AGENT = f"{PREFIX}needs_agent"
    CAMPAIGN_GONE = f"{PREFIX}campaign_gone"
    CAMPAIGN_AUTOMATED = f"{PREFIX}campaign_automated"
    CAMPAIGN_DRAFT = f"{PREFIX}campaign_draft"
    CAMPAIGN_UNFIT = f"{PREFIX}campaign_unfit"
    NO_PHONE = f"{PREFIX}no_phone"
    NO_EMAIL = f"{PREFIX}no_email"
    CALL_OPT_OUT = f"{PREFIX}call_opt_out"
    SMS_OPT_OUT = f"{PREFIX}sms_opt_out"
    EMAIL_OPT_OUT = f"{PREFIX}email_opt_out"
    ENOUGH_WAITING = f"{PREFIX}enough_waiting"
    # Belay canceled a task.
    TIMED_OUT = f"{PREFIX}timed_out"
    CALLBACK_NOT_WANTED = f"{PREFIX}callback_not_wanted"
    JOURNEY_BLOCK = f"{PREFIX}journey_block"
    UNDONE = f"{PREFIX}undone"


@dataclass(frozen=True)
class Reason:
    code: Code
    facts: Facts = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence_of(self.code, self.facts)


def sentence_of(code: str, facts: Any) -> str:
    """For people. An unknown code stands for itself, and damaged facts never raise."""
    word = SENTENCES.get(code)
    return word(facts if isinstance(facts, Mapping) else {}) if word else str(code)


def kept(reason: str | Reason) -> dict[str, Any]:
    """The columns of a canceled task that say why: a code with its facts, or somebody's words."""
    if isinstance(reason, Reason):
        return {"cancel_reason": str(reason.code), "cancel_facts": Jsonb(dict(reason.facts))}
    return {"cancel_reason": reason, "cancel_facts": None}


def shown(reason: str, facts: Any) -> str:
    """A kept reason, for people."""
    return reason if facts is None else sentence_of(reason, facts)


def code_of(reason: str, facts: Any) -> str | None:
    """A kept reason, for programs; None for somebody's words."""
    return None if facts is None else reason


def text(facts: Facts, name: str) -> str:
    value = facts.get(name)
    return UNKNOWN if value is None or value == "" else str(value)


def number(facts: Facts, name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def type_name(facts: Facts) -> str:
    # From the field, as the models themselves import this module.
    labels = dict(apps.get_model("tasks", "Task")._meta.get_field("type").flatchoices)
    name = text(facts, "type")
    return str(labels.get(name, name))


def channel_names(facts: Facts) -> list[str]:
    values = facts.get("channels")
    named = values if isinstance(values, list) else []
    return [str(channel.label) for channel in CampaignChannel if channel in named]


def needs_time(facts: Facts) -> str:
    return _("A %(type)s needs a time. Enter when it is due.") % {"type": type_name(facts)}


def needs_agent(facts: Facts) -> str:
    return _("Only an agent can create a %(type)s, and it is assigned to that agent at once.") % {
        "type": type_name(facts)
    }


def campaign_gone(facts: Facts) -> str:
    return _("The campaign “%(campaign)s” no longer exists.") % {
        "campaign": text(facts, "campaign")
    }


def campaign_automated(facts: Facts) -> str:
    return _("%(campaign)s is automated: it sends messages automatically and has no tasks.") % {
        "campaign": text(facts, "campaign")
    }


def campaign_draft(facts: Facts) -> str:
    return _("%(campaign)s is a draft. Make it ready first.") % {
        "campaign": text(facts, "campaign")
    }


def campaign_unfit(facts: Facts) -> str:
    """With the channels of the campaigns that the type does fit."""
    shown = {"type": type_name(facts), "campaign": text(facts, "campaign")}
    if fitting := channel_names(facts):
        shown["channel"] = " / ".join(fitting)
        return (
            _("%(type)s does not fit %(campaign)s. Choose a campaign with the channel %(channel)s.")
            % shown
        )
    return (
        _("%(type)s does not fit %(campaign)s: tasks of this type can’t belong to a campaign.")
        % shown
    )


def enough_waiting(facts: Facts) -> str:
    most, shown = number(facts, "most"), {"type": type_name(facts)}
    if most is None:
        return (
            _("The candidate already has as many waiting tasks of the type %(type)s as allowed.")
            % shown
        )
    return ngettext(
        "The candidate already has %(most)d waiting task of the type %(type)s, the most your"
        " workspace allows. Complete or cancel it, or raise the limit in Settings → Tasks.",
        "The candidate already has %(most)d waiting tasks of the type %(type)s, the most your"
        " workspace allows. Complete or cancel one, or raise the limit in Settings → Tasks.",
        most,
    ) % (shown | {"most": most})


def timed_out(facts: Facts) -> str:
    days = number(facts, "days")
    if days is None:
        return _("No agent accepted it in time.")
    return ngettext(
        "No agent accepted it for %(days)d day.", "No agent accepted it for %(days)d days.", days
    ) % {"days": days}


def journey_block(facts: Facts) -> str:
    return _("Journey %(journey)s “%(name)s”: %(block)s.") % {
        name: text(facts, name) for name in ("journey", "name", "block")
    }


def undone(facts: Facts) -> str:
    return _("Undo of “%(title)s”.") % {"title": text(facts, "title")}


SENTENCES: dict[str, Callable[[Facts], str]] = {
    Code.NEEDS_TIME: needs_time,
    Code.NEEDS_AGENT: needs_agent,
    Code.CAMPAIGN_GONE: campaign_gone,
    Code.CAMPAIGN_AUTOMATED: campaign_automated,
    Code.CAMPAIGN_DRAFT: campaign_draft,
    Code.CAMPAIGN_UNFIT: campaign_unfit,
    Code.NO_PHONE: lambda _facts: _("Has no phone number."),
    Code.NO_EMAIL: lambda _facts: _("Has no e-mail address."),
    Code.CALL_OPT_OUT: lambda _facts: _("Has opted out of calls."),
    Code.SMS_OPT_OUT: lambda _facts: _("Has opted out of SMS."),
    Code.EMAIL_OPT_OUT: lambda _facts: _("Has opted out of e-mails."),
    Code.ENOUGH_WAITING: enough_waiting,
    Code.TIMED_OUT: timed_out,
    Code.CALLBACK_NOT_WANTED: lambda _facts: _("The candidate no longer wants to be called back."),
    Code.JOURNEY_BLOCK: journey_block,
    Code.UNDONE: undone,
}
