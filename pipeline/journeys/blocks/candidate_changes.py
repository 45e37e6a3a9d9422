"""What a block that changes candidates wants, what becomes of each, and the writing of it."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from pipeline.candidates.models import Candidate, CandidateLabel, Folder, Opening
from pipeline.candidates.models.attributes import why_too_much
from pipeline.candidates.signals import candidates_changed
from pipeline.candidates.sql import labels as label_sql
from pipeline.candidates.sql.people import CHANGING_EACH
from pipeline.foundation.commits import after_commit
from pipeline.journeys.reasons import Code, Reason, all_of, because
from pipeline.outreach.placeholders import written
from pipeline.workspaces.models import Membership, Workspace

from .base import text_in

KEEP, NOBODY, ASSIGN = "keep", "nobody", "assign"  # what becomes of the recruiter


def recruiters_of(workspace: Workspace) -> Any:
    members = Membership.objects.filter(
        workspace=workspace, role__in=Membership.STARTERS, user__is_active=True
    )
    return members.select_related("user").order_by("user__first_name", "user__last_name", "pk")


@dataclass(frozen=True)
class Wanted:
    """What the options ask for, read with every part checked; nothing where they are garbage."""

    folder_kind: str
    folder: Any
    add: list[dict[str, Any]]
    remove: list[dict[str, Any]]
    recruiter_change: str
    recruiter: Any
    attribute: str
    value: str

    @classmethod
    def read(cls, options: dict[str, Any]) -> "Wanted":
        return cls(
            folder_kind=text_in(options, "folder_kind"),
            folder=options.get("folder"),
            add=labels_in(options, "add_labels"),
            remove=labels_in(options, "remove_labels"),
            recruiter_change=text_in(options, "recruiter_change") or KEEP,
            recruiter=options.get("recruiter"),
            attribute=text_in(options, "attribute"),
            value=text_in(options, "value"),
        )

    @property
    def is_something(self) -> bool:
        return bool(
            self.folder_kind
            or self.folder
            or self.add
            or self.remove
            or self.recruiter_change != KEEP
            or self.attribute
        )


def labels_in(options: dict[str, Any], name: str) -> list[dict[str, Any]]:
    listed = options.get(name)
    return (
        [label for label in listed if isinstance(label, dict)] if isinstance(listed, list) else []
    )


@dataclass
class CandidateChange:
    """What becomes of one candidate, in words and as it was before and is after."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)  # of the candidate's row
    labels: tuple[list[int], list[int]] = ([], [])  # to add, to remove
    done: list[Reason] = field(default_factory=list)
    why_not: list[Reason] = field(default_factory=list)

    def note(self, what: str, before: Any, after: Any, *done: Reason) -> None:
        self.before[what], self.after[what] = before, after
        self.done.extend(done)

    @property
    def reason(self) -> Reason:
        return all_of([*self.done, *self.why_not] or [because(Code.UNCHANGED)])


def keep_what_is_named(wanted: Wanted) -> None:
    """Nobody deletes these rows between the look at them and the change."""
    for table, ids in {
        "candidates_folder": [wanted.folder],
        "candidates_label": [label.get("id") for label in [*wanted.add, *wanted.remove]],
        "workspaces_membership": [wanted.recruiter],
    }.items():
        known = sorted(pk for pk in ids if type(pk) is int)
        if known:
            with connection.cursor() as cursor:
                cursor.execute(KEEP_ROWS.format(table=table), [known])


