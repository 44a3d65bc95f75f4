"""Which dialect is served on which port of its own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from services.gateway.dialects import CATALOGUE
from shared.domain.errors import UserError
from shared.observability import get_logger

log = get_logger("gateway.dialect_ports")

PLANNED = frozenset({"visionflow", "iris", "securevision"})
"""Dialects with a name and a port by convention that this version does not speak yet."""


def served_ports(wanted: Mapping[str, int], *, main_port: int) -> dict[int, str]:
    """Dialects by port. Planned ones are left out with a warning; raises `UserError` for what cannot be served."""
    ports: dict[int, str] = {}
    for name, port in wanted.items():
        field = f"gateway.dialect_ports.{name}"
        if name in PLANNED and name not in CATALOGUE:
            log.warning("dialect_not_available", dialect=name, port=port, reason="this version does not speak it yet")
            continue
        if name not in CATALOGUE:
            near = difflib.get_close_matches(name, [*CATALOGUE, *PLANNED], n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(CATALOGUE)}"
            raise UserError(field, "no dialect has this name", remedy=remedy)
        if port == main_port or port in ports:
            raise UserError(
                field, f"port {port} is taken by {ports.get(port, 'the gateway itself')}", remedy="choose another"
            )
        ports[port] = name
    return ports
