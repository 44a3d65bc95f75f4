"""Finding out who is asking, before anything else is done about a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Request, g, request

from services.gateway.auth.authenticator import Credentials
from services.gateway.auth.principal import Principal
from services.gateway.auth.request import client_address
from services.gateway.gateway import Gateway
from services.gateway.problem import Refusal

PROTECTED = "needs_principal"
"""The attribute of a view that answers nobody without valid credentials."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a request is from: a principal, or an address and why it is no principal."""

    address: str
    principal: Principal | None = None
    refusal: Refusal | None = None

    def known(self) -> Principal:
        """The principal. Raises the `Refusal` when there is none."""
        if self.principal is None:
            raise self.refusal or LookupError("nobody asked who is asking")
        return self.principal


CredentialsOf = Callable[[Request, str], Credentials]
"""Reads what a request, sent from an address, brought along."""


def install(app: Flask, gateway: Gateway, *, credentials_of: CredentialsOf) -> None:
    """Look at the credentials of every request that should have some, once."""

    @app.before_request
    def identify() -> None:
        g.caller = _caller(app, gateway, credentials_of)


def current_caller() -> Caller:
    """Whom the request being answered is from."""
    caller: Caller = g.caller
    return caller


def _caller(app: Flask, gateway: Gateway, credentials_of: CredentialsOf) -> Caller:
    address = client_address(request, gateway.trusted_proxies)
    credentials = credentials_of(request, address)
    if request.method == "OPTIONS" or not (_is_protected(app) or (request.url_rule is None and credentials.are_there)):
        return Caller(address)
    try:
        return Caller(address, principal=gateway.authenticator.principal(credentials))
    except Refusal as refusal:
        # Raised later, by the view: a refused request counts too, and an address without a view is a 404 first.
        return Caller(address, refusal=refusal)


def _is_protected(app: Flask) -> bool:
    return bool(getattr(app.view_functions.get(request.endpoint or ""), PROTECTED, False))
