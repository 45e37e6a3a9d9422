"""Whether a secret is one: sessions, links and stored secrets are as safe as SECRET_KEY is."""

LEAST_LENGTH = 50  # what Django's own deploy check asks for
LEAST_DIFFERENT = 10  # 50 random hexadecimal digits have 15 different ones, a repeated word has not
MADE_UP = ("django-insecure-",)  # what `startproject` begins a key with
ADVICE = "Create one with: python -c 'import secrets; print(secrets.token_urlsafe(64))'"


def weakness_of(key: str) -> str:
    """What is wrong with the key, as the rest of a sentence that begins with its name, or nothing.

    The key itself is not in it: the sentence ends up in logs.
    """
    if len(key) < LEAST_LENGTH:
        return f"has {len(key)} characters; it needs at least {LEAST_LENGTH}."
    if len(set(key)) < LEAST_DIFFERENT:
        return f"repeats {len(set(key))} characters, so it can be guessed."
    if key.startswith(MADE_UP):
        return "is a placeholder written by Django."
    return ""
