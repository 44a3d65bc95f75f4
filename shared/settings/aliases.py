"""Names of SecureVision's environment that are understood beside ours.

What an `ARGUS_*` variable says goes over its alias, and an alias over `argus.yaml`. Other names of SecureVision are
not looked at: they steer what Argus has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "SECUREVISION__API__HOST": ("gateway", "host"),
    "SECUREVISION__API__PORT": ("gateway", "dialect_ports", "securevision"),
    "SECUREVISION__API__WS_ENABLED": ("securevision", "ws_enabled"),
    "SECUREVISION__API__AUTH_TOKEN": ("securevision", "auth_token"),
    "SECUREVISION__EVENTS__DB_URL": ("database_url",),
    "SECUREVISION__EVENTS__RETENTION_DAYS": ("retention", "events_days"),
}
"""Each with the path of the setting that it means."""


def with_aliases(values: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The values with those of the aliases over them. An empty variable counts as not set."""
    named = {name.upper(): value for name, value in environ.items()}
    found = dict(values)
    for name, path in ALIASES.items():
        if named.get(name):
            found = _with(found, path, named[name])
    return found


def aliased(below: tuple[str, ...], environ: Mapping[str, str]) -> frozenset[str]:
    """The names right below the path that aliases give values, if no `ARGUS_*` variable speaks of the path."""
    if any(name.upper() == f"ARGUS_{'__'.join(below)}".upper() for name in environ):
        return frozenset()
    named = {name.upper() for name, value in environ.items() if value}
    return frozenset(path[-1] for name, path in ALIASES.items() if path[:-1] == below and name in named)


def _with(values: Mapping[str, Any], path: tuple[str, ...], value: str) -> dict[str, Any]:
    name, *rest = path
    if not rest:
        return {**values, name: value}
    below = values.get(name)
    if isinstance(below, str):  # a list of ports, written in one line
        return {**values, name: ",".join(filter(None, [_without(below, rest[0]), f"{rest[0]}={value}"]))}
    return {**values, name: _with(below if isinstance(below, Mapping) else {}, tuple(rest), value)}


def _without(pairs: str, name: str) -> str:
    return ",".join(part for part in pairs.split(",") if part.partition("=")[0].strip() != name)
