"""How often one may ask: a budget per API key, per user with tokens or a password, and per address without either."""

from __future__ import annotations

import ipaddress
import logging
import time
from typing import Any, NoReturn

from flask import Flask, Response, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit

from services.gateway.auth.caller import current_caller
from services.gateway.gateway import Gateway
from services.gateway.problem import Problem, Refusal
from services.gateway.rate_window import RedisWindow
from shared.settings.sections import GatewaySettings

_STORAGE = f"{RedisWindow.STORAGE_SCHEME[0]}://"
PROBES = frozenset({"/health", "/metrics"})
"""Whoever watches over this system by these is not counted, and so not turned away by it."""
_WORDS = {1: "second", 60: "minute", 3600: "hour", 86_400: "day"}


def install(app: Flask, gateway: Gateway) -> None:
    """Count every request before it is answered, and tell in every answer what is left.

    Counted is who was found to be asking: nobody uses up the budget of a key that he does not have. All dialects
    draw on the same budgets. Goes after what finds out who asks.
    """
    settings = gateway.settings.gateway
    # Handed on as they are, whatever the library says of their types.
    options: dict[str, Any] = {"redis": gateway.soft_redis}
    limiter = Limiter(
        _subject,
        application_limits=[
            ApplicationLimit(
                limit_provider=lambda: _rate(settings),
                key_function=_subject,
                scope="api",
                cost=_cost,
                on_breach=_turn_away,
            )
        ],
        storage_uri=_STORAGE,
        storage_options=options,
        strategy="moving-window",
        request_identifier=lambda: request.endpoint or "unknown",
    )
    # Else it would look for limits of everything there is, to find none.
    limiter.request_filter(lambda: not _rate(settings))
    # It would write a line for each request it turns away.
    limiter.logger.setLevel(logging.WARNING)
    limiter.init_app(app)

    @app.after_request
    def tell(response: Response) -> Response:
        limit = limiter.current_limit
        if limit is not None:
            response.headers["X-RateLimit-Limit"] = str(limit.limit.amount)
            response.headers["X-RateLimit-Remaining"] = str(max(0, limit.remaining))
            response.headers["X-RateLimit-Reset"] = str(limit.reset_at)
        return response


def _rate(settings: GatewaySettings) -> str:
    principal = current_caller().principal
    if principal is None or principal.is_nobody:
        return settings.rate_limit_address
    if principal.token is not None:
        return settings.rate_limit_token
    return settings.rate_limit_key if principal.key_name is not None else settings.rate_limit_basic


def _subject() -> str:
    caller = current_caller()
    if caller.principal is None or caller.principal.is_nobody:
        return f"address:{_neighbourhood(caller.address)}"
    if caller.principal.key_name is not None:
        return f"key:{caller.principal.key_id or caller.principal.key_name}"
    if caller.principal.token is not None:
        return f"tokens:{caller.principal.account_id}"
    return f"account:{caller.principal.account_id}"


def _neighbourhood(address: str) -> str:
    """What one client has: a whole /64 of the newer addresses."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if known.version == 6:
        return str(ipaddress.ip_network((known, 64), strict=False).network_address)
    return address


def _cost() -> int:
    is_probe = request.url_rule is not None and request.url_rule.rule in PROBES
    return 0 if is_probe or request.method == "OPTIONS" else 1


def _turn_away(exceeded: RequestLimit) -> NoReturn:
    """Refuse, with one wait for the message and the header: by the time of the answer it would be another."""
    amount, period_s = exceeded.limit.amount, exceeded.limit.get_expiry()
    wait_s = max(1, exceeded.reset_at - int(time.time()))
    period = _WORDS.get(period_s, f"{period_s} seconds")
    message = f"No more than {amount} requests per {period} are allowed; try again in {wait_s} s"
    raise Refusal(Problem(429, "rate_limit_exceeded", message, headers={"Retry-After": str(wait_s)}))
