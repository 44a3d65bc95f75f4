"""Finding out whose a LINE token is, before anybody relies on it."""

from __future__ import annotations

from typing import Final

from services.gateway.asking import unavailable
from services.gateway.gateway import Gateway
from shared.domain.errors import Permanent, Transient, UserError
from shared.recipients.line_account import LINE_API, LineAccount, bot_info

_PATIENCE_S: Final = 5.0


def check_line_token(gateway: Gateway, token: str) -> LineAccount:
    """The official account that the token is for. Blocks for five seconds at most.

    Raises `UserError` for a token that LINE does not know, and `Refusal` (503) when LINE does not answer.
    """
    place = gateway.settings.alerts.channel_settings.get("line", {}).get("base_url", LINE_API)
    try:
        return bot_info(token, base_url=str(place), timeout_s=_PATIENCE_S)
    except Permanent as error:
        raise UserError("token", f"is not one that LINE knows: {error}", remedy="issue one in LINE's console") from None
    except Transient:
        raise unavailable("LINE does not answer; try again in a moment", retry_after_s=10) from None
