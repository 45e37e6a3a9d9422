"""By which way a message goes."""

from django.db import models


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


class Contact(models.TextChoices):
    """What somebody may want none of: messages on a channel, or calls."""

    EMAIL = Channel.EMAIL.value, "E-mail"
    SMS = Channel.SMS.value, "SMS"
    CALL = "call", "Calls"


NOUNS = {Channel.EMAIL: "e-mail", Channel.SMS: "SMS"}  # within a sentence
# Many of them, within a sentence.
PLURALS = {"email": "e-mails", "sms": "SMS", "call": "calls"}
