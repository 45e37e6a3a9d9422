"""A template's text in an operation's options: what it becomes, for whom, and for whom not."""

from dataclasses import replace
from typing import Any

from django.db.models import Q

from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.outreach import limits, optouts
from pipeline.outreach.drafts import RELATED, Draft, draft_of
from pipeline.outreach.missing import count_missing, with_all_values
from pipeline.outreach.models import Channel, MessageTemplate
from pipeline.outreach.reasons import CantSend, no_address, opted_out
from pipeline.workspaces.models import Workspace

from .base import Preview, Sample, Skip

Text = dict[str, Any]  # channel, subject, body, workspace: see text_of
SAMPLES = 3


def draft_from(text: Text, candidate: Candidate) -> Draft:
    """The message to `candidate`. Raises CantSend where an address or a value is missing."""
    template = MessageTemplate(channel=text["channel"], subject=text["subject"], body=text["body"])
    return draft_of(template, candidate)


def skips_of(text: Text, candidates: CandidateQuerySet) -> list[Skip]:
    """Who would get no message, and why: in the order in which the sending looks at it."""
    channel = Channel(text["channel"])
    nowhere = Q(**{optouts.FIELD[channel]: ""})
    reachable = candidates.exclude(nowhere)
    missing = count_missing(reachable, channel, text["subject"], text["body"])
    skips = [
        Skip(candidates.filter(nowhere).count(), str(no_address(channel))),
        *(Skip(count, str(reason)) for reason, count in missing),
        Skip(
            optouts.opted_out(complete(text, candidates), channel).count(), str(opted_out(channel))
        ),
    ]
    return [skip for skip in skips if skip.count]


def complete(text: Text, candidates: CandidateQuerySet) -> CandidateQuerySet:
    """Those with an address and all values that the text needs."""
    channel = Channel(text["channel"])
    reachable = candidates.exclude(**{optouts.FIELD[channel]: ""})
    return with_all_values(reachable, channel, text["subject"], text["body"])


def ready_for(text: Text, candidates: CandidateQuerySet) -> CandidateQuerySet:
    """Those who would get the message."""
    ready = complete(text, candidates)
    return ready.exclude(pk__in=optouts.opted_out(ready, text["channel"]).values("pk"))


def samples_of(text: Text, candidates: CandidateQuerySet) -> list[Sample]:
    """What the first candidates would get, or why they would get nothing."""
    first = candidates.order_by("pk").select_related(*RELATED)[:SAMPLES]
    return [sample_of(text, candidate) for candidate in first]


def sample_of(text: Text, candidate: Candidate) -> Sample:
    try:
        draft = draft_from(text, candidate)
    except CantSend as reason:
        return Sample(str(candidate), problem=str(reason))
    return Sample(str(candidate), draft.address, draft.subject, draft.body)


def within_limit(text: Text, preview: Preview) -> Preview:
    """The same, with what remains of the limit, and how many of its messages are too many."""
    workspace = Workspace.objects.get(pk=text["workspace"])
    channel = Channel(text["channel"])
    left = limits.left(workspace, channel)
    if left is None:
        return preview
    rest = limits.describe_left(workspace, channel)
    if preview.changes <= left:
        return replace(preview, notes=[*preview.notes, f"{rest}."])
    rest = f"Only {rest}" if left else rest.replace("0", "No", 1)
    over = Skip(preview.changes - left, f"{rest}: not messaged, and the action will be Halted.")
    return replace(preview, skips=[*preview.skips, over])
