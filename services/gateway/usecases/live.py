"""Watching a camera now."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.live.mjpeg import Mjpeg
from services.gateway.live.permission import Permission
from services.gateway.problem import Problem, Refusal
from services.gateway.queries.cameras import one_camera
from services.gateway.queries.standing import still_stands
from shared.domain.errors import NotFound


def live_view(gateway: Gateway, principal: Principal, slug: str, *, drawn: bool) -> Mjpeg:
    """The camera's pictures as they come, `drawn` with what the eye sees on them.

    Raises `NotFound`, and `Refusal` (409) for a camera that is disabled.
    """
    with gateway.reads() as session:
        camera = one_camera(session, slug, account_id=principal.visible_account)
    if not camera.enabled:
        raise Refusal(Problem(409, "conflict", "The camera is disabled"))
    permission = Permission(lambda: _may_watch(gateway, principal, slug))
    return Mjpeg(gateway.pictures, slug, drawn=drawn, permission=permission)


def _may_watch(gateway: Gateway, principal: Principal, slug: str) -> bool:
    """Whether the camera is still there for somebody who is, too."""
    with gateway.reads() as session:
        try:
            camera = one_camera(session, slug, account_id=principal.visible_account)
        except NotFound:
            return False
        return camera.enabled and still_stands(session, principal, now=gateway.now())


def may_listen(gateway: Gateway, principal: Principal) -> Permission:
    """That of somebody who hears of what is stored, for as long as the key, login or account is good."""

    def ask() -> bool:
        with gateway.reads() as session:
            return still_stands(session, principal, now=gateway.now())

    return Permission(ask)
