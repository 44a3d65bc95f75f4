"""Telegram calling an address of the gateway when a button is pressed, instead of being asked. Pure.

Each bot has an address and a secret of its own; both come from the installation's key, and nothing is stored of them.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from typing import Final

from shared.db.secrets import SecretBox

PATH: Final = "/telegram/"
"""Where the gateway is called; the bot's number follows."""

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 – the name of a header


@dataclass(frozen=True, slots=True)
class Hooks:
    """`key` is the installation's for this purpose; `public_url` where people, and Telegram, reach the gateway."""

    key: bytes = field(repr=False)
    public_url: str | None

    def address(self, bot: str) -> str | None:
        """Where Telegram is to call; None where it could not: it takes https alone."""
        if self.public_url is None or not self.public_url.startswith("https://"):
            return None
        return f"{self.public_url.rstrip('/')}{PATH}{bot}"

    def secret(self, bot: str) -> str:
        """What Telegram has to say with each call; 43 letters, digits, `-` and `_`."""
        digest = hmac.digest(self.key, bot.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def is_secret(self, bot: str, said: str) -> bool:
        """Whether that was said; takes as long for one as for the other."""
        return hmac.compare_digest(self.secret(bot).encode(), said.encode("utf-8", "surrogateescape"))


def open_hooks(box: SecretBox, public_url: str | None) -> Hooks:
    """The hooks of this installation; all its services agree on them."""
    return Hooks(box.derived_key("telegram/hooks"), public_url)


def bot_number(token: str) -> str:
    """The part of a bot's token that everybody may know."""
    return token.strip().partition(":")[0]
