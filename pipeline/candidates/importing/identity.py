"""Who is who: which rows are one person, and whether the opening has that person already.

The rule, the same whatever the order of the rows:

1. The same e-mail address is one person. Other names that come with it are kept as "Other
   names" and counted in the result: an opening has each address once.
2. The same phone number under agreeing names is one person, also with two e-mail addresses. Names
   agree whatever their case, accents and order of words, and when one is short for the other:
   "A. Ruiz" or "Ana Ruiz" for "Ana María Ruiz". Short for two people of that number is for none.
3. A row without an e-mail address belongs to the person who has its phone number. Where two or
   more have it (a household), to the one whose name agrees, else to the one whose name shares most
   words with it, else to the one whose address is first in the alphabet. So a row without an
   address never makes one person of two who have one. Such a row fills gaps only (`is_guest`).
4. Where nobody with that phone number has an e-mail address, it is one person.

Candidates of the opening take part like rows. They are never merged with each other: of several
that are one person by this rule, a row goes to the one with its address, else with its phone
number and name, else to the oldest.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from .cleaning import name_key

OTHER_EMAILS = "Other e-mails"  # attributes of a candidate who was imported under several
OTHER_PHONES = "Other phones"
OTHER_NAMES = "Other names"

KNOWN_AT_ONCE = 2000  # in memory
# Candidates of the opening who could be somebody in the file.
KNOWN = """
SELECT id, lower(email), phone, full_name, attributes->>%(emails)s, attributes->>%(phones)s
FROM candidates_candidate
WHERE opening_id = %(opening)s AND (
    (email <> '' AND lower(email) IN (SELECT email FROM staged))
    OR (phone <> '' AND phone IN (SELECT phone FROM staged WHERE phone <> ''))
    OR attributes ?| ARRAY[%(emails)s, %(phones)s]
)
"""

NAMESAKES = """
SELECT phone, array_agg(DISTINCT name_key) FROM (
    SELECT phone, name_key FROM staged UNION ALL SELECT phone, name_key FROM known
) AS named
WHERE phone <> '' GROUP BY phone HAVING count(DISTINCT name_key) BETWEEN 2 AND %(most)s
"""
# A number that more names share is an office's: comparing each with each would take forever.
MOST_NAMES = 50

# Rows and candidates side by side; a candidate with several addresses has several lines.
NODES = """
CREATE TEMP TABLE node ON COMMIT DROP AS
SELECT email, phone, name_key, NULL::bigint AS candidate_id FROM staged
UNION ALL
SELECT email, phone, name_key, candidate_id FROM known;
ANALYZE node
"""

# Addresses that are one person by rule 2, or because one candidate has them all.
LINKED = """
SELECT array_agg(DISTINCT email) FROM node
WHERE email <> '' AND phone <> '' AND name_key <> ''
GROUP BY phone, name_key HAVING min(email) <> max(email)
UNION ALL
SELECT array_agg(DISTINCT email) FROM known
WHERE email <> '' GROUP BY candidate_id HAVING min(email) <> max(email)
"""

# `person` is the first of a person's addresses; of one without any, `tel:` and the number.
PEOPLE = """
CREATE TEMP TABLE holder ON COMMIT DROP AS
SELECT DISTINCT phone, name_key, coalesce(linked.person, email) AS person
FROM node LEFT JOIN linked USING (email)
WHERE email <> '' AND phone <> '';
CREATE INDEX ON holder (phone);
ANALYZE holder;

CREATE TEMP TABLE lonely ON COMMIT DROP AS
SELECT phone, name_key,
    coalesce(namesake.person, relative.person, 'tel:' || phone) AS person,
    namesake.person IS NULL AND relative.person IS NOT NULL AS is_guest
FROM (SELECT DISTINCT phone, name_key FROM node WHERE email = '') AS nodes
LEFT JOIN (
    SELECT phone, name_key, min(person COLLATE "C") AS person FROM holder
    WHERE name_key <> '' GROUP BY phone, name_key
) AS namesake USING (phone, name_key)
LEFT JOIN (SELECT phone, count(DISTINCT person) AS people FROM holder GROUP BY phone) AS household
    USING (phone)
LEFT JOIN LATERAL (
    SELECT person FROM holder
    WHERE holder.phone = nodes.phone AND namesake.person IS NULL
    ORDER BY CASE WHEN household.people <= %(most)s THEN cardinality(ARRAY(
        SELECT unnest(string_to_array(holder.name_key, ' '))
        INTERSECT SELECT unnest(string_to_array(nodes.name_key, ' ')))) END DESC NULLS LAST,
        person COLLATE "C"
    LIMIT 1
) AS relative ON true
"""

# For every row its person, and the candidate in the opening when there is one.
TARGETS = """
CREATE TEMP TABLE known_person ON COMMIT DROP AS
SELECT candidate_id, email, phone, name_key,
    coalesce(linked.person, nullif(known.email, ''), lonely.person) AS person
FROM known LEFT JOIN linked USING (email) LEFT JOIN lonely USING (phone, name_key);
ANALYZE known_person;

CREATE TEMP TABLE row_target ON COMMIT DROP AS
SELECT record, person, is_guest, candidate_id,
    coalesce('candidate:' || candidate_id, person) AS target