class Judge:
    """Decides for each candidate what is changed, and says why something is not."""

    def __init__(self, wanted: Wanted, people: list[Candidate]) -> None:
        self.wanted = wanted
        self.people = people  # with folder, opening and recruiter
        self.found = {candidate.pk: CandidateChange() for candidate in people}

    def changes(self) -> dict[int, CandidateChange]:
        """For each candidate, with nothing written. A few queries, however many they are."""
        if self.wanted.folder or self.wanted.folder_kind:
            self.judge_folders()
        if self.wanted.add or self.wanted.remove:
            self.judge_labels()
        if self.wanted.recruiter_change != KEEP:
            self.judge_recruiters()
        if self.wanted.attribute:
            for candidate in self.people:
                self.judge_attribute(candidate, self.found[candidate.pk])
        return self.found

    def judge_folders(self) -> None:
        wanted = self.wanted
        chosen = (
            Folder.objects.filter(pk=wanted.folder)
            if wanted.folder
            else Folder.objects.filter(
                kind=wanted.folder_kind,
                opening__in={candidate.opening_id for candidate in self.people},
            )
        )
        by_opening = {folder.opening_id: folder for folder in chosen.select_related("opening")}
        for candidate in self.people:
            change, target = self.found[candidate.pk], by_opening.get(candidate.opening_id)
            if target is None:
                change.why_not.append(self.why_not_moved(candidate, by_opening))
            elif target.pk != candidate.folder_id:
                moved = because(Code.MOVED, before=candidate.folder.name, after=target.name)
                change.note("folder", candidate.folder_id, target.pk, moved)
                change.columns["folder"] = target.pk

    def why_not_moved(self, candidate: Candidate, by_opening: dict[int, Folder]) -> Reason:
        opening = candidate.opening.name
        if self.wanted.folder:
            (folder,) = by_opening.values()
            of = folder.opening.name
            return because(Code.NOT_MOVED, folder=folder.name, of=of, opening=opening)
        return because(Code.NO_SUCH_FOLDER, opening=opening, kind=self.wanted.folder_kind)

    def judge_labels(self) -> None:
        add, remove = self.wanted.add, self.wanted.remove
        listed = ids_of([*add, *remove])
        has = defaultdict(set)
        given = CandidateLabel.objects.filter(label__in=listed, candidate__in=self.found)
        for candidate_id, label_id in given.values_list("candidate_id", "label_id"):
            has[candidate_id].add(label_id)
        for candidate in self.people:
            had = has[candidate.pk]
            more = [label for label in add if label["id"] not in had]
            less = [label for label in remove if label["id"] in had]
            done = [because(Code.LABELS_ADDED, labels=names_of(more))] if more else []
            done += [because(Code.LABELS_REMOVED, labels=names_of(less))] if less else []
            if done:
                added, taken = ids_of(more), ids_of(less)
                after = sorted(had.union(added).difference(taken))
                self.found[candidate.pk].note("labels", sorted(had), after, *done)
                self.found[candidate.pk].labels = added, taken

    def judge_recruiters(self) -> None:
        recruiter = None
        if self.wanted.recruiter_change == ASSIGN:
            members = Membership.objects.select_related("user")
            recruiter = members.get(pk=self.wanted.recruiter)
        seen = openings_of(recruiter) if recruiter else None
        name = str(recruiter.user) if recruiter else None
        for candidate in self.people:
            change = self.found[candidate.pk]
            if seen is not None and candidate.opening_id not in seen:
                opening = candidate.opening.name
                blind = because(Code.RECRUITER_BLIND, name=name, opening=opening)
                change.why_not.append(blind)
            elif candidate.recruiter_id != (recruiter.pk if recruiter else None):
                was = str(candidate.recruiter.user) if candidate.recruiter else None
                assigned = because(Code.RECRUITER, before=was, after=name)
                after = recruiter and recruiter.pk
                change.note("recruiter", candidate.recruiter_id, after, assigned)
                change.columns["recruiter"] = after

    def judge_attribute(self, candidate: Candidate, change: CandidateChange) -> None:
        name, value = self.wanted.attribute, self.wanted.value
        spelled = next(
            (key for key in candidate.attributes if key.casefold() == name.casefold()), name
        )
        was = candidate.attributes.get(spelled)
        if not value and spelled in candidate.attributes:
            kept = {
                key: kept_value
                for key, kept_value in candidate.attributes.items()
                if key != spelled
            }
            removed = because(Code.ATTRIBUTE_REMOVED, name=spelled)
            change.note(f"attribute {spelled}", was, None, removed)
            change.columns["attributes"] = kept
        elif value and written(was) != value:
            after = candidate.attributes | {spelled: value}
            if problem := why_too_much(after, candidate.attributes):
                refused = because(Code.ATTRIBUTE_REFUSED, name=spelled, problem=problem)
                change.why_not.append(refused)
                return
            new = because(Code.ATTRIBUTE_SET, name=spelled, before=written(was), after=value)
            change.note(f"attribute {spelled}", was, value, new)
            change.columns["attributes"] = after


def openings_of(recruiter: Membership) -> set[int] | None:
    """Those that a limited recruiter sees; None: all."""
    if not recruiter.is_limited:
        return None
    return set(Opening.objects.filter(members=recruiter).values_list("pk", flat=True))


def names_of(labels: list[dict[str, Any]]) -> list[str]:
    return [text_in(label, "name") for label in labels]


def ids_of(labels: list[dict[str, Any]]) -> list[int]:
    return [label["id"] for label in labels]


def write(changes: dict[int, CandidateChange], people: list[Candidate]) -> None:
    """All changes, in three statements at most; the candidates are locked by the runner."""
    rows = [
        (
            candidate.pk,
            columns.get("folder", candidate.folder_id),
            columns.get("recruiter", candidate.recruiter_id),
            json.dumps(columns.get("attributes", candidate.attributes)),
        )
        for candidate in people
        if (columns := changes[candidate.pk].columns)
    ]
    added = [(label, pk) for pk, change in changes.items() for label in change.labels[0]]
    taken = [(label, pk) for pk, change in changes.items() for label in change.labels[1]]
    with connection.cursor() as cursor:
        for sql, values in ((CHANGING_EACH, rows), (ADD_LABELS, added), (TAKE_LABELS, taken)):
            if values:
                cursor.execute(sql, [list(column) for column in zip(*values, strict=True)])
    changed = [candidate for candidate in people if changes[candidate.pk].done]
    if changed:
        after_commit(
            candidates_changed.send_robust,
            None,
            workspace_id=changed[0].opening.workspace_id,
            opening_ids=sorted({candidate.opening_id for candidate in changed}),
            import_id=None,
        )


KEEP_ROWS = "SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
ADD_LABELS = label_sql.giving(
    "given.label",
    "given.candidate",
    "unnest(%s::bigint[], %s::bigint[]) AS given (label, candidate)",
)
TAKE_LABELS = label_sql.taking(
    "unnest(%s::bigint[], %s::bigint[]) AS given (label, candidate)",
    "held.label_id = given.label AND held.candidate_id = given.candidate",
)
