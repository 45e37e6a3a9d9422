"""Setting an attribute and taking it away; numbers stay numbers where nobody touched them."""

import json

import pytest
from django.http import QueryDict

from pipeline.bulk_actions.operations import operation_of, set_attribute
from pipeline.bulk_actions.operations.set_attribute import SetAttribute, SetAttributeForm
from pipeline.candidates.models import Candidate
from pipeline.candidates.models.attributes import LARGEST, MOST, TOO_LARGE, TOO_MANY

from .conftest import assert_was


def test_a_number_that_reads_the_same_is_left_as_it_is(make_candidates, order):
    make_candidates(2, attributes='{"Years": 7}')
    make_candidates(1, attributes='{"Years": "7"}')
    make_candidates(1, attributes='{"Years": 8, "City": "Leeds"}')
    make_candidates(1)
    operation = SetAttribute({"attribute": "Years", "value": "7"})
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    assert_was(preview, action)
    assert (action.changed, action.unchanged) == (2, 3)
    found = list(Candidate.objects.order_by("pk").values_list("attributes", flat=True))
    assert found == [
        {"Years": 7},
        {"Years": 7},
        {"Years": "7"},
        {"Years": "7", "City": "Leeds"},
        {"Years": "7"},
    ]


def test_an_empty_value_takes_it_away(make_candidates, order):
    make_candidates(1, attributes='{"Years": null, "City": "Leeds"}')
    make_candidates(1, attributes='{"City": "Leeds"}')
    operation = SetAttribute({"attribute": "Years", "value": ""})

    action = order(operation)

    assert (action.title, action.changed, action.unchanged) == ("Take away Years", 1, 1)
    assert set(map(str, Candidate.objects.values_list("attributes", flat=True))) == {
        "{'City': 'Leeds'}"
    }


@pytest.mark.parametrize("name", ["a'b", 'a"b', "100 %", "%s", "{x}", "Größe", "\\d"])
def test_any_name_and_value_will_do(make_candidates, order, name):
    candidate = make_candidates(1).get()

    action = order(SetAttribute({"attribute": name, "value": name}))

    candidate.refresh_from_db()
    assert action.changed == 1
    assert candidate.attributes == {name: name}
    assert operation_of(action).describe_before([{f"attribute {name}": [7]}]) == ["7"]


def test_the_form_suggests_the_names_that_the_user_s_newest_candidates_have(
    make_candidates, recruiter, limited, other_opening, stranger, monkeypatch
):
    monkeypatch.setattr(set_attribute, "SAMPLE", 3)
    make_candidates(1, attributes='{"Old": 1}')
    make_candidates(2, attributes='{"city": "Leeds", "<b>": 2}')
    make_candidates(1, other_opening, attributes='{"Hidden": 1}')
    Candidate.objects.filter(workspace=stranger.membership.workspace).update(attributes={"X": 1})

    shown = str(SetAttributeForm(user=recruiter)["attribute"])
    hers = str(SetAttributeForm(user=limited)["attribute"])

    for name in ("Hidden", "city", "&lt;b&gt;"):
        assert f'<option value="{name}">' in shown
    assert "Old" not in shown
    assert "Old" in hers
    assert "Hidden" not in hers
    assert 'list="id_attribute_suggestions"' in shown


def test_a_name_that_differs_in_case_alone_is_the_known_one(make_candidates, recruiter):
    make_candidates(1, attributes='{"City": "Leeds"}')

    form = SetAttributeForm(QueryDict("attribute=city&value=York"), user=recruiter)

    assert form.is_valid()
    assert form.options() == {"attribute": "City", "value": "York"}


@pytest.mark.parametrize("data", ["value=1", "attribute=%20&value=1", f"attribute={'x' * 101}"])
def test_without_a_name_nothing_is_set(recruiter, data):
    assert not SetAttributeForm(QueryDict(data), user=recruiter).is_valid()


def test_who_has_too_many_or_too_much_already_is_left_as_they_are_and_the_preview_says_so(
    make_candidates, order
):
    full = json.dumps({f"Attribute {n}": "x" for n in range(MOST)})
    heavy = json.dumps({f"Notes {n}": "x" * (LARGEST // 5 - 100) for n in range(5)})
    make_candidates(2, attributes=full)
    make_candidates(1, attributes=heavy)
    make_candidates(1)
    operation = SetAttribute({"attribute": "City", "value": "Leeds" * 100})
    preview = operation.preview(Candidate.objects.all())

    action = order(operation)

    assert_was(preview, action)
    assert (action.changed, action.failed) == (1, 3)
    assert {skip.reason for skip in preview.skips} == {
        f"{TOO_MANY} Take one away first.",
        f"{TOO_LARGE} Take some away first.",
    }


def test_who_has_too_much_can_still_shorten_it(make_candidates, order):
    heavy = {f"Notes {n}": "x" * (LARGEST // 4) for n in range(5)}
    make_candidates(1, attributes=json.dumps(heavy))

    shortened = order(SetAttribute({"attribute": "Notes 1", "value": "y"}))

    assert (shortened.changed, shortened.failed) == (1, 0)
    assert Candidate.objects.get().attributes == heavy | {"Notes 1": "y"}


def test_who_has_too_many_can_still_change_and_lose_one(make_candidates, order):
    make_candidates(1, attributes=json.dumps({f"Attribute {n}": "x" for n in range(MOST)}))

    changed = order(SetAttribute({"attribute": "Attribute 1", "value": "y"}))
    taken = order(SetAttribute({"attribute": "Attribute 2", "value": ""}))

    assert (changed.changed, taken.changed) == (1, 1)
    assert len(Candidate.objects.get().attributes) == MOST - 1


def test_what_counts_is_how_much_there_is_afterwards(make_candidates, order):
    nearly = {f"Notes {n}": "x" * (LARGEST // 5 - 120) for n in range(5)} | {"City": "x" * 400}
    make_candidates(1, attributes=json.dumps(nearly))

    longer = order(SetAttribute({"attribute": "City", "value": "y" * 410}))
    too_long = order(SetAttribute({"attribute": "City", "value": "z" * 1000}))

    assert (longer.changed, too_long.failed) == (1, 1)
    assert Candidate.objects.get().attributes["City"] == "y" * 410
