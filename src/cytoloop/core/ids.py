"""Public identifiers: random UUIDs for what has a URL, opaque secrets for sessions and tokens."""

import hashlib
import secrets
from uuid import UUID, uuid4


def new_uuid() -> UUID:
    """A fresh random UUID."""
    return uuid4()


def new_secret() -> str:
    """256 random bits, safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def secret_digest(secret: str) -> str:
    """What is stored of a secret: its SHA-256, so that a stolen database opens no session.

    The secrets are random and long, so a slow hash would add nothing.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
