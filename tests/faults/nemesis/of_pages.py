"""What users were told: acknowledged orders, pages that show the truth, answers in time."""

from collections import defaultdict
from collections.abc import Iterator

from notifications.panel import in_panel_of
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import User

from .browser import Answer, Promise
from .evidence import FINAL, Evidence, check, rows
from .panel import Shown

CANCEL_WITHIN = 2.0
ALLOWED_503 = ("web", "postgres", "redis")


@check
def acknowledged_orders_are_kept(evidence: Evidence) -> Iterator[str]:
    """No order is lost that a page said was given, and a double click makes one action."""
    keys = {pk: str(key) for pk, key in BulkAction.objects.values_list("pk", "key")}
    for promise in evidence.promised("started"):
        if keys.get(promise.facts["action"]) != promise.facts["key"]:
            yield f"{promise.answer}: it started {promise.facts}"
    imports = dict(CandidateImport.objects.values_list("pk", "status"))
    for promise in evidence.promised("imported"):
        if imports.get(promise.facts["upload"]) not in ("done", "failed", "queued", "running"):
            yield f"{promise.answer}: it ordered {promise.facts}"
    yield from lost_verbs(evidence)


def lost_verbs(evidence: Evidence) -> Iterator[str]:
    happened = {
        (row["task"], row["state"], row["agent"] if row["state"] == "assigned" else None)
        for row in rows("""
            SELECT about AS task, after ->> 'state' AS state,
                   (after ->> 'agent_id')::bigint AS agent
            FROM nemesis_log WHERE what = 'task'
        """)
    }
    states = {"accepted": "assigned", "completed": "completed", "cancel": "canceled"}
    for what, state in states.items():
        for promise in evidence.promised(what):
            agent = promise.facts["by"] if what == "accepted" else None
            if (promise.facts["task"], state, agent) not in happened:
                yield f"{promise.answer}: {what} task {promise.facts['task']}"


@check
def a_cancel_is_answered_with_the_truth(evidence: Evidence) -> Iterator[str]:
    """Who cancels reads how the action ended, and it never ends otherwise."""
    statuses = dict(BulkAction.objects.values_list("pk", "status"))
    for promise in evidence.promised("stopped"):
        row: Shown = promise.facts["row"]
        if row.status not in FINAL or statuses.get(row.action) != row.status:
            yield f"{promise.answer}: told {row}, and it is {statuses.get(row.action)}"


@check
def a_cancel_is_answered_in_time(evidence: Evidence) -> Iterator[str]:
    """Within 2 s, whatever else is frozen or dead; more only where the machine itself is slow."""
    for answer in evidence.records.answers:
        if answer.method != "POST" or not answer.path.endswith("/cancel/"):
            continue
        if not answer.path.startswith("/bulk-actions/") or answer.seconds <= CANCEL_WITHIN:
            continue
        was_away = evidence.house.was_out(answer.began, answer.ended, "web", "postgres")
        if not was_away and answer.seconds > CANCEL_WITHIN + slowness(evidence, answer):
            yield str(answer)


def slowness(evidence: Evidence, answer: Answer) -> float:
    """How long /healthz took at worst meanwhile, which asks for nothing."""
    beside = [
        probe.seconds
        for probe in evidence.records.probes
        if probe.began <= answer.ended and answer.began <= probe.ended
    ]
    return max(beside, default=0.0)


@check
def no_page_breaks(evidence: Evidence) -> Iterator[str]:
    """Never a 500; a 503, or no answer, only while something is away or comes back."""
    for answer in evidence.records.answers:
        if answer.status >= 500 and answer.status != 503:
            yield f"{answer}: {' '.join(answer.text.split())[:300]}"
        was_away = evidence.house.was_out(answer.began, answer.ended, *ALLOWED_503)
        if answer.status in (0, 503) and not was_away:
            yield f"{answer}, and nothing was away: {answer.text[:300]}"


