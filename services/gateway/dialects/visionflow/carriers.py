"""Where a request carries its token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Request, current_app

from services.gateway.auth.authenticator import Credentials
from services.gateway.auth.tokens import TokenUse
from services.gateway.dialects.visionflow.errors import CHALLENGE

COOKIE: Final = "argus_session"
"""What the login page leaves with a browser, for pictures, streams and the orders of our own pages."""
PAGE_HEADER: Final = "X-Argus-Page"
"""A header that our own pages send with their orders. No other site's page can: the browser would ask us first, and we
allow no credentials from elsewhere."""

_FOR_BROWSERS: Final = "visionflow_for_browsers"
View = TypeVar("View", bound=Callable[..., Any])


def for_browsers(view: View) -> View:
    """Mark an endpoint (outermost but for its route) that browsers ask for where no header can be sent.

    It then also takes the session cookie, and a short-lived media token as `?token=`. GET only.
    """
    setattr(view, _FOR_BROWSERS, True)
    return view


def credentials_of(request: Request, address: str) -> Credentials:
    """The bearer token of the header, else of the address or the cookie where these may carry one."""
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return _bearer(token.strip(), TokenUse.ACCESS, address)
        return _none(address)
    takes_others = request.method in ("GET", "HEAD") and _is_for_browsers(request)
    if takes_others and (token := request.args.get("token", "")):
        return _bearer(token, TokenUse.MEDIA, address)
    return cookie_of(request, address) if takes_others or PAGE_HEADER in request.headers else _none(address)


def cookie_of(request: Request, address: str) -> Credentials:
    """The session cookie, whatever is asked for. Only for what no other site's page can make a browser do."""
    token = request.cookies.get(COOKIE, "")
    return _bearer(token, TokenUse.PAGE, address) if token else _none(address)


def _is_for_browsers(request: Request) -> bool:
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), _FOR_BROWSERS, False))


def _bearer(token: str, use: TokenUse, address: str) -> Credentials:
    return Credentials(address=address, bearer=token, bearer_uses=frozenset({use}), challenge=CHALLENGE)


def _none(address: str) -> Credentials:
    return Credentials(address=address, challenge=CHALLENGE)
