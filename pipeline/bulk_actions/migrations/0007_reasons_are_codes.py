from django.db import migrations

# A sentence has a blank, a code has none. What workers of the release before still write is shown
# as it stands. Apart from the new column's migration, whose lock would keep everybody waiting.
AS_TEXT = """
UPDATE bulk_actions_outcome SET reason = 'text', facts = jsonb_build_object('text', reason)
WHERE reason LIKE '% %' AND facts IS NULL
"""
AS_IT_WAS = """
UPDATE bulk_actions_outcome SET reason = facts->>'text' WHERE reason = 'text'
"""


class Migration(migrations.Migration):
    dependencies = [("bulk_actions", "0006_facts")]
    operations = [migrations.RunSQL(AS_TEXT, AS_IT_WAS)]
