"""The staged people into the opening, in one transaction."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from pipeline.candidates.models import Label, Opening
from pipeline.candidates.models.attributes import MOST_OTHERS, too_large_sql, too_many_sql
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.candidates.signals import people_merged
from pipeline.foundation.first_come import lock_names
from pipeline.foundation.names import same_key

from .cleaning import name_key
from .identity import OTHER_EMAILS, OTHER_NAMES, OTHER_PHONES, find_people, is_same_name
from .locks import enter_opening
from .opt_outs import EMAIL

# What the rows of one target say together: of each field the newest that says anything. A guest
# (see identity.py) comes last. Address and number are who the candidate is, so the order of the
# rows doesn't matter: the address that most rows have, the number of the newest date, and of
# equals the first in the alphabet.
MERGE = """
CREATE TEMP TABLE merged ON COMMIT DROP AS
SELECT target, min(candidate_id) AS candidate_id, candidate_id IS NULL AS is_new,
    min(record) AS record, bool_and(is_guest) AS is_guest,
    coalesce(mode() WITHIN GROUP (ORDER BY email COLLATE "C") FILTER (WHERE email <> ''), '')
        AS email,
    array_agg(DISTINCT email) FILTER (WHERE email <> '') AS emails,
    array_agg(DISTINCT phone) FILTER (WHERE phone <> '') AS phones,
    {phone} AS phone, {source} AS source, {folder_id} AS folder_id, {created_at} AS created_at,
    (array_agg(ARRAY[first_name, last_name, full_name] ORDER BY
        is_guest, {short}, full_name = upper(full_name), created_at DESC NULLS LAST, record DESC
    ))[1:1][1:3] AS name
FROM staged JOIN row_target USING (record)
GROUP BY target, candidate_id;
UPDATE merged SET candidate_id = new.id FROM (
    SELECT target, nextval(pg_get_serial_sequence('candidates_candidate', 'id')) AS id
    FROM (SELECT target FROM merged WHERE is_new ORDER BY record) AS in_order
) AS new WHERE new.target = merged.target;
CREATE INDEX ON merged (target);
ANALYZE merged
"""
NEWEST = "is_guest, created_at DESC NULLS LAST, record DESC"


def newest(column: str, empty: str) -> str:
    """SQL for the newest value of a column that is not `empty`."""
    chosen = f"(array_agg({column} ORDER BY {NEWEST}) FILTER (WHERE {column} <> {empty}))[1]"
    return f"coalesce({chosen}, '')" if empty == "''" else chosen


# "A. Ruiz" beside "Ana Ruiz"
SHORT = r"full_name ~ '^\S\.?\s'"

MERGE = MERGE.format(
    short=SHORT,
    phone=newest("phone", "''").replace("record DESC", 'phone COLLATE "C"'),
    source=newest("source", "''"),
    folder_id=f"(array_agg(folder_id ORDER BY {NEWEST}) FILTER (WHERE folder_id IS NOT NULL))[1]",
    created_at="min(created_at)",
)

# A row's own attributes, and addresses and numbers beside the one that the candidate shows.
ATTRIBUTES = """
CREATE TEMP TABLE said ON COMMIT DROP AS
SELECT candidate_id, jsonb_object_agg(key, value ORDER BY {oldest}) AS attributes
FROM (SELECT merged.candidate_id, key, value, row_target.is_guest, staged.created_at, staged.record
    FROM staged JOIN row_target USING (record) JOIN merged USING (target),
        jsonb_each(staged.attributes)) AS pairs
