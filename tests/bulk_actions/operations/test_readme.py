"""The operation in the README of bulk actions is complete: who follows it has one that works."""

import re
from types import ModuleType
from uuid import uuid4

from django.conf import settings
from django.urls import reverse

from pipeline.bulk_actions import operations
from pipeline.bulk_actions.models import BulkAction
from pipeline.candidates.models import Candidate
from pipeline.workspaces.models import Workspace

from .conftest import assert_was


def operation_of_the_readme() -> type[operations.Operation]:
    text = (settings.BASE_DIR / "pipeline/bulk_actions/README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    module = ModuleType("pipeline.bulk_actions.operations.set_source")
    module.__package__ = operations.__name__
    exec(code, module.__dict__)  # noqa: S102
    kind: type[operations.Operation] = module.SetSource
    return kind


def test_the_operation_of_the_readme_works(
    make_candidates, client_of, recruiter, order, monkeypatch
):
    Workspace.objects.update(start_delay_seconds=0)
    kind = operation_of_the_readme()
    monkeypatch.setitem(operations.OPERATIONS, kind.key, kind)
    make_candidates(3)
    make_candidates(2, source="Fair")
    preview = kind({"source": "Fair"}).preview(Candidate.objects.all())
    form = {"operation": kind.key, "select": "all", "new_source": "Fair", "key": str(uuid4())}

    client_of(recruiter).post(reverse("bulk_actions:history"), form)
    action = BulkAction.objects.get()
    order.finish(action)

    assert_was(preview, action)
    assert (action.title, action.changed, action.unchanged) == ("Source: Fair", 3, 2)
    assert set(Candidate.objects.values_list("source", flat=True)) == {"Fair"}
