"""E-mail addresses, as far as they can be checked without asking anybody. Pure."""

from __future__ import annotations

import re
from typing import Final

from pydantic import AfterValidator

MAX_LENGTH: Final = 254
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def email_address(text: str) -> str:
    """The address with its host in ASCII and small letters. Raises `ValueError` that says what is wrong.

    Only the form that every server takes: no quoted local part, no comment, no address literal.
    """
    local, at, host = text.strip().rpartition("@")
    if not at or not local:
        raise ValueError("must be an e-mail address such as ada@example.org")
    if len(local) > 64 or not _LOCAL.fullmatch(local):
        raise ValueError("holds characters before the @ that mail servers do not take")
    try:
        name = host.encode("idna").decode().lower()
    except UnicodeError:
        raise ValueError("names no host after the @") from None
    labels = name.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueError("names no host after the @")
    if len(local) + 1 + len(name) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    return f"{local}@{name}"


checked_email = AfterValidator(email_address)
