"""Search finds what people paste and mistype: other letters, apostrophes, ends of numbers and parts
of e-mail addresses.

Beside the words of before (migration 0002) there are now the name without apostrophes, the e-mail
from each of its parts on ("svard@example.org", "example.org"), and after a tilde the phone's digits
backwards, so that its last ones are a beginning. Letters that Unicode does not take apart (ł, ø, ß)
are folded; search.py does the same to what is typed.
"""

from django.db import migrations

DOCUMENT = r"""
CREATE OR REPLACE FUNCTION candidates_search_document(name text, email text, phone text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(array_remove(regexp_split_to_array(concat_ws(' ',
        words, regexp_replace(words, '[-''.]', ' ', 'g'), replace(words, '''', ''),
        address, regexp_replace(address, '[@._+-]', ' ', 'g'), (
            SELECT string_agg(substr(address, place + 1), ' ')
            FROM generate_series(1, length(address) - 1) AS place
            WHERE substr(address, place, 1) IN ('@', '.', '_', '+', '-')
        ),
        substr(phone, 2), substr(phone, 3), substr(phone, 4), substr(phone, 5),
        '~' || reverse(nullif(substr(phone, 2), ''))), '\s+'), ''))
    FROM (SELECT candidates_search_letters(name) AS words,
                 candidates_search_letters(email) AS address) AS folded
$$;
"""
LETTERS = r"""
CREATE FUNCTION candidates_search_letters(written text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN written ~ '^[ -~]*$' THEN lower(written) ELSE
        regexp_replace(normalize(replace(replace(replace(replace(translate(
            regexp_replace(lower(written), '[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]', '', 'g'),
            'łøđðıħŧŀ’‘ʼ`´′＇‐‑‒–—―−', 'loddihtl''''''''''''''-------'),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), NFKD), '[\u0300-\u036f]', '', 'g')
    END
$$;
"""
BEFORE = r"""
CREATE OR REPLACE FUNCTION candidates_search_document(name text, email text, phone text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(array_remove(
        regexp_split_to_array(
            regexp_replace(normalize(lower(concat_ws(' ',
                name, email, regexp_replace(email, '[@._+-]', ' ', 'g'),
                regexp_replace(name, '[-''’.]', ' ', 'g'),
                substr(phone, 2), substr(phone, 3), substr(phone, 4), substr(phone, 5),
                right(phone, 4))), NFKD), '[\u0300-\u036f]', '', 'g'),
            '\s+'),
        ''))
$$;
DROP FUNCTION candidates_search_letters(text);
"""
AT_ONCE = 20_000


def write_again(apps, schema_editor):
    """In pieces, each in a transaction of its own: nobody who edits a candidate waits for long."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(candidate_id), 0) FROM candidates_candidatesearch")
        (last,) = cursor.fetchone()
        for first in range(0, last + 1, AT_ONCE):
            cursor.execute(
                "UPDATE candidates_candidatesearch AS search SET document ="
                " candidates_search_document(full_name, email, phone)"
                " FROM candidates_candidate AS candidate WHERE candidate.id = search.candidate_id"
                " AND search.candidate_id >= %s AND search.candidate_id < %s",
                [first, first + AT_ONCE],
            )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("candidates", "0011_import_opt_outs")]
    operations = [
        migrations.RunSQL([LETTERS + DOCUMENT], [BEFORE]),
        migrations.RunPython(write_again, migrations.RunPython.noop, elidable=True),
    ]
