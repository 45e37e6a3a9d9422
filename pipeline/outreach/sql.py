"""Named parts of the statements in which other rooms read and write this room's tables."""

from .models import MessageStatus

# Whether an address wants no messages on a channel.
HAS_OPTED_OUT = """
EXISTS (
    SELECT FROM outreach_optout
    WHERE workspace_id = %(workspace)s AND channel = %(channel)s AND address = %(opted_out)s
)
"""

# A bulk action's message as *sending*, with its id, where limits.RESERVED has reserved it.
WRITE_SENDING = f"""
INSERT INTO outreach_message (
    workspace_id, candidate_id, bulk_action_id, lane, channel, address, subject, body, status,
    problem, provider_id, counted_on
)
SELECT %(workspace)s, %(candidate)s, %(action)s, %(lane)s, %(channel)s, %(address)s,
    %(subject)s, %(body)s, '{MessageStatus.SENDING}', '', '', today
FROM reserved RETURNING id
"""  # noqa: S608

# What became of a message, once: a row where it is written now.
WRITE_RESULT = f"""
UPDATE outreach_message SET
    status = %(status)s, problem = %(problem)s, provider_id = %(provider_id)s,
    ended_at = clock_timestamp()
WHERE id = %(message)s AND status = '{MessageStatus.SENDING}' RETURNING candidate_id
"""  # noqa: S608

# Whether a bulk action has written to a candidate.
HAS_MESSAGE = """
EXISTS (
    SELECT FROM outreach_message
    WHERE bulk_action_id = %(action)s AND candidate_id = %(candidate)s
)
"""

# For a demo: the messages that runs have just sent, each put back to its run's moment.
PUT_BACK_MESSAGES = """
UPDATE outreach_message AS message SET created_at = run.moment, ended_at = run.moment
FROM unnest(%s::bigint[], %s::timestamptz[]) AS run (id, moment)
WHERE message.journey_run_id = run.id AND message.created_at >= now()
"""

# The campaigns whose tasks are handed to nobody for now.
HELD_CAMPAIGNS = """
SELECT id FROM outreach_campaign WHERE workspace_id = %(workspace)s AND state <> %(ready)s
"""

# One campaign, with what decides whether it may have tasks; none where it is gone.
CAMPAIGN_FOR_TASKS = """
SELECT id, priority, work, state, channel FROM outreach_campaign
WHERE id = %(campaign)s AND workspace_id = %(campaign_workspace)s
"""
