"""What the dialect says to people, in their language. One file per subject; the first language is the usual one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import has_request_context, request

from services.gateway.dialects.visionflow.words import (
    accounts,
    areas,
    cameras,
    errors,
    notifications,
    pages,
    recipients,
)

LANGUAGES: Final = ("zh-TW", "en", "fr", "ru")
WORDS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    **errors.WORDS,
    **accounts.WORDS,
    **areas.WORDS,
    **cameras.WORDS,
    **pages.WORDS,
    **notifications.WORDS,
    **recipients.WORDS,
}
"""Texts by name, in the order of `LANGUAGES`; `{name}` is filled in."""

_SHORT = {name.partition("-")[0]: name for name in LANGUAGES}


def say(name: str, **values: object) -> str:
    """The text of that name in the language of the request. Raises `KeyError` for a name that is not there."""
    return WORDS[name][LANGUAGES.index(language())].format(**values)


def language() -> str:
    """The language that the request prefers among those spoken; without one, or outside of a request, the usual."""
    wanted = request.accept_languages.values() if has_request_context() else ()
    for each in wanted:
        # fr-CA is told fr, and zh the one Chinese there is.
        short = each.partition("-")[0].lower()
        if short in _SHORT:
            return _SHORT[short]
    return LANGUAGES[0]
