"""The admin site's pages of workspaces and candidates."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.candidates.models import FolderKind, Opening
from pipeline.workspaces.models import User
from tests.conftest import PASSWORD


@pytest.fixture
def operator(client_of, db):
    return client_of(User.objects.create_superuser("root@example.com", PASSWORD))


@pytest.mark.parametrize(
    "model",
    [
        "workspaces_workspace",
        "workspaces_user",
        "workspaces_membership",
        "candidates_opening",
        "candidates_folder",
        "candidates_label",
        "candidates_candidate",
    ],
)
def test_each_list_and_form_opens(operator, recruiter, make_candidates, labels, model):
    make_candidates(2)

    for page in ("changelist", "add"):
        assert operator.get(reverse(f"admin:{model}_{page}")).status_code == 200


def test_a_candidate_opens_and_is_found_by_the_beginning_of_a_name(operator, make_candidates):
    wanted = make_candidates(1, full_name="Inger Svärd")[0]
    make_candidates(1)

    found = operator.get(reverse("admin:candidates_candidate_changelist"), {"q": "svar"})
    page = operator.get(reverse("admin:candidates_candidate_change", args=[wanted.pk]))

    assert "Inger Svärd" in found.content.decode()
    assert "Person" not in found.content.decode()
    assert page.status_code == 200


def test_the_list_counts_no_further_than_it_pages(operator, make_candidates):
    make_candidates(3)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        operator.get(reverse("admin:candidates_candidate_changelist"))

    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert all("LIMIT 10000" in sql for sql in counts)


def test_a_new_opening_gets_the_default_folders(operator, workspace):
    answers = {
        "name": "Driver, Leeds",
        "workspace": workspace.pk,
        "folders-TOTAL_FORMS": 0,
        "folders-INITIAL_FORMS": 0,
    }

    operator.post(reverse("admin:candidates_opening_add"), answers)

    folders = Opening.objects.get(name="Driver, Leeds").folders.values_list("name", flat=True)
    assert tuple(folders) == tuple(FolderKind.labels)


def test_a_new_user_logs_in_by_e_mail(operator, client, workspace):
    answers = {
        "email": "New@Example.com",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "membership-TOTAL_FORMS": 0,
        "membership-INITIAL_FORMS": 0,
    }

    operator.post(reverse("admin:workspaces_user_add"), answers)

    assert client.login(username="new@example.com", password=PASSWORD)