GROUP BY candidate_id;
ANALYZE said
""".replace("{oldest}", "is_guest DESC, created_at NULLS FIRST, record")

# Numbers that a row holds beside its first.
MORE_PHONES = """
CREATE TEMP TABLE more_phones ON COMMIT DROP AS
SELECT target, array_agg(DISTINCT number) AS others_said
FROM staged JOIN row_target USING (record), unnest(other_phones) AS number GROUP BY target;
ANALYZE more_phones
"""

# In id order, so that two who lock several candidates never wait for each other.
LOCK = """
SELECT id FROM candidates_candidate
WHERE id IN (SELECT candidate_id FROM merged WHERE NOT is_new) ORDER BY id FOR NO KEY UPDATE
"""
# The candidates as they will be; `c` is what a known one has now.
WANTED = r"""
CREATE TEMP TABLE wanted ON COMMIT DROP AS
SELECT target, candidate_id, is_new, folder_id, created_at,
    first_name, last_name, full_name, email, phone, source, attributes
        || others(%(emails)s, attributes, emails, email)
        || others(%(phones)s, attributes, phones, phone) AS attributes
FROM (
    SELECT target, candidate_id, is_new, merged.folder_id, merged.created_at,
        CASE WHEN keeps_name THEN c.first_name ELSE name[1][1] END AS first_name,
        CASE WHEN keeps_name THEN c.last_name ELSE name[1][2] END AS last_name,
        CASE WHEN keeps_name THEN c.full_name ELSE name[1][3] END AS full_name,
        coalesce(nullif(c.email, ''), merged.email) AS email,
        CASE WHEN is_guest THEN c.phone ELSE coalesce(nullif(merged.phone, ''), c.phone, '') END
            AS phone,
        CASE WHEN is_guest THEN c.source ELSE coalesce(nullif(merged.source, ''), c.source, '') END
            AS source,
        CASE WHEN is_guest THEN coalesce(said.attributes, '{}') || c.attributes
            ELSE coalesce(c.attributes, '{}') || coalesce(said.attributes, '{}') END AS attributes,
        emails, phones || coalesce(others_said, '{}') || c.phone
            || string_to_array(c.attributes->>%(phones)s, ', ') AS phones
    FROM merged LEFT JOIN candidates_candidate c ON NOT is_new AND c.id = candidate_id
    LEFT JOIN said USING (candidate_id) LEFT JOIN more_phones USING (target)
    -- A name that is shorter, only shouts, or doesn't tell first from last is no news.
    CROSS JOIN LATERAL (SELECT NOT is_new AND (is_guest OR (
        name[1][3] ~ '^\S\.?\s' AND c.full_name !~ '^\S\.?\s'
    ) OR (
        lower(name[1][3]) = lower(c.full_name)
        AND (name[1][3] = upper(name[1][3]) OR name[1][1] || name[1][2] = '')
    )) AS keeps_name) AS judged
) AS said_together
"""
INSERT = """
INSERT INTO candidates_candidate (
    id, workspace_id, opening_id, folder_id, first_name, last_name, full_name,
    email, phone, source, attributes, created_at
)
SELECT candidate_id, %(workspace)s, %(opening)s, coalesce(folder_id, %(inbox)s),
    first_name, last_name, full_name, email, phone, source, attributes,
    coalesce(created_at, date_trunc('second', now()))
FROM wanted WHERE is_new ORDER BY candidate_id
"""
UPDATE = """
UPDATE candidates_candidate c
SET first_name = w.first_name, last_name = w.last_name, full_name = w.full_name,
    email = w.email, phone = w.phone, source = w.source, attributes = w.attributes
FROM wanted AS w
WHERE NOT w.is_new AND c.id = w.candidate_id AND (
    c.first_name, c.last_name, c.full_name, c.email, c.phone, c.source, c.attributes
) IS DISTINCT FROM (
    w.first_name, w.last_name, w.full_name, w.email, w.phone, w.source, w.attributes
)
"""
# {"Other phones": "+44…, +44…"}, or {} when there are none; `attributes` holds the former ones.
OTHERS = """
CREATE OR REPLACE FUNCTION pg_temp.others(
    key text, attributes jsonb, found text[], main text, sign text DEFAULT ', '
) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN count(*) = 0 THEN '{}'
        ELSE jsonb_build_object(key, string_agg(other, sign ORDER BY other COLLATE "C")) END
    FROM (
        SELECT unnest(found) AS other
        UNION SELECT unnest(string_to_array(attributes->>key, sign))
    ) AS all_of_them
    WHERE other <> '' AND lower(other) <> lower(main)
