"""Nobody sees what is not theirs: another's bulk action is a 404, wherever it is asked for."""

from typing import Any

import pytest
from django.urls import reverse

from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Opening
from pipeline.workspaces.models import Role, User, Workspace
from tests.conftest import join

PAGES = ("review", "outcomes", "cancel")


@pytest.fixture
def action(opening: Opening, start_move: Any, make_candidates: Any) -> BulkAction:
    make_candidates(2)
    started: BulkAction = start_move(opening.folders.get(name="Hired"))
    return started


@pytest.fixture
def elsewhere(workspace: Workspace, other_opening: Opening) -> User:
    """A recruiter of the same workspace who sees only the other opening."""
    user = join(workspace, Role.RECRUITER, "Noa Levi", is_limited=True)
    other_opening.members.add(user.membership)
    return user


def url(name: str, action: BulkAction) -> str:
    return reverse(f"bulk_actions:{name}", args=[action.pk]) + "?result=done"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["stranger", "elsewhere"])
def test_a_foreign_action_is_a_404(request, client_of, action, who, page):
    client = client_of(request.getfixturevalue(who))

    assert client.get(url(page, action)).status_code == 404


@pytest.mark.parametrize("who", ["stranger", "elsewhere"])
def test_a_foreign_action_cant_be_canceled(request, client_of, action, who):
    client = client_of(request.getfixturevalue(who))

    answer = client.post(reverse("bulk_actions:cancel", args=[action.pk]))

    action.refresh_from_db()
    assert answer.status_code == 404
    assert action.status == "in_queue"


@pytest.mark.parametrize("who", ["stranger", "elsewhere"])
def test_a_foreign_action_is_not_in_the_history(request, client_of, action, who):
    client = client_of(request.getfixturevalue(who))

    page = client.get(reverse("bulk_actions:history"))

    assert list(page.context["actions"]) == []


def test_the_history_filter_offers_only_colleagues(stranger, recruiter, client_of):
    page = client_of(recruiter).get(reverse("bulk_actions:history")).content.decode()

    assert "Ana Ruiz" in page
    assert "Zoe Stone" not in page


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["owner", "agent", "support", "limited"])
def test_every_member_of_its_openings_sees_it(request, client_of, action, who, page):
    client = client_of(request.getfixturevalue(who))
    is_refused = page == "outcomes" and who in ("agent", "support")  # the right to export

    assert client.get(url(page, action)).status_code == (403 if is_refused else 200)


@pytest.mark.parametrize("page", PAGES)
def test_without_a_login_there_is_only_the_login_page(client, action, page):
    answer = client.get(url(page, action))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("login"))


def test_nobody_without_a_workspace_starts_or_sees_anything(client_of, action):
    client = client_of(User.objects.create(email="nobody@example.com"))

    assert client.get(reverse("bulk_actions:new")).status_code == 403
    assert client.get(url("review", action)).status_code == 403
