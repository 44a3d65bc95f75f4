"""Tokens that say who somebody is: signed, short-lived, each for one use."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

_ALGORITHM: Final = "HS256"
_NAME: Final = "argus"
_LEEWAY_S: Final = 30
_LONGEST: Final = 2048


class TokenUse(StrEnum):
    """What a token is good for; it is refused for everything else.

    `access` asks the API, `refresh` gets the next pair, `media` stands in the address of a picture or stream, and
    `page` is the cookie of a browser that has logged in.
    """

    ACCESS = "access"
    REFRESH = "refresh"
    MEDIA = "media"
    PAGE = "page"


LIFE: Final = {
    TokenUse.ACCESS: timedelta(minutes=15),
    TokenUse.REFRESH: timedelta(days=30),
    TokenUse.MEDIA: timedelta(minutes=5),
    TokenUse.PAGE: timedelta(hours=12),
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says, once its signature was checked. `session` is the login it comes from."""

    id: str
    use: TokenUse
    account_uuid: str
    session: str
    expires_at: datetime


class InvalidToken(Exception):
    """Nothing to learn from: forged, damaged, for another use, or too old."""


class Tokens:
    """Makes and reads them with one key of 256 bits and one algorithm, whatever a token says of itself. Thread-safe.

    The clocks of two machines may differ by half a minute.
    """

    def __init__(self, key: bytes, *, now: Callable[[], datetime]) -> None:
        self._now = now
        # The library keeps its settings in an app: one of its own, so that every dialect can read the same tokens.
        self._app = Flask("services.gateway.auth.tokens", static_folder=None)
        self._app.config.update(
            JWT_SECRET_KEY=key,
            JWT_ALGORITHM=_ALGORITHM,
            JWT_DECODE_ALGORITHMS=[_ALGORITHM],
            JWT_ENCODE_ISSUER=_NAME,
            JWT_DECODE_ISSUER=_NAME,
            JWT_ENCODE_AUDIENCE=_NAME,
            JWT_DECODE_AUDIENCE=_NAME,
            JWT_DECODE_LEEWAY=_LEEWAY_S,
            JWT_ENCODE_NBF=False,
        )
        JWTManager(self._app)

    def mint(self, use: TokenUse, *, account_uuid: str, session: str) -> str:
        """A new token for one use, good for `LIFE[use]`."""
        now = self._now()
        claims = {"use": use.value, "sid": session, "iat": now, "exp": now + LIFE[use]}
        with self._app.app_context():
            return str(create_access_token(account_uuid, additional_claims=claims))

    def read(self, text: str, uses: Collection[TokenUse]) -> Claims:
        """What the token says. Raises `InvalidToken` for one that is not of ours, too old, or for none of `uses`."""
        if len(text) > _LONGEST:
            raise InvalidToken("too long")
        try:
            with self._app.app_context():
                # Its age is told by the clock that was handed in, below.
                claims = _claims(decode_token(text, allow_expired=True))
        except (PyJWTError, JWTExtendedException, KeyError, TypeError, ValueError, OverflowError) as error:
            raise InvalidToken(type(error).__name__) from None
        if claims.use not in uses:
            raise InvalidToken("for another use")
        if claims.expires_at + timedelta(seconds=_LEEWAY_S) <= self._now():
            raise InvalidToken("too old")
        return claims


def _claims(said: dict[str, Any]) -> Claims:
    return Claims(
        id=_text(said["jti"]),
        use=TokenUse(said["use"]),
        account_uuid=_text(said["sub"]),
        session=_text(said["sid"]),
        expires_at=datetime.fromtimestamp(said["exp"], UTC),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no text")
    return value
