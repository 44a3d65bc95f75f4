"""Hiding credentials in text that people will see."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"

# Passwords are often written unescaped: everything up to the last @ of the word counts as credentials.
_CREDENTIALS = re.compile(r"""://[^\s"'<>]*@""")
_SECRET_NAME = re.compile(r"pass(word|wd|phrase)|secret|token|(api|private|secret)_?key|credential|authorization", re.I)
# Keys of this API, signing secrets of webhooks, and what follows the scheme in an Authorization header.
_SECRET_TEXT = re.compile(r"\b(sk-|whsec_|Bearer |Basic )[A-Za-z0-9._~+/=-]{8,}")


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret (`bot_token`, `adminPassword`)."""
    return _SECRET_NAME.search(name) is not None


def mask_secrets(text: str) -> str:
    """The text without credentials in addresses, keys and what an Authorization header holds."""
    return mask_credentials(_SECRET_TEXT.sub(rf"\1{MASK}", text))


def mask_credentials(text: str) -> str:
    """The text with the user name and password of every address in it replaced by `***`."""
    return _CREDENTIALS.sub("://***@", text) if "://" in text else text
