"""Templates for the demo workspace, to send something with at once."""

from pipeline.workspaces.models import Workspace

from .models import Channel, MessageTemplate

INVITATION = """Dear {first_name},

thank you for your application as {opening}. We would like to get to know you: please reply with
two or three times that suit you this week.

Kind regards
{workspace}"""

REFUSAL = """Dear {first_name},

thank you for the time you have taken. We have decided to go on with other candidates, and wish you
all the best.

Kind regards
{workspace}"""

QUESTION = """Dear {first_name},

are you still looking for work in {attribute:City}?

{recruiter}"""

REMINDER = """Hi {first_name}, this is {workspace}. Your application as {opening} is still open:\
 can we call you today?"""

WELCOME = """Dear {first_name},

welcome to {workspace}! Before your first day we need your ID card, your bank details and, if you
have one, your work permit: please reply with a photo of each.

Kind regards
{workspace}"""

TEMPLATES = (
    ("Invitation to an interview", Channel.EMAIL, "Your application as {opening}", INVITATION),
    ("Thank you, but no", Channel.EMAIL, "Your application as {opening}", REFUSAL),
    ("From your recruiter", Channel.EMAIL, "A question, {first_name}", QUESTION),
    ("Welcome: your documents", Channel.EMAIL, "Your first day", WELCOME),
    ("Reminder", Channel.SMS, "", REMINDER),
)


def add_templates(workspace: Workspace) -> None:
    MessageTemplate.objects.bulk_create(
        MessageTemplate(workspace=workspace, name=name, channel=channel, subject=subject, body=body)
        for name, channel, subject, body in TEMPLATES
    )
