"""Which candidates lack a value that a text needs: placeholders.fill, asked of all at once."""

from collections.abc import Iterator

from django.db.models import BooleanField, Count, F, Func, Q, Value
from django.db.models.functions import Coalesce, Trim
from django.db.models.lookups import Exact

from pipeline.candidates.models import CandidateQuerySet

from .models import Channel
from .placeholders import parts
from .reasons import ATTRIBUTE, Reason, no_values

COLUMNS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "full_name": "full_name",
    "email": "email",
    "phone": "phone",
    "recruiter": "recruiter__user__email",
    "recruiter_first_name": "recruiter__user__first_name",
}


class HasAttribute(Func):
    """Whether an attribute of that name, however capitalized, has a value."""

    template = (
        "EXISTS (SELECT FROM jsonb_each_text(%(expressions)s) AND trim(attribute.value) <> '')"
    )
    arg_joiner = ") AS attribute (name, value) WHERE lower(attribute.name) = lower("
    output_field = BooleanField()


def conditions_of(channel: str, subject: str, body: str) -> dict[str, Exact | Q]:
    """The placeholders that the text needs a value for, and when a candidate lacks it."""
    texts = [body] if channel == Channel.SMS else [subject, body]
    names = dict.fromkeys(name for text in texts for _, name in parts(text) if name)
    return dict(condition for name in names for condition in condition_of(name))


def condition_of(name: str) -> Iterator[tuple[str, Exact | Q]]:
    if name.startswith(ATTRIBUTE):
        attribute = name.removeprefix(ATTRIBUTE)
        yield name, ~Q(HasAttribute(F("attributes"), Value(attribute)))
    elif column := COLUMNS.get(name):  # the others are never empty
        yield name, Exact(Trim(Coalesce(F(column), Value(""))), Value(""))


def with_all_values(
    candidates: CandidateQuerySet, channel: str, subject: str, body: str
) -> CandidateQuerySet:
    for condition in conditions_of(channel, subject, body).values():
        candidates = candidates.exclude(condition)
    return candidates


def count_missing(
    candidates: CandidateQuerySet, channel: str, subject: str, body: str
) -> list[tuple[Reason, int]]:
    """The reason, as MissingValue says it, and how many of `candidates` it holds for."""
    conditions = conditions_of(channel, subject, body)
    if not conditions:
        return []
    flags = {f"lacks_{n}": condition for n, condition in enumerate(conditions.values())}
    found = candidates.order_by().annotate(**flags).values_list(*flags).annotate(Count("pk"))
    reasons = []
    for *lacks, count in found.order_by(*flags):
        missing = [name for name, is_missing in zip(conditions, lacks, strict=True) if is_missing]
        if missing:
            reasons.append((no_values(missing), count))
    return reasons
