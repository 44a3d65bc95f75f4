"""Watching a camera now."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.live.mjpeg import Mjpeg
from services.gateway.problem import Problem, Refusal
from services.gateway.queries.cameras import one_camera
from shared.db.accounts import Account
from shared.domain.errors import NotFound


def live_view(gateway: Gateway, principal: Principal, slug: str, *, drawn: bool) -> Mjpeg:
    """The camera's pictures as they come, `drawn` with what the eye sees on them.

    Raises `NotFound`, and `Refusal` (409) for a camera that is disabled.
    """
    with gateway.reads() as session:
        camera = one_camera(session, slug, account_id=principal.visible_account)
    if not camera.enabled:
        raise Refusal(Problem(409, "conflict", "The camera is disabled"))
    return Mjpeg(gateway.pictures, slug, drawn=drawn, may_watch=lambda: _may_watch(gateway, principal, slug))


def _may_watch(gateway: Gateway, principal: Principal, slug: str) -> bool:
    """Whether the camera is still there for an account that is, too."""
    with gateway.reads() as session:
        account = session.get(Account, principal.account_id)
        if account is None or not account.enabled or account.role != principal.role:
            return False
        try:
            return one_camera(session, slug, account_id=principal.visible_account).enabled
        except NotFound:
            return False
