"""Passwords: argon2id hashes, and what a password must look like."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.domain.errors import UserError

MIN_LENGTH = 8
MAX_LENGTH = 256

_hasher = PasswordHasher()


def use_hasher(hasher: PasswordHasher) -> None:
    """Hash at another cost in this process. For tests: they need not pay what whoever guesses has to."""
    global _hasher
    _hasher = hasher


def hash_password(password: str) -> str:
    """The argon2id hash to store. Takes tens of milliseconds on purpose.

    Raises `UserError` on the field `password` for one that is too short or too long.
    """
    if len(password) < MIN_LENGTH:
        raise UserError("password", f"is shorter than {MIN_LENGTH} characters", remedy="choose a longer one")
    if len(password) > MAX_LENGTH:
        raise UserError("password", f"is longer than {MAX_LENGTH} characters", remedy="choose a shorter one")
    return _hasher.hash(password)


def password_matches(stored_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed. Takes as long as hashing."""
    if len(password) > MAX_LENGTH:
        return False
    try:
        return _hasher.verify(stored_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def waste_a_verification(password: str) -> None:
    """Take as long as a real check, so that nobody learns from the time which user names exist."""
    password_matches(_nobodys_hash(), password)


def one_time_password() -> str:
    """A password to print once, easy to type: 20 random letters and digits in groups."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(24))
