"""By which way a message goes."""

from django.db import models


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


NOUNS = {Channel.EMAIL: "e-mail", Channel.SMS: "SMS"}  # within a sentence
# Many of them, within a sentence.
PLURALS = {Channel.EMAIL: "e-mails", Channel.SMS: "SMS"}
