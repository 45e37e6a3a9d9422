"""What becomes of candidates, new and known: fields, labels, folders, attributes."""

from datetime import UTC, datetime

import pytest

from pipeline.candidates.models import Candidate, Label, Opening
from pipeline.candidates.timeline import events_of
from pipeline.workspaces.models import User

from .conftest import ImportRows

pytestmark = pytest.mark.django_db(transaction=True)
P = "+447700900001"


def known(opening: Opening, **columns: str) -> Candidate:
    inbox = opening.inbox
    return Candidate.objects.create(
        workspace=opening.workspace, opening=opening, folder=inbox, **columns
    )


def test_a_candidate_with_a_phone_only_gets_the_email(
    opening: Opening, import_rows: ImportRows
) -> None:
    bo = known(opening, full_name="Bo", phone=P)

    imported = import_rows("Name,Email,Phone", ("Bo Ruiz", "bo@x.org", P))

    bo.refresh_from_db()
    assert (bo.email, bo.full_name, imported.counts["new"]) == ("bo@x.org", "Bo Ruiz", 0)


def test_a_repeat_fills_and_updates_and_never_empties(
    opening: Opening, import_rows: ImportRows
) -> None:
    first = "First name,Last name,Email,Phone,Source,Tags"
    import_rows(first, ("Ana", "Ruiz", "ana@x.org", P, "Agency", "Voice, R&D"))

    import_rows(
        "Name,Email,Phone,Source,Tags", ("ANA RUIZ", "Ana@X.org", "", "Referral", "24/7, voice")
    )

    ana = Candidate.objects.get()
    assert (ana.first_name, ana.full_name, ana.phone) == ("Ana", "Ana Ruiz", P)
    assert ana.source == "Referral"
    assert {label.name for label in ana.labels.all()} == {"Voice", "R&D", "24/7"}
    assert Label.objects.count() == 3


def test_the_newest_row_has_the_last_word_and_the_oldest_date_stays(
    import_rows: ImportRows,
) -> None:
    import_rows(
        "Name,Email,Source,Created at,Notes",
        ("Ana", "a@x.org", "New", "2025-05-02 10:00", "second"),
        ("Ana", "a@x.org", "Old", "2025-05-01T09:30:12.5Z", "first"),
    )

    ana = Candidate.objects.get()
    assert (ana.source, ana.attributes["Notes"]) == ("New", "second")
    assert ana.created_at == datetime(2025, 5, 1, 9, 30, 12, tzinfo=UTC)


def test_a_stage_is_the_folder_of_that_name_for_new_candidates_only(
    opening: Opening, import_rows: ImportRows
) -> None:
    known(opening, full_name="Ana", email="ana@x.org")

    import_rows(
        "Name,Email,Stage",
        ("Ana", "ana@x.org", "Hired"),
        ("Bo", "bo@x.org", "ON HOLD"),
        ("Cy", "cy@x.org", "Phone screen"),
    )

    folders = dict(Candidate.objects.values_list("email", "folder__name"))
    assert folders == {"ana@x.org": "Inbox", "bo@x.org": "On Hold", "cy@x.org": "Inbox"}
    assert Candidate.objects.get(email="cy@x.org").attributes["Stage"] == "Phone screen"


def test_another_opening_is_another_world(
    opening: Opening, other_opening: Opening, import_rows: ImportRows
) -> None:
    import_rows("Name,Email", ("Ana", "ana@x.org"))

    again = import_rows("Name,Email", ("Ana", "ana@x.org"), opening=other_opening)

    assert again.counts["new"] == 1


def test_candidates_are_never_merged_with_each_other(
    opening: Opening, import_rows: ImportRows
) -> None:
    one = known(opening, full_name="Ana Ruiz", email="a@x.org", phone=P)
    two = known(opening, full_name="Ana Ruiz", email="b@x.org", phone=P)

    imported = import_rows(
        "Name,Email,Phone,Source", ("Ana Ruiz", "b@x.org", P, "B"), ("Ana Ruiz", "", P, "A")
    )

    sources = dict(Candidate.objects.values_list("pk", "source"))
    assert sources == {one.pk: "A", two.pk: "B"}
    assert (imported.counts["new"], imported.counts["updated"]) == (0, 2)


def test_a_former_number_still_tells_who_it_is(import_rows: ImportRows) -> None:
    import_rows("Name,Email,Phone", ("Ana Ruiz", "ana@x.org", P))
    import_rows("Name,Email,Phone", ("Ana Ruiz", "ana@x.org", "+447700900002"))

    third = import_rows("Name,Email,Phone", ("Ana Ruiz", "", P))

    assert third.counts["new"] == 0
    assert Candidate.objects.get().attributes["Other phones"] == "+447700900002"


def test_it_writes_down_whom_it_brought(opening: Opening, import_rows: ImportRows) -> None:
    known(opening, full_name="Ana", email="ana@x.org")

    imported = import_rows("Name,Email", ("Ana", "ana@x.org"), ("Bo", "bo@x.org"))

    brought = dict(imported.candidates.values_list("candidate__email", "is_new"))
    assert brought == {"ana@x.org": False, "bo@x.org": True}


def test_the_profile_tells_of_the_import(
    opening: Opening, recruiter: User, import_rows: ImportRows
) -> None:
    for _ in range(2):
        imported = import_rows("Name,Email", ("Ana", "ana@x.org"))

    events = events_of(Candidate.objects.get(), recruiter)

    texts = [event.text for event in events if event.link]
    assert texts == ["Updated from rows.csv", "Imported from rows.csv"]
    assert imported.get_absolute_url() in {event.link for event in events}
