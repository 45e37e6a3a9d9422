"""How long the server takes to answer the candidates page, whatever is asked of it."""

import statistics
import time
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.urls import reverse

from pipeline.candidates.demo import load
from pipeline.candidates.models import Candidate, Label, Opening
from pipeline.workspaces.models import Membership, User

from .report import Report

ROUNDS = 15


def measure(size: int, report: Report) -> None:
    """Fill a workspace with `size` candidates and ask for each kind of page in turn."""
    load.load(size, "benchmark")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    client = Client()
    client.force_login(User.objects.get(email="owner@demo.example"))
    for what, query in questions().items():
        url = f"{reverse('candidates:list')}?{urlencode(query)}"
        client.get(url)  # templates and catalog are warm, as in a running server
        times = [milliseconds(client, url) for _ in range(ROUNDS)]
        report.add(f"page: {what}, p50", size, statistics.median(times), "ms")
        report.add(f"page: {what}, worst of {ROUNDS}", size, max(times), "ms", at_most=150)


def milliseconds(client: Client, url: str) -> float:
    begun = time.perf_counter()
    response = client.get(url, headers={"HX-Request": "true"})
    assert response.status_code == 200, response.status_code
    return (time.perf_counter() - begun) * 1000


def questions() -> dict[str, dict[str, object]]:
    """The query string for each kind of page."""
    middle = Candidate.objects.order_by("pk").values_list("pk", flat=True)[
        Candidate.objects.count() // 2
    ]
    someone = (
        Candidate.objects.exclude(email="")
        .exclude(phone="")
        .get(
            pk__in=[
                Candidate.objects.exclude(email="")
                .exclude(phone="")
                .filter(pk__gte=middle)
                .order_by("pk")[0]
                .pk
            ]
        )
    )
    opening = Opening.objects.all()[1]
    hired = opening.folders.get(name="Hired")
    label = Label.objects.all()[0]
    recruiter = Membership.objects.filter(candidates__isnull=False)[:1].get()
    rare = Label.objects.create(workspace=opening.workspace, name="Rare")
    for candidate in Candidate.objects.order_by("pk")[:5]:
        candidate.labels.add(rare)
    return {
        "first": {},
        "next, in the middle": {"after": middle},
        "opening": {"opening": opening.pk},
        "folder": {"opening": opening.pk, "folder": hired.pk},
        "label": {"label": label.pk},
        "label that 5 old ones have": {"label": rare.pk},
        "recruiter": {"recruiter": recruiter.pk},
        "source": {"source": someone.source},
        "everything at once": {
            "opening": opening.pk,
            "folder": hired.pk,
            "label": label.pk,
            "recruiter": recruiter.pk,
            "source": someone.source,
        },
        "search one letter": {"q": "a"},
        "search a first name": {"q": someone.first_name},
        "search the whole name": {"q": someone.full_name},
        "search an e-mail": {"q": someone.email},
        "search a phone": {"q": someone.phone},
        "search what everybody has": {"q": "example"},
        "search what nobody has": {"q": "zzzyx"},
        "search in a folder": {"opening": opening.pk, "folder": hired.pk, "q": someone.last_name},
        "search with a label, in the middle": {"label": label.pk, "q": "an", "after": middle},
    }
