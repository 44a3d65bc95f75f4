"""What an HTTP request says of who sent it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from flask import Request

from services.gateway.auth.authenticator import Credentials

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(words: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks in CIDR form. Raises `ValueError` for what is neither."""
    return tuple(ipaddress.ip_network(word, strict=False) for word in words)


def client_address(request: Request, trusted: tuple[Network, ...]) -> str:
    """The address that sent the request: the last one in `X-Forwarded-For` that is not a trusted proxy's.

    The header is believed only when the connection itself comes from a trusted proxy.
    """
    address = request.remote_addr or ""
    if not _is_trusted(address, trusted):
        return address
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    for hop in reversed(hops):
        if not _is_address(hop):
            break
        address = hop
        if not _is_trusted(hop, trusted):
            break
    return address


def key_or_password(request: Request, address: str) -> Credentials:
    """The key in `X-API-Key`, or Basic user name and password."""
    key = request.headers.get("X-API-Key")
    if key is not None:
        return Credentials(address=address, key=key.strip())
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return Credentials(address=address, username=basic.username, password=basic.password)
    return Credentials(address=address)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted(text: str, trusted: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in trusted if network.version == address.version)
