"""The demo workspace, and as many candidates as wanted, made inside the database.

The same numbers make the same people: choices are hashes of the candidate's number, not random.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from pipeline.candidates.models import CandidateSearch, Label, Opening, RejectReason
from pipeline.workspaces.models import Membership, Role, User, Workspace

from .people import (
    CITIES,
    LABELS,
    LANGUAGES,
    OPENINGS,
    PHONES,
    PLACES,
    REJECT_REASONS,
    SHARES,
    SOURCES,
)

PEOPLE = {
    Role.OWNER: ("Olga", "Marchetti"),
    Role.ADMIN: ("Adam", "Nkemelu"),
    Role.RECRUITER: ("Ana", "Ríos"),
    Role.AGENT: ("Aiko", "Brandt"),
    Role.SUPPORT: ("Sam", "Whitfield"),
}


def is_loaded() -> bool:
    return User.objects.filter(email="owner@demo.example").exists()


@transaction.atomic
def load(candidates: int, password: str) -> Workspace:
    """Make the demo workspace: five logins with one password, openings, labels, candidates."""
    workspace = Workspace.objects.create(name="Demo", phone_region="GB")
    members = add_logins(workspace, password)
    openings = add_openings(workspace, OPENINGS)
    # So that the demo shows what a limited member sees.
    members[Role.AGENT].openings.set(openings[:2])
    Label.objects.bulk_create(Label(workspace=workspace, name=name) for name in LABELS)
    RejectReason.objects.bulk_create(
        RejectReason(workspace=workspace, name=name) for name in REJECT_REASONS
    )
    add_candidates(workspace, candidates)
    return workspace


def add_logins(workspace: Workspace, password: str) -> dict[Role, Membership]:
    hashed = make_password(password)  # slow by design: once for all five
    users = User.objects.bulk_create(
        User(
            email=f"{role}@demo.example",
            password=hashed,
            first_name=first,
            last_name=last,
            is_staff=role == Role.OWNER,
            is_superuser=role == Role.OWNER,
        )
        for role, (first, last) in PEOPLE.items()
    )
    members = Membership.objects.bulk_create(
        Membership(user=user, workspace=workspace, role=role, is_limited=role == Role.AGENT)
        for role, user in zip(PEOPLE, users, strict=True)
    )
    return {Role(member.role): member for member in members}


def add_openings(workspace: Workspace, names: Sequence[str]) -> list[Opening]:
    openings = [Opening.objects.create(workspace=workspace, name=name) for name in names]
    for opening in openings:
        opening.add_default_folders()
    return openings


@transaction.atomic
def add_candidates(workspace: Workspace, count: int) -> None:
    """Spread `count` made-up candidates over the workspace's openings, folders and labels.

    About one in 20 has no e-mail and one in 12 no phone; addresses and numbers are fictional.
    A second call would repeat the first one's e-mails, which an opening refuses.
    """
    parameters: dict[str, Any] = {
        "workspace": workspace.pk,
        "count": count,
        "openings": list(workspace.openings.order_by("pk").values_list("pk", flat=True)),
        # One entry for each of 100 candidates, so that picking one keeps the shares.
        "folders": [name for name, share in SHARES.items() for _ in range(share)],
        "recruiters": list(
            workspace.memberships.filter(role__in=Membership.STARTERS)
            .order_by("-pk")
            .values_list("pk", flat=True)
        ),
        "labels": list(workspace.labels.order_by("pk").values_list("pk", flat=True)),
        "given": [name for given, _ in PLACES for name, _ in spelled(given)],
        "family": [name for _, family in PLACES for name, _ in spelled(family)],
        "given_handles": [handle for given, _ in PLACES for _, handle in spelled(given)],
        "family_handles": [handle for _, family in PLACES for _, handle in spelled(family)],
        "sources": list(SOURCES),
        "cities": list(CITIES),
        "languages": list(LANGUAGES),
        "phones": list(PHONES),
    }
    with connection.cursor() as cursor, rebuilt_search_index(cursor, if_=count > 50_000):
        cursor.execute(PICK)
        cursor.execute(INSERT, parameters)


@contextmanager
def rebuilt_search_index(cursor: CursorWrapper, if_: bool) -> Iterator[None]:
    """Do without the search index for a while: building it anew takes a fifth of filling it."""
    (index,) = CandidateSearch._meta.indexes
    if if_:
        with connection.schema_editor() as editor:
            editor.remove_index(CandidateSearch, index)
    yield
    if if_:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # waiting checks would refuse the index
        with connection.schema_editor() as editor:
            editor.add_index(CandidateSearch, index)


def spelled(names: str) -> list[tuple[str, str]]:
    """Each name with its spelling for an e-mail address."""
    pairs = (word.partition("=") for word in names.split())
    return [(name, handle or plain(name)) for name, _, handle in pairs]


def plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


# Which of so many choices this candidate gets, from 1. `salt` makes choices independent.
PICK = """
CREATE OR REPLACE FUNCTION pg_temp.pick(number bigint, salt bigint, choices int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 1 + ((hashint8extended(number, salt) & 2147483647) % choices)::int
$$
"""
# A place is eight given and eight family names in a row. The people arrived over half a year.
INSERT = """
WITH these AS MATERIALIZED (
    SELECT
        %(openings)s::bigint[] AS openings, %(folders)s::text[] AS folders,
        %(recruiters)s::bigint[] AS recruiters, %(sources)s::text[] AS sources,
        %(given)s::text[] AS given, %(given_handles)s::text[] AS given_handles,
        %(family)s::text[] AS family, %(family_handles)s::text[] AS family_handles,
        %(phones)s::text[] AS phones, %(cities)s::text[] AS cities,
        %(languages)s::text[] AS languages
), chosen AS MATERIALIZED (
    SELECT
        number,
        openings[pg_temp.pick(number, 1, cardinality(openings))] AS opening,
        folders[pg_temp.pick(number, 2, cardinality(folders))] AS folder,
        place * 8 + pg_temp.pick(number, 4, 8) AS g,
        place * 8 + pg_temp.pick(number, 5, 8) AS f
    FROM these, generate_series(1, %(count)s) AS number,
        LATERAL (SELECT pg_temp.pick(number, 3, cardinality(given) / 8) - 1) AS p(place)
), people AS (
    INSERT INTO candidates_candidate (
        workspace_id, opening_id, folder_id, recruiter_id, first_name, last_name, full_name,
        email, phone, source, attributes, created_at
    )
    SELECT
        %(workspace)s,
        opening,
        candidates_folder.id,
        CASE WHEN pg_temp.pick(number, 7, 10) <= 4
            THEN recruiters[pg_temp.pick(number, 8, cardinality(recruiters))] END,
        given[g],
        family[f],
        given[g] || ' ' || family[f],
        CASE WHEN pg_temp.pick(number, 9, 20) = 1 THEN '' ELSE
            given_handles[g] || '.' || family_handles[f] || number || '@example.'
            || (ARRAY['com', 'net', 'org'])[pg_temp.pick(number, 10, 3)] END,
        CASE pg_temp.pick(number, 6, 12)
            WHEN 1 THEN ''
            WHEN 2 THEN phones[pg_temp.pick(number, 11, cardinality(phones))]
                || right((1000 + pg_temp.pick(number, 12, 1000))::text, 3)
            ELSE '+1' || 200 + pg_temp.pick(number, 11, 789) || '55501'
                || right((100 + pg_temp.pick(number, 12, 100))::text, 2) END,
        sources[pg_temp.pick(number, 13, cardinality(sources))],
        jsonb_build_object(
            'City', cities[pg_temp.pick(number, 14, cardinality(cities))],
            'Language', languages[pg_temp.pick(number, 15, cardinality(languages))],
            'Years of experience', pg_temp.pick(number, 16, 16) - 1
        ),
        now() - interval '180 days' * (1 - number::float / %(count)s)
    FROM these, chosen
    JOIN candidates_folder ON opening_id = opening AND name = folder
    ORDER BY number
    RETURNING id
)
INSERT INTO candidates_candidatelabel (candidate_id, label_id)
SELECT people.id, label
FROM people, unnest(%(labels)s::bigint[]) AS label
WHERE pg_temp.pick(people.id, label, 6) = 1
"""
