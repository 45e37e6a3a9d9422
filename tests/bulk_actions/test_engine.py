"""A bulk action from the order to its end, when nothing goes wrong and when something does."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from rq.utils import import_attribute

from pipeline.bulk_actions.engine import lane, reconcile
from pipeline.bulk_actions.engine.start import NothingSelected, start_bulk_action
from pipeline.bulk_actions.models import BulkAction, Outcome, Result, Status
from pipeline.bulk_actions.operations import operation_of
from pipeline.candidates.models import Candidate, Folder, Opening
from pipeline.workspaces.models import User, Workspace

from .conftest import StartMove, move_to
from .reasons import reasons_of, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(opening: Opening) -> Folder:
    return opening.inbox


@pytest.fixture
def hired(opening: Opening) -> Folder:
    return opening.folders.get(name="Hired")


def test_it_moves_everybody_and_says_what_was_there_before(
    make_candidates, inbox: Folder, hired: Folder, start_move: StartMove
) -> None:
    make_candidates(1200)
    action = start_move(hired)

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert (action.status, action.changed, action.untouched) == (Status.COMPLETED, 1200, 0)
    assert Candidate.objects.filter(folder=hired).count() == 1200
    assert set(Outcome.objects.values_list("before__folder", flat=True)) == {inbox.pk}


def test_what_is_already_there_counts_as_unchanged(
    make_candidates, hired: Folder, start_move: StartMove
) -> None:
    make_candidates(3)
    make_candidates(2, folder=hired)
    action = start_move(hired)

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert (action.status, action.changed, action.unchanged) == (Status.COMPLETED, 3, 2)


def test_the_selection_is_frozen_when_the_order_is_given(
    make_candidates, hired: Folder, start_move: StartMove
) -> None:
    make_candidates(5)
    action = start_move(hired)
    make_candidates(4)

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert action.total == action.changed == 5
    assert Candidate.objects.exclude(folder=hired).count() == 4


def test_nobody_is_touched_before_the_start_delay_is_over(
    make_candidates, workspace: Workspace, recruiter: User, hired: Folder
) -> None:
    make_candidates(5)
    workspace.start_delay_seconds = 60
    workspace.save()
    action, _ = start_bulk_action(
        user=User.objects.get(pk=recruiter.pk),
        operation=move_to(hired),
        candidates=Candidate.objects.visible_to(recruiter),
        key=uuid4(),
    )

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert (action.status, action.untouched) == (Status.IN_QUEUE, 5)


def test_a_deleted_candidate_and_a_taken_email_fail_with_a_reason_and_the_rest_goes_on(
    make_candidates,
    opening: Opening,
    other_opening: Opening,
    recruiter: User,
    hired: Folder,
    workspace: Workspace,
) -> None:
    Workspace.objects.update(start_delay_seconds=0)
    make_candidates(4)
    taken = Candidate.objects.latest("pk").email
    make_candidates(1, opening=other_opening, email=taken)
    action, _ = start_bulk_action(
        user=User.objects.get(pk=recruiter.pk),
        operation=move_to(hired),
        candidates=Candidate.objects.visible_to(recruiter),
        key=uuid4(),
    )
    Candidate.objects.filter(opening=opening).order_by("pk")[0].delete()

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert action.status == Status.COMPLETED_WITH_FAILURES
    assert (action.changed, action.failed) == (3, 2)
    assert reasons_of(action) == {
        f"Already in {opening.name} with the same e-mail.": 1,
        "The candidate was deleted before its turn came.": 1,
    }


def test_when_the_folder_is_deleted_in_the_middle_the_rest_fails_with_that_reason(
    make_candidates, hired: Folder, start_move: StartMove
) -> None:
    make_candidates(6)
    action = start_move(hired)
    hired.delete()

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert (action.status, action.failed) == (Status.COMPLETED_WITH_FAILURES, 6)
    assert reasons_of(action) == {"The folder Hired no longer exists.": 6}


def test_one_poisonous_candidate_does_not_take_the_rest_of_its_chunk_with_it(
    make_candidates, hired: Folder, start_move: StartMove
) -> None:
    make_candidates(700)
    poison = Candidate.objects.order_by("pk")[77]
    action = start_move(hired)
    with poisoned(poison):
        lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert action.status == Status.COMPLETED_WITH_FAILURES
    assert (action.changed, action.failed, action.untouched) == (699, 1, 0)
    failure = action.outcomes.get(result=Result.FAILED)
    assert failure.candidate_id == poison.pk
    assert told(failure).startswith("Unexpected error. Tell support: ")


def test_a_job_that_the_release_before_has_queued_is_done(
    make_candidates, opening: Opening, start_move: StartMove
) -> None:
    make_candidates(3)
    action = start_move(opening.folders.get(name="Hired"))

    import_attribute("pipeline.bulk_actions.engine.work_on")(action.pk, 0)

    action.refresh_from_db()
    assert (action.status, action.changed) == (Status.COMPLETED, 3)


def test_an_operation_that_is_gone_fails_the_action_and_says_so(
    make_candidates, hired: Folder, start_move: StartMove
) -> None:
    make_candidates(3)
    action = start_move(hired, operation="fly_to_the_moon")

    lane.work_on(action.pk, 0)

    action.refresh_from_db()
    assert (action.status, action.untouched) == (Status.FAILED, 3)
    assert "fly_to_the_moon" in action.failure


@pytest.mark.parametrize("operation", ["move_to_folder", "fly_to_the_moon"])
@pytest.mark.parametrize(("failures", "status"), [(0, "completed"), (1, "completed_with_failures")])
def test_an_action_whose_work_is_all_done_finishes_even_where_it_should_fail(
    make_candidates, hired: Folder, start_move: StartMove, operation, failures, status
) -> None:
    """Its lanes died again and again, each time between the last chunk and the end."""
    make_candidates(3)
    action = start_move(hired)
    action.start()
    lane.process_next_chunk(action, operation_of(action))
    changes = {"changed": 3 - failures, "failed": failures, "stalls": reconcile.MAX_STALLS}
    long_ago = Now() - timedelta(minutes=1)
    BulkAction.objects.filter(pk=action.pk).update(
        operation=operation, progressed_at=long_ago, **changes
    )
    action.refresh_from_db()

    reconcile.revive(action, [0])

    assert (action.status, action.processed, action.untouched) == (status, 3, 0)
    assert not action.failure


def test_an_action_that_fails_in_the_middle_keeps_what_it_did(
    make_candidates, hired: Folder, start_move: StartMove, settings
) -> None:
    settings.BULK_CHUNK_SIZE = 2
    make_candidates(3)
    action = start_move(hired)
    action.start()
    lane.process_next_chunk(action, operation_of(action))

    action.fail("Its work died.")

    assert (action.status, action.changed, action.untouched) == (Status.FAILED, 2, 1)


def test_a_turn_ends_and_the_lane_queues_up_again(
    make_candidates, hired: Folder, start_move: StartMove, settings
) -> None:
    import django_rq

    settings.BULK_TURN_SECONDS = 0
    make_candidates(3)
    action = start_move(hired)
    queue = django_rq.get_queue("default")
    queue.empty()

    lane.work_on(action.pk, 0)

    assert [job.args for job in queue.jobs] == [[action.pk, 0]]


def test_the_same_key_makes_one_action(make_candidates, recruiter: User, hired: Folder) -> None:
    make_candidates(3)
    order = partial(
        start_bulk_action,
        user=recruiter,
        operation=move_to(hired),
        candidates=Candidate.objects.visible_to(recruiter),
        key=uuid4(),
    )

    first, created = order()
    again, created_again = order()

    assert (first.pk, created, created_again) == (again.pk, True, False)


def test_an_empty_selection_makes_nothing(recruiter: User, hired: Folder) -> None:
    with pytest.raises(NothingSelected):
        start_bulk_action(
            user=recruiter,
            operation=move_to(hired),
            candidates=Candidate.objects.visible_to(recruiter),
            key=uuid4(),
        )

    assert not BulkAction.objects.exists()


class poisoned:  # noqa: N801
    """A row that the database refuses to change, whatever the reason."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE 'poison'; END $$;"
                "CREATE TRIGGER refuse BEFORE UPDATE ON candidates_candidate FOR EACH ROW"
                f" WHEN (OLD.id = {self.candidate.pk}) EXECUTE FUNCTION refuse()"
            )

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON candidates_candidate; DROP FUNCTION refuse()")
