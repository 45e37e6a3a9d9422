"""Completing and notes over HTTP: what was typed is kept."""

import pytest

from pipeline.tasks.models import Disposition
from pipeline.tasks.models.states import State
from pipeline.workspaces.models import User
from tests.tasks.conftest import MakeTask

from .browsing import ClientOf, words


def test_completing_keeps_the_disposition_and_notes(
    client_of: ClientOf, agent: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)
    data = {"disposition": Disposition.REACHED, "notes": "Starts on Monday"}

    answer = client_of(agent).post(f"/tasks/{task.pk}/complete/", data)

    task.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, "/tasks/")
    assert (task.state, task.disposition) == (State.COMPLETED, Disposition.REACHED)
    assert task.notes == "Starts on Monday"


def test_completing_goes_on_to_the_next_one_where_asked(
    client_of: ClientOf, agent: User, make_task: MakeTask
):
    task, following = make_task(), make_task()
    task.accept(agent)
    data = {"disposition": Disposition.REACHED, "next": "1"}

    answer = client_of(agent).post(f"/tasks/{task.pk}/complete/", data)

    assert answer["Location"] == following.get_absolute_url()


@pytest.mark.parametrize("disposition", ["", Disposition.ANSWERED, "made up"])
def test_completing_takes_a_disposition_that_fits_and_keeps_what_was_typed(
    disposition: str, client_of: ClientOf, agent: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)
    data = {"disposition": disposition, "notes": "Long notes"}

    answer = client_of(agent).post(f"/tasks/{task.pk}/complete/", data)

    task.refresh_from_db()
    assert (answer.status_code, task.state) == (422, State.ASSIGNED)
    assert "Long notes</textarea>" in words(answer)


@pytest.mark.parametrize("url", ["complete", "notes"])
def test_who_is_too_late_reads_why_and_keeps_what_was_typed(
    url: str, client_of: ClientOf, agent: User, admin_member: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)
    task.withdraw(admin_member, "Hired elsewhere")
    data = {"disposition": Disposition.REACHED, "notes": "Long notes"}

    answer = client_of(agent).post(f"/tasks/{task.pk}/{url}/", data)

    task.refresh_from_db()
    assert (answer.status_code, task.state, task.notes) == (409, State.CANCELED, "")
    assert "Adam Nowak canceled it at " in words(answer)
    assert ": Hired elsewhere" in words(answer)
    assert "Long notes</textarea>" in words(answer)


def test_notes_are_saved_by_who_has_it_and_by_nobody_else(
    client_of: ClientOf, agent: User, recruiter: User, make_task: MakeTask
):
    task = make_task()
    task.accept(agent)

    theirs = client_of(recruiter).post(f"/tasks/{task.pk}/notes/", {"notes": "Theirs"})
    mine = client_of(agent).post(f"/tasks/{task.pk}/notes/", {"notes": "Mine"})

    task.refresh_from_db()
    assert (theirs.status_code, mine.status_code, task.notes) == (409, 303, "Mine")
