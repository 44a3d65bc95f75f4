"""Ports the gateway wants: free or not, and which one is."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Final

from shared.domain.errors import UserError
from shared.settings import Settings
from shared.settings.aliases import aliased


def check_ports(settings: Settings) -> None:
    """Raises `UserError` that names the first port the gateway could not listen on, and the way out."""
    host = settings.gateway.host
    reason = why_not(host, settings.gateway.port)
    if reason:
        remedy = "stop what listens there, or set ARGUS_GATEWAY__PORT to another one"
        raise UserError("gateway.port", f"{host}:{settings.gateway.port} {reason}", remedy=remedy)
    taken = {settings.gateway.port: "the native API"}
    for dialect, port in settings.gateway.dialect_ports.items():
        field = f"gateway.dialect_ports.{dialect}"
        if port in taken:
            remedy = f"give it another, or none: it is at /{dialect} too"
            raise UserError(field, f"{port} is the port of {taken[port]}", remedy=remedy)
        reason = why_not(host, port)
        if reason:
            remedy = "stop what listens there, or change ARGUS_GATEWAY__DIALECT_PORTS"
            raise UserError(field, f"{host}:{port} {reason}", remedy=remedy)
        taken[port] = dialect


USUAL_DIALECT_PORTS: Final[Mapping[str, int]] = {"visionflow": 5000, "securevision": 8001}
"""Where existing clients of these dialects look for them."""


def usual_ports(settings: Settings, *, environ: Mapping[str, str], say: Callable[[str], None]) -> dict[str, str]:
    """The environment that gives dialects their usual ports, unless the operator has said which.

    One that is in use by something else is left out with a word: the dialect is at its prefix all the same. The alias
    of one dialect's port speaks of that dialect: the others keep theirs.
    """
    found = dict(settings.gateway.dialect_ports)
    by_alias = aliased(("gateway", "dialect_ports"), environ)
    if "dialect_ports" in settings.gateway.model_fields_set and not (by_alias and by_alias == set(found)):
        return {}
    for name, port in USUAL_DIALECT_PORTS.items():
        if name in by_alias:
            continue
        reason = why_not(settings.gateway.host, port)
        if reason or port == settings.gateway.port or port in found.values():
            say(f"{name} has no port of its own: {port} {reason or 'is taken by Argus itself'}; it is at /{name}")
        else:
            found[name] = port
    return {"ARGUS_GATEWAY__DIALECT_PORTS": ",".join(f"{name}={port}" for name, port in found.items())}


def why_not(host: str, port: int) -> str:
    """Why nothing can listen on the port; empty when something can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        return "is no address of this machine"
    with socket.socket(family, kind, protocol) as probe:
        # As servers do: a port whose last connections are only fading out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except PermissionError:
            return "needs rights this user does not have"
        except OSError as error:
            return "is in use" if "in use" in str(error.strerror).lower() else f"cannot be used: {error.strerror}"
    return ""


def some_free_port(host: str) -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
