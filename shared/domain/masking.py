"""Hiding credentials in text that people will see."""

from __future__ import annotations

import re

# Passwords are often written unescaped: everything up to the last @ of the word counts as credentials.
_CREDENTIALS = re.compile(r"""://[^\s"'<>]*@""")


def mask_credentials(text: str) -> str:
    """The text with the user name and password of every address in it replaced by `***`."""
    return _CREDENTIALS.sub("://***@", text) if "://" in text else text
