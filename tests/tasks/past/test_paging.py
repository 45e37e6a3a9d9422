"""Past tasks page by page: each once, whatever ended at the same moment."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.foundation.paging.by_cursor import PAGE
from pipeline.tasks.models import Task
from pipeline.tasks.past import paging
from tests.pages import one_line

from .conftest import BY_JOURNEY
from .lists import LIST, shown
from .lists import get as get


@pytest.fixture
def same_moment(make_past, candidate) -> list[int]:
    """What one cancel of many left: more than two pages that ended at the same microsecond."""
    one = make_past(**BY_JOURNEY)
    values = dict(Task.objects.filter(pk=one.pk).values().get())
    Task.objects.bulk_create(Task(**values | {"id": None}) for _ in range(2 * PAGE + 10))
    return list(Task.objects.order_by("-pk").values_list("pk", flat=True))


@pytest.mark.parametrize("filters", [{}, {"source": "journey"}, {"journey": "12", "q": "inger"}])
def test_the_pages_hold_each_task_once_though_all_ended_together(get, same_moment, filters):
    pages = []
    response = get(**filters)
    while True:
        pages.append(shown(response))
        more = re.search(r'id="next-page" href="(.*?)"', response.content.decode())
        if not more:
            break
        response = get(unescape(more[1]))

    assert [pk for page in pages for pk in page] == same_moment
    assert [len(page) for page in pages] == [PAGE, PAGE, 11]


def test_going_back_shows_the_page_before_and_ends_on_a_full_first_one(get, same_moment):
    def follow(response, link):
        [found] = re.findall(rf'id="{link}-page" href="(.*?)"', response.content.decode())
        return get(unescape(found))

    first = get()
    third = follow(follow(first, "next"), "next")

    second = follow(third, "previous")
    back = follow(second, "previous")

    assert shown(second) == same_moment[PAGE : 2 * PAGE]
    assert shown(back) == same_moment[:PAGE]
    assert "previous-page" not in back.content.decode()


@pytest.mark.parametrize("place", ["x", "1-", "-1", "1" * 30 + "-1", "1-" + "1" * 30, "1-1-1"])
def test_a_place_that_is_none_is_the_first_page(get, make_past, place):
    task = make_past()

    assert shown(get(after=place)) == [task.pk]


def test_a_count_ends_somewhere(get, same_moment, monkeypatch):
    monkeypatch.setattr(paging, "MOST", 60)

    assert 'id="found">60+ tasks<' in one_line(get())


@pytest.mark.parametrize(
    "filters", [{}, {"state": "canceled"}, {"type": "outbound_call", "q": "inger"}]
)
@pytest.mark.parametrize("who", ["support", "limited"])
def test_more_tasks_take_no_more_queries(
    client_of, request, who, make_past, filters, make_candidates
):
    client = client_of(request.getfixturevalue(who))
    make_past(**BY_JOURNEY)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST, filters)
    for person in make_candidates(20, full_name="Inger Two"):
        make_past(person, **BY_JOURNEY)

    with CaptureQueriesContext(connection) as many:
        response = client.get(LIST, filters)

    assert len(shown(response)) == 21
    assert len(many) == len(few)


def test_htmx_gets_the_region_and_a_clean_address(client_of, support, make_past):
    make_past()
    query = {"type": "outbound_call", "campaign": "", "q": "", "since": ""}

    response = client_of(support).get(LIST, query, headers={"HX-Request": "true"})

    assert response.content.decode().strip().startswith('<div id="past"')
    assert response["HX-Push-Url"] == f"{LIST}?type=outbound_call"
    assert "HX-Request" in response["Vary"]