@check
def what_is_foreign_is_not_there(evidence: Evidence) -> Iterator[str]:
    """Nobody sees what is not theirs: by address, or on a socket."""
    for promise in evidence.promised("foreign"):
        if promise.answer.status not in (0, 404, 500, 503):  # a 500 is told of by itself
            yield f"{promise.answer}, of another workspace"
    heard_of = rows("""
        SELECT about AS task, (after ->> 'opening_id')::bigint AS opening
        FROM nemesis_log WHERE what = 'task'
    """)
    for page in evidence.pages:
        user = User.objects.get(pk=page.who.pk)
        # In an opening of theirs it may have been once: a task goes along with its candidate.
        tasks = {row["task"] for row in heard_of if row["opening"] in page.who.openings}
        visible = set(BulkAction.objects.visible_to(user).values_list("pk", flat=True))
        if foreign := page.actions - visible:
            yield f"the page of {page.who.name} was told of the actions {sorted(foreign)}"
        if foreign := page.tasks - tasks:
            yield f"the page of {page.who.name} was told of the tasks {sorted(foreign)[:10]}"


Versions = dict[int, dict[int, set[tuple[str, int]]]]


@check
def what_was_shown_was_so(evidence: Evidence) -> Iterator[str]:
    """The panel never lies: each row, at any time, is as some commit left it.

    Who sees only a part of an action has other numbers of it.
    """
    versions: Versions = defaultdict(lambda: defaultdict(set))
    for row in rows("""
        SELECT about, (after ->> 'version')::int AS version, after ->> 'status' AS status,
               (after ->> 'changed')::int + (after ->> 'unchanged')::int
               + (after ->> 'failed')::int AS processed
        FROM nemesis_log WHERE what = 'action'
    """):
        versions[row["about"]][row["version"]].add((row["status"], row["processed"]))
    openings = {pk: set(ids) for pk, ids in BulkAction.objects.values_list("pk", "opening_ids")}
    seen = {page.who.name: set(page.who.openings) for page in evidence.pages}

    def was_so(shown: Shown, who: str) -> bool:
        is_whole = openings.get(shown.action, set()) <= seen.get(who, set())
        return any(
            shown.status in ("", status) and (shown.processed == processed or not is_whole)
            for status, processed in versions[shown.action][shown.version]
        )

    for page in evidence.pages:
        for shown in set(page.seen):
            if not was_so(shown, page.who.name):
                yield f"the page of {page.who.name} was told {shown}, which never was"
    for promise in (*evidence.promised("shown"), *evidence.promised("panel")):
        for row in promise.facts.get("rows", [promise.facts.get("row")]):
            if not was_so(row, promise.answer.who):
                yield f"{promise.answer}: it told {row}, which never was"


@check
def the_panel_is_as_of_now(evidence: Evidence) -> Iterator[str]:
    """Who asks for the panel reads of all that was committed before."""
    commits = rows("""
        SELECT about, parent, extract(epoch FROM committed)::float AS at,
               (after ->> 'version')::int AS version, after ->> 'status' AS status
        FROM nemesis WHERE what = 'action' ORDER BY committed
    """)
    for promise in evidence.promised("panel"):
        yield from stale(promise, commits)


def stale(promise: Promise, commits: list[dict[str, object]]) -> Iterator[str]:
    shown = {row.action: row.version for row in promise.facts["rows"]}
    for commit in commits:
        at, pk, version = commit["at"], commit["about"], commit["version"]
        assert isinstance(at, float)
        assert isinstance(pk, int)
        assert isinstance(version, int)
        if at < promise.answer.began and pk in shown and shown[pk] < version:
            yield f"{promise.answer}: action {pk} is at {shown[pk]}, and was at {version} at {at}"


def wrong_in(evidence: Evidence) -> list[str]:
    """What open pages show otherwise than the database has it; a page that reconnects does not."""
    found = []
    for page in evidence.pages:
        if not page.is_connected:
            found.append(f"the page of {page.who.name} is not connected")
            continue
        user = User.objects.get(pk=page.who.pk)
        rightly = {
            pk: (status, version)
            for pk, status, version in in_panel_of(user).values_list("pk", "status", "version")
        }
        shown = {pk: (row.status, row.version) for pk, row in page.shown().items()}
        found += [
            f"the page of {page.who.name} shows action {pk} as {shown.get(pk)}, and it is {truth}"
            for pk, truth in rightly.items()
            if shown.get(pk) != truth
        ]
    return found
