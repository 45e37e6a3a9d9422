"""Texts that the database holds encrypted, with keys that are derived from SECRET_KEY.

Fernet: AES-128 in CBC mode with HMAC-SHA256, and what was changed is refused. The newest key
encrypts, those of SECRET_KEY_FALLBACKS decrypt, too. For another purpose the same SECRET_KEY gives
another key: what signs links never encrypts.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"belay: secrets in the database"


class Unreadable(Exception):
    """It was encrypted with a key that is neither SECRET_KEY nor among SECRET_KEY_FALLBACKS."""


def encrypted(text: str) -> str:
    """Encrypt the text, differently each time; an empty text stays empty."""
    return cipher().encrypt(text.encode()).decode() if text else ""


def decrypted(token: str) -> str:
    """Decrypt the text. Raises Unreadable, also for a text that was never encrypted."""
    if not token:
        return ""
    try:
        return cipher().decrypt(token.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def with_newest_key(token: str) -> str:
    """The same text, encrypted with SECRET_KEY alone. Raises Unreadable."""
    return encrypted(decrypted(token))


def is_of_newest_key(token: str) -> bool:
    """Whether it decrypts without SECRET_KEY_FALLBACKS; true for an empty text."""
    try:
        return not token or bool(fernet(settings.SECRET_KEY).decrypt(token.encode()))
    except InvalidToken:
        return False


def cipher() -> MultiFernet:
    return MultiFernet(
        [fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


@lru_cache(maxsize=16)
def fernet(secret_key: str) -> Fernet:
    """Derive the cipher by HKDF; no slow hash, as settings.py refuses a guessable SECRET_KEY."""
    derived = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
