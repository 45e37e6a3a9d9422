"""The untouched and the failed are on offer once: a second order would write to people again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from pipeline.bulk_actions.engine import lane
from pipeline.bulk_actions.engine.start import start_bulk_action
from pipeline.bulk_actions.followups import Following, on_offer
from pipeline.bulk_actions.models import BulkAction, FollowUp
from pipeline.bulk_actions.pages import start
from pipeline.candidates.models import Candidate

from .followups import START, follow, ids_for
from .followups import browser as browser
from .followups import hired as hired
from .followups import stopped as stopped


@pytest.mark.parametrize(("which", "done"), [("untouched", "continued"), ("failed", "retried")])
def test_nobody_is_written_to_by_a_second_order_of_the_same(
    browser, stopped, recruiter, hired, which: str, done: str
):
    order = {"to_folder": hired.pk}
    browser.post(START, follow(stopped, which, **order))
    first = BulkAction.objects.latest("pk")
    assert Following(stopped, FollowUp(which), recruiter).problem.endswith(f"is being {done}.")

    first.cancel(by=recruiter)
    assert not Following(stopped, FollowUp(which), recruiter).problem, "it has done nothing"

    browser.post(START, follow(stopped, which, **order))
    second = BulkAction.objects.latest("pk")
    lane.work_on(second.pk, 0)
    assert Following(stopped, FollowUp(which), recruiter).problem.endswith(f"already been {done}.")
    assert ids_for(stopped, FollowUp(which), recruiter) == []
    browser.post(START, follow(stopped, which, **order))
    assert BulkAction.objects.latest("pk") == second


@pytest.fixture
def press_together(monkeypatch) -> Any:
    """Each has seen it on offer by the time anybody's order is written; gives their answers."""
    both = Barrier(2)

    def start_together(**about: Any) -> Any:
        both.wait(30)
        return start_bulk_action(**about)

    def press(browser: Client, order: dict[str, Any]) -> int:
        try:
            return browser.post(START, order).status_code
        finally:
            connection.close()

    def press_together(browsers: list[Client], orders: list[dict[str, Any]]) -> list[int]:
        with ThreadPoolExecutor(2) as threads:
            return sorted(threads.map(press, browsers, orders))

    monkeypatch.setattr(start, "start_bulk_action", start_together)
    return press_together


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("which", ["untouched", "failed"])
def test_of_two_who_order_the_same_at_once_one_does(
    stopped, recruiter, colleague, client_of, press_together, which: str
):
    folder = stopped.options["folder"]
    browsers = [client_of(user) for user in (recruiter, colleague)]

    answers = press_together(browsers, [follow(stopped, which, to_folder=folder) for _ in browsers])

    assert BulkAction.objects.filter(follows=stopped).count() == 1
    assert answers == [303, 409]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_is_one_order_and_refused_by_neither(
    stopped, recruiter, client_of, press_together
):
    order = follow(stopped, "untouched", to_folder=stopped.options["folder"])

    answers = press_together([client_of(recruiter) for _ in range(2)], [order] * 2)

    assert BulkAction.objects.filter(follows=stopped).count() == 1
    assert answers == [303, 303]


def test_another_try_of_the_failed_leaves_the_untouched_on_offer(browser, stopped, recruiter):
    browser.post(START, follow(stopped, "failed", to_folder=stopped.options["folder"]))
    retry = BulkAction.objects.latest("pk")
    assert FollowUp.REST in on_offer(stopped, recruiter)

    lane.work_on(retry.pk, 0)

    assert on_offer(stopped, recruiter) == [FollowUp.REST, FollowUp.UNDO]


def test_what_one_carried_on_for_a_part_is_on_offer_to_who_sees_the_others(
    stopped, limited, recruiter, client_of, other_opening
):
    left = ids_for(stopped, FollowUp.REST, recruiter)
    hidden = Candidate.objects.filter(pk=left[0])
    hidden.update(opening=other_opening, folder=other_opening.inbox)
    order = follow(stopped, "untouched", to_folder=stopped.options["folder"])
    client_of(limited).post(START, order)
    part = BulkAction.objects.latest("pk")
    lane.work_on(part.pk, 0)

    assert (part.follows, part.total) == (stopped, 4)
    assert FollowUp.REST in on_offer(stopped, recruiter)
    assert ids_for(stopped, FollowUp.REST, recruiter) == left[:1]
