"""Restarting the installation."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from shared.accounts.audit import record
from shared.messages.commands import Restart
from shared.messages.topics import COMMANDS
from shared.streams import Publisher


def restart(
    gateway: Gateway, principal: Principal, *, services: Sequence[str] = (), graceful: bool, timeout_s: int
) -> None:
    """Order the services (none: all) to end and be started again by their supervisor. Returns before they end.

    When it is graceful, they have `timeout_s` for what is in flight, else the moment that any stop leaves. The
    broker itself stays: the order travels on it. Raises `RedisError` when it cannot be given: then nothing is stored.
    """
    now = gateway.now()
    order = Restart(services=tuple(services), timeout_s=float(timeout_s) if graceful else 0.0)
    detail = {"services": list(services), "graceful": graceful, "timeout_s": timeout_s}
    with gateway.writing() as session:
        record(session, principal.actor, action="system.restart", target="system", now=now, detail=detail)
        session.flush()
        # Last: an order that was not given must not stand in the trail.
        Publisher(gateway.redis).publish(COMMANDS, order)