FROM (
    SELECT record,
        CASE WHEN email = '' THEN lonely.person ELSE coalesce(linked.person, email) END AS person,
        email = '' AND lonely.is_guest AS is_guest,
        coalesce(by_email.candidate_id, by_name.candidate_id) AS exact
        , email
    FROM staged
    LEFT JOIN linked USING (email)
    LEFT JOIN lonely USING (phone, name_key)
    LEFT JOIN (
        SELECT email, min(candidate_id) AS candidate_id FROM known WHERE email <> '' GROUP BY email
    ) AS by_email USING (email)
    LEFT JOIN (
        SELECT phone, name_key, min(candidate_id) AS candidate_id FROM known
        WHERE phone <> '' GROUP BY phone, name_key
    ) AS by_name ON staged.email = '' AND by_name.phone = staged.phone
        AND by_name.name_key = staged.name_key
) AS found
LEFT JOIN (
    SELECT person, min(candidate_id) AS oldest FROM known_person GROUP BY person
) AS by_person USING (person)
CROSS JOIN LATERAL (SELECT coalesce(exact, oldest) AS candidate_id) AS chosen;
CREATE INDEX ON row_target (target);
ANALYZE row_target
"""


def find_people(opening_id: int) -> None:
    """Make `row_target` from `staged`: for each row its person and candidate."""
    with connection.cursor() as cursor:
        copy_known(cursor, opening_id)
        spell_out_short_names(cursor)
        cursor.execute(NODES)
        copy_links(cursor)
        cursor.execute(PEOPLE, {"most": MOST_NAMES})
        cursor.execute("ANALYZE lonely")
        cursor.execute(TARGETS)


def copy_known(cursor: CursorWrapper, opening_id: int) -> None:
    """Names are compared in Python, for candidates as for rows: PostgreSQL's locales differ."""
    cursor.execute(
        "CREATE TEMP TABLE known (candidate_id bigint, email text, phone text, name_key text)"
        " ON COMMIT DROP"
    )
    ours: dict[str, Any] = {"opening": opening_id, "emails": OTHER_EMAILS, "phones": OTHER_PHONES}
    with connection.chunked_cursor() as found:
        found.execute(KNOWN, ours)
        while rows := found.fetchmany(KNOWN_AT_ONCE):
            with cursor.copy("COPY known FROM STDIN") as copy:
                for row in rows:
                    for line in known_lines(*row):
                        copy.write_row(line)
    cursor.execute("ANALYZE known")


def known_lines(
    pk: int, email: str, phone: str, name: str, emails: str | None, phones: str | None
) -> Iterator[tuple[int, str, str, str]]:
    """All that a candidate is known by: each address and each number, in one line at least.

    Not each address with each number, which nobody's memory is made for: what has one candidate
    is one person anyway, so it is enough that one of the addresses has all the numbers.
    """
    key = name_key(name)
    every_email = list(dict.fromkeys(filter(None, [email, *(emails or "").split(", ")]))) or [""]
    every_phone = list(dict.fromkeys(filter(None, [phone, *(phones or "").split(", ")]))) or [""]
    for one_phone in every_phone:
        yield pk, every_email[0], one_phone, key
    for one_email in every_email[1:]:
        yield pk, one_email, every_phone[0], key


def spell_out_short_names(cursor: CursorWrapper) -> None:
    """Give rows and candidates of one number one name key where their names agree."""
    cursor.execute(NAMESAKES, {"most": MOST_NAMES})
    spelled = [
        (phone, short, full)
        for phone, keys in cursor.fetchall()
        for short, full in full_names(keys).items()
    ]
    cursor.execute(
        "CREATE TEMP TABLE short (phone text, name_key text, spelled text) ON COMMIT DROP"
    )
    with cursor.copy("COPY short FROM STDIN") as copy:
        for line in spelled:
            copy.write_row(line)
    cursor.execute("ANALYZE short")
    for table in ("staged", "known"):
        cursor.execute(
            f"UPDATE {table} SET name_key = spelled FROM short"  # noqa: S608
            f" WHERE short.phone = {table}.phone AND short.name_key = {table}.name_key"
        )


def full_names(keys: list[str]) -> dict[str, str]:
    """Each key that is short for exactly one of the others that are short for none."""
    longer = {key: {other for other in keys if is_short_for(key, other)} for key in keys}
    full = {key for key in keys if not longer[key]}
    only = {key: longer[key] & full for key in keys}
    return {key: next(iter(names)) for key, names in only.items() if len(names) == 1}


def is_same_name(key: str, other: str) -> bool:
    """Whether two name keys agree by rule 2, or one only leaves words out: "Ana"."""
    words, rest = set(key.split()), set(other.split())
    return words <= rest or rest <= words or is_short_for(key, other) or is_short_for(other, key)


def is_short_for(short: str, full: str) -> bool:
    """Whether each word of `short` is one of `full`, or its first letter; one must be whole."""
    words, rest = short.split(), full.split()
    if short == full or not 2 <= len(words) <= len(rest):
        return False
    whole = [word for word in words if word in rest]
    for word in whole:
        if word not in rest:
            return False
        rest.remove(word)
    for letter in (word for word in words if word not in whole):
        initial = next((word for word in rest if len(letter) == 1 and word[0] == letter), None)
        if initial is None:
            return False
        rest.remove(initial)
    return bool(whole)


def copy_links(cursor: CursorWrapper) -> None:
    cursor.execute("CREATE TEMP TABLE linked (email text PRIMARY KEY, person text) ON COMMIT DROP")
    cursor.execute(LINKED)
    firsts = first_of_each(row[0] for row in cursor.fetchall())
    with cursor.copy("COPY linked FROM STDIN") as copy:
        for pair in firsts.items():
            copy.write_row(pair)
    cursor.execute("ANALYZE linked")


def first_of_each(groups: Iterable[list[str]]) -> dict[str, str]:
    """Union-find: each address with the alphabetically first of all that it hangs together with."""
    first: dict[str, str] = {}

    def find(email: str) -> str:
        while (above := first.setdefault(email, email)) != email:
            first[email] = first[above]
            email = above
        return email

    for group in groups:
        roots = sorted({find(email) for email in group})
        for root in roots[1:]:
            first[root] = roots[0]
    return {email: find(email) for email in list(first)}