$$
"""
WANTED = WANTED.replace(" others(", " pg_temp.others(")

# Names that rows and candidates have beside the one that is shown; most differ in capitals alone.
NAMES = """
SELECT record, target, staged.full_name, wanted.full_name
FROM staged JOIN row_target USING (record) JOIN wanted USING (target)
WHERE lower(staged.full_name) <> lower(wanted.full_name)
UNION ALL
SELECT NULL, target, c.full_name, wanted.full_name
FROM wanted JOIN candidates_candidate c ON NOT is_new AND c.id = candidate_id
WHERE lower(c.full_name) <> lower(wanted.full_name)
"""
RENAMED = """
UPDATE wanted SET attributes = attributes || pg_temp.others(
    %(names)s, attributes, other_names, full_name, '; ')
FROM (SELECT target, array_agg(DISTINCT name) AS other_names FROM other_name GROUP BY target)
    AS found
WHERE found.target = wanted.target
"""

# Rows of people of whom so much would be known that lists and exports could not bear it. What a
# candidate had before any limit stays, and may grow smaller.
REFUSE = """
CREATE TEMP TABLE refused ON COMMIT DROP AS
SELECT record, code FROM row_target JOIN (
    SELECT target, CASE
        WHEN will.emails > greatest(%(others)s, had.emails) THEN 'too_many_other_emails'
        WHEN will.phones > greatest(%(others)s, had.phones) THEN 'too_many_other_phones'
        WHEN will.names > greatest(%(others)s, had.names) THEN 'too_many_other_names'
        WHEN {too_many} THEN 'too_many_attributes'
        WHEN {too_large} THEN 'attributes_too_large'
        END AS code
    FROM wanted LEFT JOIN candidates_candidate c ON NOT is_new AND c.id = candidate_id,
    LATERAL {will} AS will, LATERAL {had} AS had
) AS judged USING (target) WHERE code IS NOT NULL
"""
LEAVE_OUT = """
DELETE FROM wanted USING row_target JOIN refused USING (record)
WHERE wanted.target = row_target.target;
DELETE FROM merged USING row_target JOIN refused USING (record)
WHERE merged.target = row_target.target;
DELETE FROM staged USING refused WHERE staged.record = refused.record;
DELETE FROM row_target USING refused WHERE row_target.record = refused.record;
"""


def measured(attributes: str) -> str:
    """SQL for how many other addresses there are in `attributes`, a candidate's."""
    return f"""(SELECT
        coalesce(cardinality(string_to_array({attributes}->>%(emails)s, ', ')), 0) AS emails,
        coalesce(cardinality(string_to_array({attributes}->>%(phones)s, ', ')), 0) AS phones,
        coalesce(cardinality(string_to_array({attributes}->>%(names)s, '; ')), 0) AS names)"""


NOW_AND_BEFORE = ("wanted.attributes", "c.attributes")
REFUSE = REFUSE.format(
    will=measured(NOW_AND_BEFORE[0]),
    had=measured(NOW_AND_BEFORE[1]),
    too_many=too_many_sql(*NOW_AND_BEFORE),
    too_large=too_large_sql(*NOW_AND_BEFORE),
)

LABELED = """
INSERT INTO candidates_candidatelabel (label_id, candidate_id)
SELECT DISTINCT label.id, merged.candidate_id
FROM staged JOIN row_target USING (record) JOIN merged USING (target), unnest(labels) AS spelling
JOIN unnest(%(spellings)s::text[], %(labels)s::bigint[]) AS label (spelling, id) USING (spelling)
ON CONFLICT DO NOTHING
"""
# Who wants no messages: the addresses of the row, and those that the candidate has now.
OPTED_OUT = """
CREATE TEMP TABLE opted_out ON COMMIT DROP AS
SELECT DISTINCT target, channel, address
FROM staged JOIN row_target USING (record) JOIN wanted USING (target), unnest(opt_outs) AS channel,
    unnest(CASE WHEN channel = %(email)s THEN ARRAY[lower(staged.email), lower(wanted.email)]
        ELSE staged.other_phones || staged.phone || wanted.phone::text END) AS address
WHERE address <> ''
"""
IMPORTED = """
INSERT INTO candidates_importedcandidate (candidate_id, candidate_import_id, is_new)
SELECT candidate_id, %(import)s, is_new FROM merged
"""
COUNTS = """
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new),
    (SELECT count(*) - count(DISTINCT person) FROM row_target),
    (SELECT count(nullif(email, '')) - count(DISTINCT nullif(email, '')) FROM staged),
    (SELECT count(DISTINCT target) FROM opted_out)
FROM merged
"""


