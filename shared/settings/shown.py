"""The settings as they may be shown to an administrator: without a single secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from shared.domain.masking import MASK, is_secret_name
from shared.settings.sections import WebhookEndpoint

# In a plug-in's free section nobody says which value is a secret: rather one too many is hidden.
_PERHAPS_SECRET = re.compile(r"pass|pwd|secret|token|key|auth|cred|dsn|pin|cookie|header|sign|hash|salt", re.IGNORECASE)
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>.*)", re.DOTALL)
_LOGIN = re.compile(r"[^\s/@]*:.*@(?P<host>.*)", re.DOTALL)


def shown_settings(settings: BaseModel) -> dict[str, Any]:
    """Every setting in effect, ready for JSON, each secret as `***` (null when it is not set).

    Of addresses, user, password, query and fragment are hidden; of those that a plug-in or a webhook has, the path
    too: many services put their token there.
    """
    return {name: _shown_field(name, getattr(settings, name), settings) for name in type(settings).model_fields}


def _shown_field(name: str, value: Any, section: BaseModel) -> Any:
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else None
    if isinstance(value, BaseModel):
        return shown_settings(value)
    if isinstance(value, str) and is_secret_name(name):
        return MASK if value else value
    if isinstance(value, str) and isinstance(section, WebhookEndpoint):
        return _address(value, path=False)
    if isinstance(value, dict):
        return _free(value)
    if isinstance(value, list | tuple):
        return [_shown_field("", item, section) for item in value]
    return _plain(value, path=True)


def _free(value: Any) -> Any:
    """A value of a section whose names this code does not know."""
    if isinstance(value, dict):
        return {
            str(name): MASK if _PERHAPS_SECRET.search(str(name)) and item not in (None, "") else _free(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_free(item) for item in value]
    return _plain(value, path=False)


def _plain(value: Any, *, path: bool) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _address(str(value), path=path) if not isinstance(value, Path) else str(value)


def _address(text: str, *, path: bool) -> str:
    """The text without what may be secret in an address; other text as it is."""
    url = _URL.fullmatch(text)
    if url is None:
        login = _LOGIN.fullmatch(text)
        return f"{MASK}@{login['host']}" if login else text
    # A password may hold any character, unescaped: everything up to the last @ counts as credentials.
    user, at, place = url["rest"].rpartition("@")
    if re.search(r"[?#]", user):
        return f"{url['scheme']}{MASK}"  # that @ may as well be part of a password in the query
    place, mark, _ = _cut(place)
    host, slash, location = place.partition("/")
    if not path and location:
        place = f"{host}{slash}{MASK}"
    return f"{url['scheme']}{MASK + at if at else ''}{place}{mark + MASK if mark else ''}"


def _cut(place: str) -> tuple[str, str, str]:
    """What stands before the query or fragment, what begins it, and the rest."""
    found = re.search(r"[?#]", place)
    return (place[: found.start()], found[0], place[found.end() :]) if found else (place, "", "")
