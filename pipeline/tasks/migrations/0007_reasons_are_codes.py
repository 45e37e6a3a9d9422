"""What Belay itself gave as the reason of a cancel becomes a code with its facts.

Each in one statement, and only where it is the very sentence that Belay wrote. What people,
journeys and senders of events wrote stays as it is, as does anything unknown.
"""

from django.db import migrations, models

TO_CODES = [
    r"""
    UPDATE tasks_task SET cancel_reason = 'task.timed_out',
        cancel_facts = jsonb_build_object('days', substring(cancel_reason from '\d+')::int)
    WHERE cancel_source = 'timeout' AND cancel_reason ~ '^Nobody accepted it for \d{1,5} days?\.$'
    """,
    """
    UPDATE tasks_task SET cancel_reason = 'task.callback_not_wanted', cancel_facts = '{}'
    WHERE cancel_source = 'candidate'
        AND cancel_reason = 'The candidate no longer wants to be called back.'
    """,
    """
    UPDATE tasks_task SET cancel_reason = 'task.journey_block',
        cancel_facts = jsonb_build_object(
            'journey', canceled_by_journey_id, 'name', canceled_by_name, 'block', canceled_by_block)
    WHERE cancel_source = 'journey' AND cancel_reason = 'Journey ' || canceled_by_journey_id
        || ' “' || canceled_by_name || '”: ' || canceled_by_block || '.'
    """,
    r"""
    UPDATE tasks_task SET cancel_reason = 'task.undone',
        cancel_facts = jsonb_build_object('title', substring(cancel_reason from '^Undo of “(.+)”\.$'))
    WHERE cancel_source = 'bulk_action' AND cancel_reason ~ '^Undo of “.+”\.$'
    """,
]
TO_SENTENCES = [
    """
    UPDATE tasks_task SET cancel_reason = 'Nobody accepted it for ' || (cancel_facts ->> 'days')
        || CASE cancel_facts ->> 'days' WHEN '1' THEN ' day.' ELSE ' days.' END
    WHERE cancel_reason = 'task.timed_out' AND cancel_facts ? 'days'
    """,
    """
    UPDATE tasks_task SET cancel_reason = 'The candidate no longer wants to be called back.'
    WHERE cancel_reason = 'task.callback_not_wanted' AND cancel_facts IS NOT NULL
    """,
    """
    UPDATE tasks_task SET cancel_reason = 'Journey ' || (cancel_facts ->> 'journey')
        || ' “' || (cancel_facts ->> 'name') || '”: ' || (cancel_facts ->> 'block') || '.'
    WHERE cancel_reason = 'task.journey_block' AND cancel_facts ?& '{journey,name,block}'
    """,
    """
    UPDATE tasks_task SET cancel_reason = 'Undo of “' || (cancel_facts ->> 'title') || '”.'
    WHERE cancel_reason = 'task.undone' AND cancel_facts ? 'title'
    """,
]


class Migration(migrations.Migration):
    dependencies = [("tasks", "0006_filled_form")]
    operations = [
        migrations.AddField(
            "task",
            "cancel_facts",
            models.JSONField(
                blank=True,
                null=True,
                help_text="Where the reason is a code: its facts. Empty where it is somebody’s words.",
            ),
        ),
        migrations.RunSQL(TO_CODES, TO_SENTENCES),
    ]
