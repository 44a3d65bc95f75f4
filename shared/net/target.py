"""The URL of somebody else's HTTP endpoint, checked as far as it can be without asking the network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from shared.domain.errors import UserError
from shared.domain.internet import Address, is_own_network, is_public, literal_address

_PORTS = {"http": 80, "https": 443}
_MAX = 2048


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send. `host` is ASCII (IDNA), without brackets; `path` begins with a slash and keeps the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, the port left out when it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")


@lru_cache(maxsize=1024)
def parse_target(url: str, *, allow_private: bool, allow_public: bool = True, field: str = "url") -> Target:
    """The target of an http or https URL.

    Raises `UserError` when it is none, carries credentials, or is written as an address that may not be reached.
    A host *name* is looked up, and what it stands for checked, by `Poster` each time it connects.
    """
    parts, port = _split(url, field)
    if parts.scheme not in _PORTS:
        raise UserError(field, f"scheme {parts.scheme[:16]!r} is not allowed", remedy="use http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise UserError(field, "holds credentials", remedy="give them as auth_type basic with token user:password")
    host = _ascii_host(parts.hostname or "", field)
    address = literal_address(host)
    if address is not None and (reason := refusal(address, allow_private=allow_private, allow_public=allow_public)):
        remedy = "use a public address, or set alerts.webhook_allow_private" if allow_public else "use one that is"
        raise UserError(field, reason, remedy=remedy)
    path = parts.path or "/"
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], f"{path}?{parts.query}" if parts.query else path)


def refusal(address: Address, *, allow_private: bool, allow_public: bool = True) -> str:
    """Why the address may not be reached; empty when it may."""
    if (allow_public and is_public(address)) or (allow_private and is_own_network(address)):
        return ""
    return f"{address} is not a public address" if allow_public else f"{address} is not of the own network"


def _split(url: str, field: str) -> tuple[SplitResult, int | None]:
    if len(url) > _MAX:
        raise UserError(field, f"is longer than {_MAX} characters", remedy="shorten it")
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise UserError(field, "holds blanks or control characters", remedy="percent-encode them")
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise UserError(field, f"is not a URL: {error}", remedy="write https://host/path") from None


def _ascii_host(host: str, field: str) -> str:
    try:
        name = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        name = ""
    if not name or len(name) > 253 or "%" in name:
        raise UserError(field, "names no host that can be reached", remedy="write https://host/path")
    return name
