"""A preview looks at each candidate a few times, also where PostgreSQL expects only one.

It does for minutes, or days in a large database, after the first import of a new workspace.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import FollowUp
from pipeline.bulk_actions.operations import OPERATIONS, Operation
from pipeline.bulk_actions.operations.send_message import text_of
from pipeline.candidates.models import Candidate, CandidateQuerySet, Label, Opening, RejectReason
from pipeline.journeys.models import Journey, Run
from pipeline.journeys.reasons import Code, because
from pipeline.journeys.writing.enroll import enroll
from pipeline.journeys.writing.stop import stop_runs
from pipeline.outreach.models import Channel, MessageTemplate, OptOut
from pipeline.tasks.models import Task
from pipeline.tasks.models.actors import Creator
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import User
from tests.bulk_actions.messages import as_fast_as_possible as as_fast_as_possible
from tests.bulk_actions.messages import template as template
from tests.journeys.conftest import make_journey as make_journey

from . import task_cancels, task_orders

MANY = 400
FEW_TIMES = 40  # a small table, such as the folders, may be read for each
Made = Operation | tuple[Operation, CandidateQuerySet]  # with whom it is about; else everybody
Make = Callable[[pytest.FixtureRequest], Made]


def move(request: pytest.FixtureRequest) -> Operation:
    opening = request.getfixturevalue("opening")
    folder = opening.folders.get(name="Rejected")
    options = {"folder": folder.pk, "folder_name": folder.name, "folder_kind": folder.kind}
    options |= {"opening": opening.pk, "opening_name": opening.name}
    return OPERATIONS["move_to_folder"](options)


def reject(request: pytest.FixtureRequest) -> Operation:
    reason = RejectReason.objects.create(
        workspace=request.getfixturevalue("workspace"), name="Too far away"
    )
    return OPERATIONS["reject"]({"reasons": [{"id": reason.pk, "name": reason.name}]})


def reject_and_tell(request: pytest.FixtureRequest) -> Operation:
    return OPERATIONS["reject"](reject(request).options | {"message": text(request)})


def assign(request: pytest.FixtureRequest) -> Operation:
    recruiter = request.getfixturevalue("recruiter")
    options = {"recruiter": recruiter.membership.pk, "recruiter_name": str(recruiter)}
    return OPERATIONS["assign_recruiter"](options)


def assign_limited(request: pytest.FixtureRequest) -> Operation:
    limited = request.getfixturevalue("limited")
    options = {"recruiter": limited.membership.pk, "recruiter_name": str(limited)}
    return OPERATIONS["assign_recruiter"](options)


def apply_to(request: pytest.FixtureRequest) -> Operation:
    opening = request.getfixturevalue("opening")
    options = {"opening": opening.pk, "opening_name": opening.name}
    return OPERATIONS["create_application"](options)


def change_labels(request: pytest.FixtureRequest) -> Operation:
    add, remove, _ = request.getfixturevalue("labels")
    options = {"add": [{"id": add.pk, "name": add.name}]}
    return OPERATIONS["change_labels"](
        options | {"remove": [{"id": remove.pk, "name": remove.name}]}
    )


def export(request: pytest.FixtureRequest) -> Operation:
    return OPERATIONS["export"]({"format": "xlsx", "columns": ["name", "attributes"]})


def share(request: pytest.FixtureRequest) -> Operation:
    workspace = request.getfixturevalue("workspace")
    options = {"reviewer": "rita@client.example", "note": "", "days": 7, "shows": ["email"]}
    return OPERATIONS["share_with_reviewer"](options | {"workspace": workspace.pk})


def text(request: pytest.FixtureRequest) -> Any:
    request.getfixturevalue("as_fast_as_possible")
    template: MessageTemplate = request.getfixturevalue("template")
    template.body = "{first_name} {recruiter} {attribute:City}"
    return text_of(template)


def send(request: pytest.FixtureRequest) -> Operation:
    return OPERATIONS["send_message"](text(request))


def journey(request: pytest.FixtureRequest, reentry: dict[str, Any]) -> Journey:
    """In which everybody is or was."""
    waits = ("wait", {"kind": "time", "number": 3, "unit": "days"})
    made: Journey = request.getfixturevalue("make_journey")(waits, reentry=reentry)
    assert made.version
    enroll(made.version, list(Candidate.objects.values_list("pk", flat=True)), "By hand")
    half = Candidate.objects.all()[: MANY // 2]
    stop_runs(Run.objects.filter(candidate__in=half), because(Code.TEXT, text="Long ago."))
    return made


def start_journey(rule: str) -> Make:
    def start(request: pytest.FixtureRequest) -> Operation:
        found = journey(request, {"rule": rule, "days": 30})
        return OPERATIONS["start_journey"]({"journey": found.pk, "journey_name": found.name})

    return start


def stop(request: pytest.FixtureRequest) -> Operation:
    found = journey(request, {"rule": "always"})
    options = {"journey": found.pk, "journey_name": found.name, "reason": ""}
    return OPERATIONS["stop_runs"](options)


def undo(make: Make) -> Make:
    """Undoing what was just done, and for half of them done again otherwise."""

    def undo(request: pytest.FixtureRequest) -> Made:
        made = make(request)
        assert isinstance(made, Operation)
        order = request.getfixturevalue("order")
        request.getfixturevalue("settings").BULK_CHUNK_SIZE = MANY
        action = order(made)
        assert action.changed
        half = list(Candidate.objects.values_list("pk", flat=True)[: MANY // 2])
        order(move(request), Candidate.objects.filter(pk__in=half))
        following = Following(action, FollowUp.UNDO, request.getfixturevalue("recruiter"))
        assert following.undo
        return following.undo, following.selection.candidates

    return undo


def enter(request: pytest.FixtureRequest) -> Operation:
    """A journey that nobody is in."""
    made: Journey = request.getfixturevalue("make_journey")(("exit", {}))
    return OPERATIONS["start_journey"]({"journey": made.pk, "journey_name": made.name})


MADE: dict[str, Make] = {
    "move": move,
    "reject": reject,
    "reject and tell": reject_and_tell,
    "hold": lambda _: OPERATIONS["hold"]({}),
    "hire": lambda _: OPERATIONS["hire"]({}),
    "assign": assign,
    "assign a limited one": assign_limited,
    "apply": apply_to,
    "attribute": lambda _: OPERATIONS["set_attribute"]({"attribute": "x", "value": "y"}),
    "labels": change_labels,
    "export": export,
    "share": share,
    "send": send,
    "start journey, never again": start_journey("never"),
    "start journey, again later": start_journey("after"),
    "start journey, always": start_journey("always"),
    "stop runs": stop,
    "cancel": lambda request: task_cancels.cancel(request.getfixturevalue("workspace")),
    "create": lambda request: task_orders.create(request.getfixturevalue("workspace")),
}
UNDONE = {
    "move": move,
    "hire": MADE["hire"],
    "reject": reject,
    "assign": assign,
    "attribute": MADE["attribute"],
    "labels": change_labels,
    "start journey": enter,
    "create": MADE["create"],
}
MADE |= {f"undo {name}": undo(make) for name, make in UNDONE.items()}


@pytest.fixture
def many(
    opening: Opening, other_opening: Opening, labels: list[Label], make_candidates: Any
) -> None:
    """Candidates of two openings with a task, labels and an opt-out each.

    The statistics don't know of them yet.
    """
    with connection.cursor() as cursor:
        tables = ", ".join(connection.introspection.table_names(cursor))
        cursor.execute(f"ANALYZE {tables}")  # without PostgreSQL's own: as many, and larger
    for place in (opening, other_opening):
        people = make_candidates(MANY // 2, opening=place, labels=labels[1:])
        Task.objects.bulk_create(
            Task(
                workspace=opening.workspace,
                candidate=candidate,
                opening=place,
                type=TaskType.VOICEMAIL,
                **Creator.event("Phone system").fields,
            )
            for candidate in people
        )
        OptOut.objects.bulk_create(
            OptOut(workspace=opening.workspace, channel=Channel.EMAIL, address=candidate.email)
            for candidate in people
        )


@pytest.mark.parametrize("name", MADE)
def test_nobody_is_compared_with_everybody(
    name: str, many: None, recruiter: User, request: pytest.FixtureRequest, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://belay.example.com"
    made = MADE[name](request)
    everybody = Candidate.objects.visible_to(recruiter)
    operation, people = made if isinstance(made, tuple) else (made, everybody)
    plans: list[Any] = []

    def explained(execute: Any, sql: str, params: Any, is_many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH")):
            cursor = context["cursor"].cursor
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
            plans.extend(cursor.fetchone()[0])
        return execute(sql, params, is_many, context)

    with connection.execute_wrapper(explained):
        preview = operation.preview(people)

    assert 0 < preview.total <= MANY
    assert plans
    most = max(plans, key=lambda plan: looks_of(plan["Plan"]))
    assert looks_of(most["Plan"]) <= FEW_TIMES * MANY, json.dumps(most, indent=1)


def looks_of(node: dict[str, Any]) -> float:
    """The most rows that one node of the plan read or threw away."""
    rows = node["Actual Rows"] + sum(
        node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Join Filter")
    )
    return float(max([rows * node["Actual Loops"], *map(looks_of, node.get("Plans", []))]))