def merge(opening: Opening, import_id: int, labels: Sequence[str]) -> dict[str, Any]:
    """Bring the staged people into the opening, inside the caller's transaction.

    But for those that `refused` then tells. Returns the counts; as `renamed` the records that
    have another name than the candidate whom they became."""
    values: dict[str, Any] = {
        "workspace": opening.workspace_id, "opening": opening.pk, "inbox": opening.inbox.pk,
        "import": import_id, "emails": OTHER_EMAILS, "phones": OTHER_PHONES, "names": OTHER_NAMES,
        "others": MOST_OTHERS, "email": EMAIL,
    }  # fmt: skip
    enter_opening(opening.pk)
    values["spellings"], values["labels"] = labels_of(opening.workspace_id, labels)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE staged")
        find_people(opening.pk)
        for statement in (OTHERS, MERGE, ATTRIBUTES, MORE_PHONES, LOCK):
            cursor.execute(statement)
        cursor.execute(WANTED, values)
        renamed = keep_other_names(cursor, values)
        cursor.execute(REFUSE, values)
        if cursor.rowcount:  # of the rows that CREATE TABLE AS has written
            cursor.execute(LEAVE_OUT)
        for statement in (INSERT, UPDATE, LABELED, IMPORTED, OPTED_OUT):
            cursor.execute(statement, values)
        people_merged.send(CandidateImport, workspace_id=opening.workspace_id)
        cursor.execute(COUNTS)
        new, updated, repeats, repeat_email, opted_out = cursor.fetchone()
    return {
        "new": new,
        "updated": updated,
        "repeats": repeats,
        "repeat_email": repeat_email,
        "repeat_phone_only": repeats - repeat_email,
        "opted_out": opted_out,
        "renamed": renamed,
    }


def labels_of(workspace_id: int, spellings: Sequence[str]) -> tuple[list[str], list[int]]:
    """The labels that these spellings name, made where there are none: as many ids as spellings."""
    lock_names(workspace_id)
    labels = Label.objects.filter(workspace=workspace_id)
    known = {same_key(name): pk for pk, name in labels.values_list("pk", "name")}
    new = [Label(workspace_id=workspace_id, name=name) for name in spellings]
    made = Label.objects.bulk_create(label for label in new if same_key(label.name) not in known)
    known |= {same_key(label.name): label.pk for label in made}
    return list(spellings), [known[same_key(name)] for name in spellings]


def keep_other_names(cursor: CursorWrapper, values: dict[str, Any]) -> list[int]:
    """Rows that are one person under different names keep all of these. Returns those records."""
    cursor.execute(NAMES)
    others = [
        (record, target, name)
        for record, target, name, shown in cursor.fetchall()
        if not is_same_name(name_key(name), name_key(shown))
    ]
    if others:
        cursor.execute("CREATE TEMP TABLE other_name (target text, name text) ON COMMIT DROP")
        with cursor.copy("COPY other_name FROM STDIN") as copy:
            for _, target, name in others:
                copy.write_row((target, name.replace(";", ",")))
        cursor.execute(RENAMED, values)
    return sorted(record for record, _, _ in others if record is not None)


def refused() -> Iterator[tuple[int, str]]:
    """Until that transaction ends: records that were left out, in order, each with its reason."""
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT record, code FROM refused ORDER BY record")
        yield from cursor
