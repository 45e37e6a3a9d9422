"""Giving candidates to a recruiter who sees them, or to nobody."""

from uuid import uuid4

import pytest
from django.urls import reverse

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import operation_of
from pipeline.bulk_actions.operations.assign_recruiter import AssignRecruiter, AssignRecruiterForm
from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import Role, User

from .conftest import assert_was, reasons_of


def assign(user: User | None) -> AssignRecruiter:
    options = {"recruiter": user and user.membership.pk, "recruiter_name": str(user or "")}
    return AssignRecruiter(options)


def test_a_limited_recruiter_gets_only_whom_it_sees(make_candidates, limited, other_opening, order):
    make_candidates(3)
    make_candidates(2, recruiter=limited.membership)
    make_candidates(2, other_opening)
    make_candidates(1, other_opening, recruiter=limited.membership)
    preview = assign(limited).preview(Candidate.objects.all())

    action = order(assign(limited))

    assert_was(preview, action)
    assert (action.changed, action.unchanged) == (3, 2)
    assert reasons_of(action) == {"Liv Holm does not see Warehouse, Leeds.": 3}


def test_nobody_takes_them_from_everybody(make_candidates, colleague, order):
    make_candidates(2, recruiter=colleague.membership)
    make_candidates(1)

    action = order(assign(None))

    assert (action.title, action.changed, action.unchanged) == ("Assign to nobody", 2, 1)
    assert not Candidate.objects.exclude(recruiter=None).exists()


@pytest.mark.parametrize("how", ["leaves", "changes role"])
def test_who_is_no_recruiter_any_more_gets_nobody(make_candidates, colleague, order, how):
    make_candidates(2)
    action = order(assign(colleague), run=False)
    if how == "leaves":
        colleague.membership.delete()
    else:
        colleague.membership.role = Role.SUPPORT
        colleague.membership.save()

    order.finish(action)

    assert reasons_of(action) == {"Ben Okafor is no longer a recruiter here.": 2}


def test_the_form_offers_recruiters_of_the_workspace_and_nobody(
    recruiter, colleague, owner, agent, support, stranger
):
    colleague.is_active = False
    colleague.save()

    offered = AssignRecruiterForm(user=recruiter)["to_recruiter"]

    assert [option.data["label"] for option in offered] == [
        "Choose a recruiter",
        "Nobody",
        "Ana Ruiz",
        "Olga Berg",
    ]


@pytest.mark.parametrize("who", ["agent", "stranger", None])
def test_another_recruiter_is_refused(request, client_of, recruiter, make_candidates, who):
    make_candidates(1)
    member = request.getfixturevalue(who).membership.pk if who else ""
    order = {"operation": "assign_recruiter", "to_recruiter": member, "select": "all"}

    answer = client_of(recruiter).post(reverse("bulk_actions:history"), order | {"key": uuid4()})

    assert answer.status_code == 422
    assert not BulkAction.objects.exists()


def test_the_review_tells_whose_they_were(make_candidates, colleague, owner, order):
    make_candidates(1, recruiter=owner.membership)
    action = order(assign(colleague))
    befores = [{"recruiter": owner.membership.pk}, {"recruiter": None}, {"recruiter": 0}, {}]

    described = operation_of(action).describe_before(befores)

    assert described == ["Olga Berg", "nobody", "somebody who has left", ""]
