"""Keep CandidateSearch by a trigger: imports write candidates with COPY, past the ORM.

The words: each part of the name and of the e-mail, the whole e-mail, and the phone's digits from
several starts, so that it is found with or without its country code, and by its last four digits.
Letters lose their accents: "Svard" finds Svärd.
"""

from django.db import migrations

SQL = r"""
CREATE FUNCTION candidates_search_document(name text, email text, phone text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
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

CREATE FUNCTION candidates_write_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO candidates_candidatesearch (candidate_id, document)
    VALUES (NEW.id, candidates_search_document(NEW.full_name, NEW.email, NEW.phone))
    ON CONFLICT (candidate_id) DO UPDATE SET document = EXCLUDED.document;
    RETURN NULL;
END $$;

CREATE TRIGGER write_search AFTER INSERT OR UPDATE OF full_name, email, phone
ON candidates_candidate FOR EACH ROW EXECUTE FUNCTION candidates_write_search();
"""

UNDO = """
DROP TRIGGER write_search ON candidates_candidate;
DROP FUNCTION candidates_write_search();
DROP FUNCTION candidates_search_document(text, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("candidates", "0001_initial")]
    operations = [migrations.RunSQL(SQL, UNDO)]
