"""After the end: the untouched, the failed and the changed, each as the start of a new action."""

from uuid import uuid4

import pytest
from django.http import QueryDict

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.followups import Following, NotOnOffer, on_offer
from pipeline.bulk_actions.models import BulkAction, FollowUp
from pipeline.candidates.models import Candidate
from pipeline.outreach.models import Message
from tests.pages import one_line

from .followups import NEW, START, follow, ids_for
from .followups import browser as browser
from .followups import hired as hired
from .followups import stopped as stopped


def message_to(candidate_id: int, action: BulkAction, status: str) -> Message:
    return Message.objects.create(
        workspace=action.workspace,
        candidate_id=candidate_id,
        channel="email",
        address="zoe@example.com",
        body="Hello",
        status=status,
        bulk_action_id=action.pk,
    )


def test_the_three_selections_are_the_three_lists(stopped, recruiter):
    everybody = list(Candidate.objects.order_by("pk").values_list("pk", flat=True))

    assert ids_for(stopped, FollowUp.UNDO, recruiter) == everybody[:4]
    assert ids_for(stopped, FollowUp.RETRY, recruiter) == everybody[4:5]
    assert ids_for(stopped, FollowUp.REST, recruiter) == everybody[5:]


def test_run_on_the_untouched_carries_on_with_the_same_options(browser, stopped, hired):
    dialog = browser.get(NEW, follow(stopped, "untouched")).context["order"]
    form = {name: dialog.options[name].value() for name in dialog.options.fields}

    browser.post(START, follow(stopped, "untouched", **form))
    rest = BulkAction.objects.latest("pk")
    lane.work_on(rest.pk, 0)
    rest.refresh_from_db()

    assert (dialog.preview.total, dialog.preview.changes) == (5, 5)
    assert (rest.follows, rest.follow_up, rest.title) == (stopped, "untouched", stopped.title)
    assert rest.changed == 5
    assert Candidate.objects.filter(folder=hired).count() == 9


def test_retry_may_change_the_options(browser, stopped, opening):
    elsewhere = opening.folders.get(kind="on_hold")

    browser.post(START, follow(stopped, "failed", to_folder=elsewhere.pk))
    retry = BulkAction.objects.latest("pk")

    assert (retry.follows, retry.follow_up, retry.total) == (stopped, "failed", 1)
    assert retry.title == "Move to On Hold"


def test_undo_brings_back_what_was_done(browser, stopped, hired):
    page = one_line(browser.get(NEW, follow(stopped, "done")))

    browser.post(START, follow(stopped, "done"))
    undo = BulkAction.objects.latest("pk")
    lane.work_on(undo.pk, 0)
    undo.refresh_from_db()

    assert "<strong>4</strong> will be restored." in page
    assert "changed by “Move to Hired”" in page
    assert (undo.title, undo.follows) == ("Undo “Move to Hired”", stopped)
    assert undo.changed == 4
    assert not Candidate.objects.filter(folder=hired).exists()


def test_the_failures_of_an_undo_can_be_retried(browser, stopped, opening, hired):
    """Once what was in the way is gone."""
    moved = stopped.outcomes.changed().values("candidate_id")
    one = Candidate.objects.filter(pk__in=moved)[0]
    Candidate.objects.filter(pk=one.pk).update(folder=opening.inbox)
    browser.post(START, follow(stopped, "done"))
    undo = BulkAction.objects.latest("pk")
    lane.work_on(undo.pk, 0)
    Candidate.objects.filter(pk=one.pk).update(folder=hired)

    browser.post(START, follow(undo, "failed"))
    again = BulkAction.objects.latest("pk")
    lane.work_on(again.pk, 0)

    one.refresh_from_db()
    assert (again.follows, again.operation, again.total) == (undo, "undo", 1)
    assert one.folder == opening.inbox


@pytest.mark.parametrize("status", ["sending", "sent", "failed", "unconfirmed"])
def test_the_untouched_leave_out_whom_a_message_is_on_its_way_to(stopped, recruiter, status):
    left = ids_for(stopped, FollowUp.REST, recruiter)
    message_to(left[0], stopped, status)

    assert ids_for(stopped, FollowUp.REST, recruiter) == left[1:]
    note = Following(stopped, FollowUp.REST, recruiter).notes(4)
    assert note == ["1 more is left out: deleted since or already messaged, or possibly messaged."]


@pytest.mark.parametrize(
    ("status", "is_retried"),
    [("sending", False), ("sent", False), ("failed", True), ("unconfirmed", False)],
)
def test_a_retry_writes_to_nobody_who_may_have_the_message(stopped, recruiter, status, is_retried):
    (failed,) = ids_for(stopped, FollowUp.RETRY, recruiter)
    message_to(failed, stopped, status)

    assert ids_for(stopped, FollowUp.RETRY, recruiter) == ([failed] if is_retried else [])


def test_the_undo_dialog_tells_which_messages_can_t_be_unsent(browser, stopped):
    for candidate, status in enumerate(["sent", "unconfirmed", "failed"]):
        message_to(candidate, stopped, status)

    page = browser.get(NEW, follow(stopped, "done")).content.decode()

    assert "2 e-mails that went out with it can’t be unsent." in page


