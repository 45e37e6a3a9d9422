"""Every id that a bulk action's form can name, taken from where the one who posts it can't see."""

from typing import Any
from uuid import uuid4

import pytest
from django import forms
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import OPERATIONS
from pipeline.bulk_actions.pages.start_form import Order
from pipeline.candidates.models import Folder, Label, Opening, RejectReason
from pipeline.journeys.models import Journey
from pipeline.outreach.models import Campaign, MessageTemplate
from pipeline.workspaces.models import Membership, User

MODELS = {
    Campaign: "campaign",
    Folder: "folder",
    Journey: "journey",
    Label: "label",
    Membership: "recruiter",
    MessageTemplate: "template",
    Opening: "opening",
    RejectReason: "reason",
}
# Choices made by hand from rows of ours; other lists of choices name no rows.
MADE_BY_HAND = {"to_recruiter": "recruiter"}
OPERATION_KEYS = [key for key, operation in OPERATIONS.items() if not operation.is_follow_up]
FILTERS = ("opening", "folder", "label", "recruiter", "journey")
START, NEW = "/bulk-actions/", "/bulk-actions/new/"


def named_rows(user: User, key: str) -> dict[str, str]:
    """The fields of the operation's form that name a row, and which of `foreign` they would."""
    fields = OPERATIONS[key].form(None, user=user).fields
    rows = {name: MADE_BY_HAND[name] for name in fields if name in MADE_BY_HAND}
    for name, field in fields.items():
        if isinstance(field, forms.ModelChoiceField):
            assert field.queryset is not None
            rows[name] = MODELS[field.queryset.model]  # a KeyError: give `foreign` one of those
    return rows


def all_named_rows(user: User) -> list[tuple[str, str, str]]:
    return [(key, *row) for key in OPERATION_KEYS for row in named_rows(user, key).items()]


def refused(client: Client, user: User, key: str, candidate: int, name: str, pk: int) -> None:
    data = {"operation": key, "candidate": str(candidate), name: str(pk), "key": str(uuid4())}
    query = QueryDict(mutable=True)
    query.update(data)
    before = BulkAction.objects.count()

    answers = [client.post(START, data), client.post(NEW, data), client.get(NEW, data)]

    assert name in Order(user, query, is_given=True).options.errors, (key, name)
    assert [answer.status_code for answer in answers] == [422, 200, 200], (key, name)
    assert BulkAction.objects.count() == before


def test_no_form_takes_a_row_of_another_workspace(
    client_of: Any, recruiter: User, world: dict[str, Any], foreign: dict[str, Any]
) -> None:
    client = client_of(recruiter)
    for key, name, what in all_named_rows(recruiter):
        refused(client, recruiter, key, world["candidate"].pk, name, foreign[what].pk)


def test_no_form_takes_a_row_of_an_opening_that_a_limited_member_does_not_see(
    client_of: Any, elsewhere: User, world: dict[str, Any], mine: int
) -> None:
    client = client_of(elsewhere)
    in_manila = {"folder": world["folder"], "opening": world["opening"]}
    for key, name, what in all_named_rows(elsewhere):
        if what in in_manila:
            refused(client, elsewhere, key, mine, name, in_manila[what].pk)


@pytest.fixture
def mine(elsewhere: User, make_candidates: Any) -> int:
    """A candidate of the opening that `elsewhere` sees."""
    pk: int = make_candidates(1, elsewhere.membership.openings.get())[0].pk
    return pk


@pytest.mark.parametrize("who", ["recruiter", "elsewhere"])
def test_no_selection_holds_who_is_not_seen(
    who: str, request: Any, client_of: Any, world: dict[str, Any], foreign: dict[str, Any]
) -> None:
    client = client_of(request.getfixturevalue(who))
    theirs = world["candidate"] if who == "elsewhere" else foreign["candidate"]
    filters = {name: foreign[name].pk for name in FILTERS}
    selections = [{"candidate": theirs.pk}]
    selections += [{"select": "all", name: pk} for name, pk in filters.items()]
    before = BulkAction.objects.count()

    for key in OPERATION_KEYS:
        for selection in selections:
            data = {"operation": key, "key": str(uuid4()), **selection}
            for answer in (client.post(START, data), client.post(NEW, data)):
                assert answer.status_code == 404, (key, selection)

    assert BulkAction.objects.count() == before


@pytest.mark.parametrize("which", ["untouched", "failed", "done"])
@pytest.mark.parametrize("who", ["stranger", "elsewhere"])
def test_no_follow_up_of_an_action_that_is_not_seen(
    which: str, who: str, request: Any, client_of: Any, world: dict[str, Any], recruiter: User
) -> None:
    world["action"].cancel(by=recruiter)
    client = client_of(request.getfixturevalue(who))
    data = {"of": world["action"].pk, "select": which, "key": str(uuid4())}
    before = BulkAction.objects.count()

    for answer in (client.post(START, data), client.post(NEW, data), client.get(NEW, data)):
        assert answer.status_code == 404

    assert BulkAction.objects.count() == before


def test_another_workspaces_one_time_key_starts_and_shows_nothing(
    client_of: Any, stranger: User, world: dict[str, Any]
) -> None:
    data = {"operation": "change_labels", "key": str(world["action"].key)}
    before = BulkAction.objects.count()

    answer = client_of(stranger).post(START, data)

    assert reverse("bulk_actions:review", args=[world["action"].pk]) not in answer.content.decode()
    assert BulkAction.objects.count() == before
