"""An export's file is only for who may have it."""

import pytest
from django.urls import reverse

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.operations import operation_of
from pipeline.workspaces.models.audit import AuditEntry

from .exports import download, name_of, run
from .exports import start as start
from .exports import storage as storage

pytestmark = pytest.mark.usefixtures("storage")


def test_the_download_is_a_file_that_nobody_keeps_on_the_way(
    start, make_candidates, client_of, colleague
):
    make_candidates(2)
    action = run(start())

    answer = download(client_of(colleague), action)

    name = name_of(action)
    assert b"".join(answer.streaming_content) == action.file.open().read()
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(verb="downloaded")
    assert (entry.actor, entry.subject) == (colleague, "Export as CSV (2 candidates)")


def test_a_stranger_gets_nothing(start, make_candidates, client_of, stranger):
    make_candidates(1)
    action = run(start())

    assert download(client_of(stranger), action).status_code == 404


def test_a_limited_member_needs_all_openings_of_it(
    start, make_candidates, client_of, limited, other_opening
):
    make_candidates(1)
    mine = run(start(by=limited))
    make_candidates(1, other_opening)
    wider = run(start())
    client = client_of(limited)

    allowed, refused = download(client, mine), download(client, wider)
    other_opening.members.add(limited.membership)

    assert allowed.status_code == 200
    assert refused.status_code == 403
    assert "candidates in openings you can’t see" in refused.content.decode()
    assert download(client, wider).status_code == 200


def test_what_makes_no_file_has_none(start_move, make_candidates, opening, client_of, recruiter):
    make_candidates(1)
    action = start_move(opening.folders.get(name="Hired"))

    assert download(client_of(recruiter), action).status_code == 404


def test_before_it_is_ready_the_page_says_so(start, make_candidates, client_of, recruiter):
    make_candidates(1)

    answer = download(client_of(recruiter), start())

    assert answer.status_code == 404
    assert "not ready yet" in answer.content.decode()


def test_the_review_offers_the_file_to_who_may_have_it(
    start, make_candidates, client_of, recruiter, limited, other_opening
):
    make_candidates(1)
    make_candidates(1, other_opening)
    action = run(start())
    link = f'href="{reverse("bulk_actions:file", args=[action.pk])}"'

    mine = client_of(recruiter).get(action.get_absolute_url()).content.decode()
    theirs = client_of(limited).get(action.get_absolute_url()).content.decode()

    assert link in mine
    assert link not in theirs


def test_the_cancel_dialog_says_that_no_file_is_made(
    start, make_candidates, client_of, recruiter, settings
):
    settings.BULK_CHUNK_SIZE = 2
    make_candidates(4)
    action = start()
    action.start()
    lane.process_next_chunk(action, operation_of(action))

    page = client_of(recruiter).get(reverse("bulk_actions:cancel", args=[action.pk]))

    assert "No file is made" in page.content.decode()
    assert "stay exported" not in page.content.decode()