def test_what_is_on_offer_depends_on_how_it_ended(stopped, recruiter, agent, hired, start_move):
    running = start_move(hired)
    assert on_offer(running, recruiter) == []
    assert on_offer(stopped, recruiter) == [FollowUp.REST, FollowUp.RETRY, FollowUp.UNDO]
    assert on_offer(stopped, agent) == []

    lane.work_on(running.pk, 0)
    running.refresh_from_db()
    assert on_offer(running, recruiter) == [FollowUp.UNDO]

    BulkAction.objects.filter(pk=stopped.pk).update(operation="teleport")
    stopped.refresh_from_db()
    assert on_offer(stopped, recruiter) == []


@pytest.mark.parametrize("which", FollowUp)
@pytest.mark.parametrize("status", ["canceled", "halted", "failed", "completed_with_failures"])
def test_only_what_did_not_complete_has_a_rest(stopped, recruiter, status, which):
    stopped.status = status

    is_offered = not Following(stopped, which, recruiter).problem

    assert is_offered == (which != FollowUp.REST or status != "completed_with_failures")


@pytest.mark.parametrize(
    ("which", "sentence"),
    [
        ("untouched", "left no candidates untouched"),
        ("failed", "No candidate failed in “Move to Hired”."),
    ],
)
def test_a_follow_up_that_is_not_on_offer_is_refused_with_the_reason(
    browser, hired, start_move, make_candidates, which, sentence
):
    make_candidates(2)
    action = start_move(hired)

    running = browser.get(NEW, follow(action, which))
    lane.work_on(action.pk, 0)
    answers = [
        browser.get(NEW, follow(action, which)),
        browser.post(START, follow(action, which)),
        browser.post(START, follow(action, which), headers={"HX-Request": "true"}),
    ]

    assert "is still running" in running.content.decode()
    assert [answer.status_code for answer in answers] == [409, 409, 200]
    assert all(sentence in answer.content.decode() for answer in answers)
    assert BulkAction.objects.count() == 1


@pytest.mark.parametrize("which", FollowUp)
def test_another_workspaces_action_is_a_404(client_of, stranger, stopped, which):
    answers = [
        client_of(stranger).get(NEW, follow(stopped, which)),
        client_of(stranger).post(START, follow(stopped, which)),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert BulkAction.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"select": "all"}, {"select": ""}, {"of": "x"}, {"of": "9" * 30}, {"of": ""}],
)
def test_a_follow_up_of_nothing_is_a_404(browser, stopped, fields):
    assert browser.get(NEW, follow(stopped, "done") | fields).status_code == 404


def test_an_undo_can_t_be_ordered_by_itself(browser, make_candidates):
    candidate = make_candidates(1).get()

    answer = browser.post(
        START, {"operation": "undo", "candidate": candidate.pk, "action": 1, "key": uuid4()}
    )

    assert answer.status_code == 404


def test_a_limited_member_follows_up_for_what_it_sees(stopped, limited, client_of, other_opening):
    mine = Candidate.objects.filter(opening=stopped.opening_ids[0]).order_by("pk")
    hidden = mine[9]
    Candidate.objects.filter(pk=hidden.pk).update(opening=other_opening, folder=other_opening.inbox)

    assert hidden.pk not in ids_for(stopped, FollowUp.REST, limited)
    page = client_of(limited).get(NEW, follow(stopped, "untouched")).content.decode()
    assert "1 more is left out: deleted since or in openings you can’t see." in page


def test_both_reviews_link_to_each_other(browser, stopped):
    browser.post(START, follow(stopped, "done"))
    undo = BulkAction.objects.latest("pk")

    before = browser.get(stopped.get_absolute_url()).content.decode()
    after = browser.get(undo.get_absolute_url()).content.decode()

    assert "Undo started by" in before, "nothing is undone yet"
    assert undo.get_absolute_url() in before
    lane.work_on(undo.pk, 0)
    assert "Undone by" in browser.get(stopped.get_absolute_url()).content.decode()
    assert "Undoes" in after
    assert f'href="{stopped.get_absolute_url()}"' in after


def test_the_review_offers_what_can_follow(browser, stopped, client_of, agent):
    page = browser.get(stopped.get_absolute_url()).content.decode()
    theirs = client_of(agent).get(stopped.get_absolute_url()).content.decode()

    for which in FollowUp:
        assert f"?of={stopped.pk}&amp;select={which}" in page
    assert "?of=" not in theirs


def test_a_double_click_undoes_once(browser, stopped):
    order = follow(stopped, "done")

    answers = [browser.post(START, order) for _ in range(2)]

    assert BulkAction.objects.filter(follow_up="done").count() == 1
    assert answers[0]["Location"] == answers[1]["Location"]


def test_the_untouched_are_frozen_by_one_statement(browser, stopped, django_assert_max_num_queries):
    """None of them passes through Python: there may be a million."""
    with django_assert_max_num_queries(45) as queries:
        browser.post(START, follow(stopped, "untouched", to_folder=stopped.options["folder"]))

    freezing = [query for query in queries if "INSERT INTO bulk_actions_chunk" in query["sql"]]
    assert len(freezing) == 1
    assert "unnest" in freezing[0]["sql"]


def test_a_follow_up_that_is_not_on_offer_raises(stopped, recruiter):
    BulkAction.objects.filter(pk=stopped.pk).update(failed=0)

    with pytest.raises(NotOnOffer):
        Following.from_data(recruiter, QueryDict(f"of={stopped.pk}&select=failed"))
