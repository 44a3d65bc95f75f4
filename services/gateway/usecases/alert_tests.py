"""Trying out how people are told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.photos import is_picture_of
from shared.accounts.audit import record
from shared.domain.errors import Permanent, UserError
from shared.messages.alert_test import AlertTest, ChannelOutcome

_PICTURES = frozenset({".jpg", ".jpeg", ".png"})


def send_test_alert(
    gateway: Gateway, principal: Principal, *, channels: Sequence[str], message: str, photo: str | None
) -> dict[str, ChannelOutcome]:
    """Send it through the named channels (none: all in use) to the recipients the principal sees; how each went.

    No event is stored. Blocks for as long as `AlertTests.send`. Raises `UserError`, `Refusal` (429, 503).
    """
    photo = None if photo is None else gateway.media.relative(photo)
    _check_photo(gateway, principal, photo)
    gateway.alert_tests.admit(principal.account_id)
    order = AlertTest(
        account_id=principal.visible_account, channels=tuple(dict.fromkeys(channels)), message=message, photo=photo
    )
    with gateway.writing() as session:
        detail = {"channels": list(order.channels), "photo": photo}
        record(session, principal.actor, action="alert.test", target="channels", now=gateway.now(), detail=detail)
    return gateway.alert_tests.send(order)


def _check_photo(gateway: Gateway, principal: Principal, path: str | None) -> None:
    """Raises `UserError`. Somebody else's picture is refused as one that is not there."""
    if path is None:
        return
    try:
        there = gateway.media.exists(path) and PurePosixPath(path).suffix.lower() in _PICTURES
    except Permanent:
        raise UserError("photo_path", "is no path inside the media store", remedy="give one, or null") from None
    if there and principal.visible_account is not None:
        with gateway.reads() as session:
            there = is_picture_of(session, path, account_id=principal.visible_account)
    if not there:
        raise UserError("photo_path", "names no picture in the media store", remedy="give one, or null")
