"""Signed links in messages: what a recipient can answer without logging in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, get_args

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from shared.db.secrets import SecretBox
from shared.domain.errors import UserError
from shared.domain.recipient import Press
from shared.settings import Settings

LinkPress = Press | Literal["unsubscribe", "verify"]
"""What a link does. `unsubscribe`: tell me nothing ever more; `verify`: this mailbox is mine."""

LINK_PRESSES: Final[tuple[str, ...]] = tuple(name for part in get_args(LinkPress) for name in get_args(part) or (part,))
VALID_FOR: Final = timedelta(days=7)
PATH: Final = "/a/"
"""Where the gateway answers to links; the token follows."""

_SALT = b"argus.links"
_MAX_TOKEN = 512


@dataclass(frozen=True, slots=True)
class Link:
    """What a link stands for: the press of a button under the notice that `delivery_id` told."""

    press: LinkPress
    delivery_id: str


class LinkExpired(UserError):
    """It was good once."""


class Links:
    """Makes and reads links. Whoever has one can do what it says, for `VALID_FOR`; nothing is stored of it."""

    def __init__(
        self, key: bytes, *, public_url: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._public_url = public_url.rstrip("/") if public_url else None
        self._tokens = URLSafeTimedSerializer(key, salt=_SALT, signer=_Signer, signer_kwargs={"now": now})

    def link_to(self, press: LinkPress, delivery_id: str) -> str | None:
        """The address to follow; None where nobody has said at which the gateway is reached."""
        if self._public_url is None:
            return None
        return f"{self._public_url}{PATH}{self.token(press, delivery_id)}"

    def token(self, press: LinkPress, delivery_id: str) -> str:
        """The last part of the address."""
        return str(self._tokens.dumps([press, delivery_id]))

    def read(self, token: str) -> Link:
        """What the token says. Raises `LinkExpired`, and `UserError` for one that was not given out."""
        try:
            if len(token) > _MAX_TOKEN:
                raise BadData("too long")
            found: Any = self._tokens.loads(token, max_age=int(VALID_FOR.total_seconds()))
        except SignatureExpired:
            raise LinkExpired("token", "has expired") from None
        except BadData:
            raise UserError("token", "is not one that was given out") from None
        press, delivery_id = found
        if press not in LINK_PRESSES:
            raise UserError("token", "was given out by another version")
        return Link(press, delivery_id)


def open_links(settings: Settings, box: SecretBox, *, now: Callable[[], datetime] | None = None) -> Links:
    """The links of this installation; all its services read each other's."""
    clock = now or (lambda: datetime.now(UTC))
    return Links(box.derived_key("links"), public_url=settings.gateway.public_url, now=clock)


class _Signer(TimestampSigner):
    """Takes the time from a clock that is handed in."""

    def __init__(self, *args: Any, now: Callable[[], datetime], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now().timestamp())
